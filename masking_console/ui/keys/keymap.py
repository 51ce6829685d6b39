"""The operator's own keys: which acts there are, and which keys they may be on.

A paste that arrives as key presses must stay harmless under every keymap, so no act is
put on a key that can stand in a session id, and none that leads anywhere on one that
acts at once by default.
"""

import difflib
import pkgutil
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from textual.app import App
from textual.dom import DOMNode
from textual.keys import _character_to_key
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea

from masking_console import ui
from masking_console.errors import InputError
from masking_console.models.plain_text import plain_text
from masking_console.ui.keys.acts import NAMED_SYMBOLS, Act, Effect, character_of

ID_KEYS = frozenset({*"0123456789abcdefABCDEF", "minus"})
"""Keys that can be part of a session id."""
_RESERVED = frozenset({"tab", "shift+tab", "ctrl+p"})
"""Keys that move the focus and open the commands everywhere."""
# In most terminals these are tab, line feed, enter and escape.
_OTHER_NAMES = frozenset(
    {"ctrl+i", "ctrl+j", "ctrl+m", "ctrl+left_square_bracket", "return", "ctrl+at"}
)
_MODIFIERS = frozenset({"alt", "ctrl", "shift"})
_NAMED = frozenset(
    {"backspace", "delete", "down", "end", "enter", "escape", "home", "insert"}
    | {"left", "pagedown", "pageup", "right", "space", "tab", "up"}
    | {f"f{number}" for number in range(1, 25)}
)
_LETTERS = frozenset(string.ascii_lowercase)


@dataclass(frozen=True, slots=True)
class BoundAct:
    """An act where it is bound."""

    owner: type[DOMNode]
    """The widget, screen or app that does it."""
    keys: frozenset[str]
    """Its default keys."""
    effect: Effect
    """Its effect."""
    is_priority: bool
    """Whether it comes before whatever has the focus."""


