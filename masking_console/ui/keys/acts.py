"""The acts: everything that a key can do, and which key does it now.

Help, footer, palette, keymap, paste guard and every sentence that names a key read the
bindings of the widgets and screens; each of them is an `Act`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from string import punctuation

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import _character_to_key, key_to_character
from textual.screen import Screen

_IN_WORDS = {"escape": "esc", "pagedown": "page down", "pageup": "page up"}
NAMED_SYMBOLS = {_character_to_key(symbol): symbol for symbol in punctuation}
"""Characters of keys whose names are not the character itself."""


class Effect(Enum):
    """Reach of an act, from which the rules for its key follow."""

    MOVES = "moves"
    """Moves, marks or looks. It acts at once, because it can be taken back."""
    ASKS = "asks"
    """Opens, starts or changes something. Its key waits for a moment, so that text
    which comes as keys does nothing."""
    GRAVE = "grave"
    """Expires, stops or removes, or is the step before that. Its key waits as well,
    and is never Enter, space or a key of a session id."""


@dataclass(frozen=True)
class Act(Binding):
    """A binding that says how far it goes: `moves`, `asks` and `grave` make one.

    Of Textual's own fields, ``description`` is the word in the footer, ``tooltip`` the
    words in help and palette where that is too short, and ``system`` leaves out of the
    help what everybody knows.
    """

    show: bool = False
    """Whether the footer has it."""
    effect: Effect = field(kw_only=True)
    is_spare: bool = field(default=False, kw_only=True)
    """Whether the footer shows it where there is room for more."""

    def __post_init__(self) -> None:
        if self.id is not None:
            _ACTS.setdefault(self.id, self)


moves = partial(Act, effect=Effect.MOVES)
asks = partial(Act, effect=Effect.ASKS)
grave = partial(Act, effect=Effect.GRAVE)

_ACTS: dict[str, Act] = {}
"""Every act of a class that is loaded, by its id.

Textual makes plain bindings of all those in ``BINDINGS``; the id leads back.
"""


def act_of(binding: Binding) -> Act | None:
    """Return the act of a binding, or None for one of Textual's own."""
    return _ACTS.get(binding.id or "")


def bindings_of(node: DOMNode) -> Iterator[tuple[str, Binding]]:
    """Yield what is bound in a node, by the key, with the operator's own keys."""
    # Textual has no other way to ask a node that is not in the chain of the focus.
    bound = node._bindings.copy()  # noqa: SLF001 - see above
    bound.apply_keymap(node.app._keymap)  # noqa: SLF001 - likewise
    yield from bound


def characters_that_move(nodes: Iterable[DOMNode]) -> frozenset[str]:
    """Return the characters that do nothing in any of these nodes but move."""
    effects: dict[str, set[Effect]] = {}
    for node in nodes:
        for key, binding in bindings_of(node):
            act = act_of(binding)
            effect = act.effect if act is not None else Effect.ASKS
            effects.setdefault(character_of(key), set()).add(effect)
    moving = (each for each, found in effects.items() if found == {Effect.MOVES})
    return frozenset(moving) - {""}


def character_of(key: str) -> str:
    """Return what a key types, or nothing."""
    character = NAMED_SYMBOLS.get(key) or key_to_character(key) or ""
    return character if character.isprintable() else ""


def key_of(act_id: str, node: DOMNode) -> str:
    """Return the key that an act is on now, in the words of a sentence.

    Args:
        act_id: the act, which may be of a screen that is not open.
        node: any node of the app, whose keymap counts.
    """
    act = _ACTS[act_id]
    keys = node.app._keymap.get(act_id, act.key)  # noqa: SLF001 - as above
    *modifiers, key = keys.partition(",")[0].split("+")
    shown = _IN_WORDS.get(key) or character_of(key).strip() or key
    return "+".join([*modifiers, shown])


def hints(node: DOMNode, *act_ids: str) -> str:
    """Return acts in the words of the footer, such as ``y copy id   esc back``."""
    return "   ".join(
        f"{key_of(each, node)} {_ACTS[each].description}" for each in act_ids
    )


def acts_here(node: DOMNode, binding: Binding) -> bool:
    """Return whether a key can ever act while this screen is on top.

    Screens and the app say False of an action that belongs elsewhere, and None of one
    that has to wait; lists say False of both.
    """
    if not isinstance(node, App | Screen):
        return True
    return node.check_action(binding.action.partition("(")[0], ()) is not False
