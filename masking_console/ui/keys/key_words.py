"""Words that name keys: help, and remedies."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from masking_console.errors import MaskingConsoleError, Remedy
from masking_console.ui.keys.acts import acts_here, bindings_of, key_of
from masking_console.ui.keys.asking import Asks


class HelpKey(NamedTuple):
    """One thing that keys do."""

    node: DOMNode
    """The widget, screen or app that acts."""
    binding: Binding
    """The binding."""
    keys: str
    """The keys as they are shown, such as ``esc P``."""
    is_possible: bool
    """Whether it can be done right now."""

    @property
    def words(self) -> str:
        """The act in words."""
        return self.binding.tooltip or self.binding.description


class HelpGroup(NamedTuple):
    """The keys of one place."""

    title: str
    """The place where they work."""
    keys: tuple[HelpKey, ...]
    """In the order in which they are bound."""


def help_groups(screen: Screen[Any]) -> tuple[HelpGroup, ...]:
    """Return the keys of whatever has the focus, and then those around it."""
    focused = screen.focused or screen
    chain = [node for node in focused.ancestors_with_self if _is_ours(node)]
    around = [
        node
        for node in screen.query("*")
        if node not in chain and node.display and _is_ours(node)
    ]
    # The app is above all screens, and above what lies beside the focus.
    groups = [_group(node, screen) for node in (*chain[:-1], *around, *chain[-1:])]
    return tuple(group for group in groups if group.keys)


def commands(screen: Screen[Any]) -> Iterator[HelpKey]:
    """Yield what can be done right now, but nothing that says yes to a review."""
    for group in help_groups(screen):
        for key in group.keys:
            says_yes = isinstance(key.node, Asks)
            if key.is_possible and not says_yes:
                yield key


def _is_ours(node: DOMNode) -> bool:
    return bool(type(node).BINDING_GROUP_TITLE) or isinstance(node, App)


def _group(node: DOMNode, screen: Screen[Any]) -> HelpGroup:
    possible = {
        active.binding.id
        for active in screen.active_bindings.values()
        if active.enabled and active.node is node
    }
    found: dict[str, list[Binding]] = {}
    for _key, binding in bindings_of(node):
        # What everybody knows, nobody looks for.
        if binding.id is not None and not binding.system and acts_here(node, binding):
            found.setdefault(binding.id, []).append(binding)
    keys = tuple(
        HelpKey(node, same[0], _shown(node.app, same), binding_id in possible)
        for binding_id, same in found.items()
    )
    return HelpGroup(type(node).BINDING_GROUP_TITLE or "anywhere", keys)


def _shown(app: App[Any], bindings: list[Binding]) -> str:
    return " ".join(dict.fromkeys(app.get_key_display(each) for each in bindings))


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