def keymap_of(own: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return the operator's own keys as Textual takes them.

    Raises:
        InputError: an id or a key that there is not, a key that the act may not have,
            or one that would have to do two things. It begins with the dotted key.
    """
    there = acts()
    named: dict[str, frozenset[str]] = {}
    for binding_id, keys in own.items():
        if binding_id not in there:
            (nearest,) = difflib.get_close_matches(binding_id, there, n=1, cutoff=0.0)
            shown = plain_text(binding_id, limit=60)
            raise InputError(
                f'there is no key "keys.{shown}"; the nearest is "keys.{nearest}"'
            )
        named[binding_id] = frozenset(_checked(binding_id, key) for key in keys)
    _refuse_clashes(named)
    return {binding_id: ",".join(sorted(keys)) for binding_id, keys in named.items()}


@cache
def acts() -> Mapping[str, BoundAct]:
    """Return everything that a key can do, by the id of its binding."""
    found: dict[str, BoundAct] = {}
    for owner in owners():
        for act in owner.__dict__["BINDINGS"]:
            if isinstance(act, Act) and act.id is not None:
                keys = {each.key for each in Act.make_bindings([act])}
                if act.id in found:
                    keys |= found[act.id].keys
                found[act.id] = BoundAct(
                    owner, frozenset(keys), act.effect, act.priority
                )
    return found


def owners() -> Iterator[type[DOMNode]]:
    """Return every class of the face that has bindings of its own."""
    modules = pkgutil.walk_packages(ui.__path__, f"{ui.__name__}.")
    # The driver has no keys, and no import on Windows.
    names = [each.name for each in modules if ".terminal." not in each.name]
    for name in names:
        for value in vars(import_module(name)).values():
            is_ours = getattr(value, "__module__", "") == name
            if is_ours and isinstance(value, type) and "BINDINGS" in vars(value):
                yield value


def _checked(binding_id: str, key: str) -> str:
    """Return the name that Textual gives the key."""
    name = _textual_name(binding_id, key)
    act = acts()[binding_id]
    if name in act.keys:
        return name
    if name in _RESERVED:
        raise _refused(binding_id, key, "the console needs it everywhere")
    # Those that are on such keys by default, the panes, may change places.
    if name in ID_KEYS and not act.keys & ID_KEYS:
        raise _refused(binding_id, key, "it can stand in a session id")
    if name in {"enter", "space"} and act.effect is Effect.GRAVE:
        raise _refused(binding_id, key, "it comes with every paste")
    character = character_of(name)
    if character:
        is_typed_over = act.is_priority or issubclass(act.owner, Input | TextArea)
        if is_typed_over:
            raise _refused(binding_id, character, "it could not be typed any more")
        if act.effect is not Effect.MOVES and _acts_at_once(name, act):
            raise _refused(binding_id, character, "what marks rows acts at once")
    return name


def _acts_at_once(name: str, act: BoundAct) -> bool:
    """Return whether a key does something at once, by default, where an act is.

    In dialogs no key does.
    """
    return any(
        other.effect is Effect.MOVES
        and name in other.keys
        and not issubclass(other.owner, Screen)
        and _meet(act, other)
        for other in acts().values()
    )


def _refused(binding_id: str, key: str, why: str) -> InputError:
    shown = plain_text(key, limit=20)
    return InputError(f'keys.{binding_id} must not be on "{shown}": {why}')


def _textual_name(binding_id: str, key: str) -> str:
    """Return a key in Textual's own spelling.

    Raises:
        InputError: Textual can never report such a key.
    """
    if len(key) == 1 and key.isprintable():
        return _character_to_key(key)
    *modifiers, base = key.split("+")
    # Shift and a letter is reported as the capital.
    is_letter = base in _LETTERS and bool(modifiers) and "shift" not in modifiers
    is_base = is_letter or base in _NAMED or base in NAMED_SYMBOLS
    is_once = len(set(modifiers)) == len(modifiers) and _MODIFIERS.issuperset(modifiers)
    name = "+".join([*sorted(modifiers), base])
    if not (is_once and is_base) or name in _OTHER_NAMES:
        names = [*_NAMED, *(f"ctrl+{letter}" for letter in _LETTERS), *NAMED_SYMBOLS]
        options = sorted(set(names) - _OTHER_NAMES)
        (nearest,) = difflib.get_close_matches(key.casefold(), options, n=1, cutoff=0.0)
        shown = plain_text(key, limit=30)
        words = f'there is no key "{shown}"; the nearest is "{nearest}"'
        raise InputError(f"keys.{binding_id}: {words}")
    return name


def _refuse_clashes(named: Mapping[str, frozenset[str]]) -> None:
    """Refuse a key that would have to do two things at one place."""
    there = acts()
    for binding_id, keys in named.items():
        for other_id, other in there.items():
            if other_id == binding_id or not _meet(there[binding_id], other):
                continue
            by_default = there[binding_id].keys & other.keys
            both = (keys & named.get(other_id, other.keys)) - by_default
            for key in sorted(both):
                raise _refused(binding_id, key, f"{other_id} is there")


def _meet(one: BoundAct, other: BoundAct) -> bool:
    """Return whether both can be asked for at the same time."""
    a, b = one.owner, other.owner
    if issubclass(a, App) or issubclass(b, App):
        return True
    if issubclass(a, b) or issubclass(b, a):
        return True
    if issubclass(a, Screen) == issubclass(b, Screen):
        return False
    screen, widget = (a, b) if issubclass(a, Screen) else (b, a)
    return any(issubclass(each, widget) for each in widgets_on(screen))


@cache
def widgets_on(screen: type[DOMNode]) -> frozenset[type[DOMNode]]:
    """Return the widgets that can be on a screen: what its module, and theirs, name."""
    found: set[type[DOMNode]] = set()
    modules = [screen.__module__]
    for module in modules:
        for value in vars(import_module(module)).values():
            is_widget = isinstance(value, type) and issubclass(value, Widget)
            if is_widget and not issubclass(value, Screen) and value not in found:
                found.add(value)
                is_ours = value.__module__.startswith(ui.__name__)
                modules += [value.__module__] if is_ours else []
    return frozenset(found)
