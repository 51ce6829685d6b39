"""Remedies in the words of the screen, with the keys that are bound now and here."""

from typing import Any, NamedTuple

from textual.screen import Screen

from masking_console.errors import MaskingConsoleError, Remedy
from masking_console.ui.keys.acts import acts_here, bindings_of, key_of


class _Way(NamedTuple):
    """The acts that lead to a remedy, one after the other."""

    acts: tuple[str, ...]
    purpose: str


_STEPS = {
    Remedy.SET_VARIABLES: "Set PLIVO_AUTH_ID and PLIVO_AUTH_TOKEN, and start again.",
    Remedy.CORRECT_COMMAND: (
        "Correct its token_command in config.toml, and start again."
    ),
    Remedy.SPLIT_LIST: "Untick some.",
    Remedy.SET_UP_TEAM: "A lead runs: masking-console team init.",
    Remedy.UPGRADE_TEAM: "A lead runs: masking-console team upgrade.",
    Remedy.CHECK_TEAM: "See: masking-console team check.",
    Remedy.UPDATE_CONSOLE: "Update masking-console.",
}
"""Steps that no key of this console is needed for."""
_WAYS = {
    Remedy.CHOOSE_ACCOUNT: _Way(("app.accounts",), "to choose one"),
    Remedy.ADD_ACCOUNT: _Way(("app.accounts", "accounts.new"), "to add it"),
    Remedy.TURN_WRITES_ON: _Way(("main.writes",), "to turn them on"),
    Remedy.TICK_SESSIONS: _Way(("queue.tick",), "to tick the row under the cursor"),
    Remedy.READ_KEYRING_AGAIN: _Way(
        ("app.accounts", "accounts.check"), "to read it again"
    ),
    Remedy.REPLACE_TOKEN: _Way(
        ("app.accounts", "accounts.replace_token"), "to replace the token"
    ),
}

ON_ACCOUNTS = frozenset(
    remedy for remedy, way in _WAYS.items() if way.acts[0] == "app.accounts"
)
"""Remedies whose step begins with opening the accounts."""


def with_remedy(
    error: MaskingConsoleError, screen: Screen[Any], *, in_dialog: bool = False
) -> str:
    """Return an error's sentence, and the next step as it can be taken on a screen.

    Args:
        error: what happened.
        screen: the screen that shows it.
        in_dialog: whether a dialog that is about to lie over that screen shows it.
    """
    step = step_words(error.remedy, screen, in_dialog=in_dialog)
    return f"{error} {step}".rstrip()


def step_words(remedy: Remedy, screen: Screen[Any], *, in_dialog: bool = False) -> str:
    """Return a remedy's step as it can be taken on a screen; empty where none is."""
    way = _WAYS.get(remedy)
    if way is None:
        return _STEPS.get(remedy, "")
    words = press_words(screen, *way.acts, in_dialog=in_dialog)
    return f"{words} {way.purpose}."


def press_words(screen: Screen[Any], *acts: str, in_dialog: bool = False) -> str:
    """Return which keys lead to the last of some acts, such as ``Press P, then o,``.

    What leads to that screen is left out; where no act is possible there, it has
    to be closed first.
    """
    here = [index for index, act in enumerate(acts) if _is_possible(act, screen)]
    is_under = in_dialog or not here
    left = acts if is_under else acts[max(here) :]
    keys = ", then ".join(key_of(act, screen) for act in left)
    keys += "," if len(left) > 1 else ""
    return f"Close this, then press {keys}" if is_under else f"Press {keys}"


def _is_possible(act: str, screen: Screen[Any]) -> bool:
    """Return whether an act can be brought about on a screen while that is on top."""
    app = screen.app
    nodes = [screen, *screen.query("*")]
    if not screen.is_modal:
        nodes.append(app)
    return any(
        binding.id == act and (not screen.is_current or acts_here(node, binding))
        for node in nodes
        for _key, binding in bindings_of(node)
    )
