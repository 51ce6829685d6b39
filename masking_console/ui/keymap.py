"""The operator's own keys: which acts there are, and which keys they may be on.

A paste that arrives as key presses must stay harmless under every keymap, so no act is
put on a key that can stand in a session id, and none that leads anywhere on one that
acts at once.
"""

import difflib
import pkgutil
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import _character_to_key, key_to_character
from textual.screen import Screen
from textual.widgets import Input, TextArea

from masking_console import ui
from masking_console.errors import InputError
from masking_console.models.plain_text import plain_text
from masking_console.ui.keys.paste_guard import LOCAL

_PANE_IDS = frozenset({"main.source", "main.queue", "main.log"})
"""They only move the focus."""
_GRAVE = (".review", ".all", ".stop", ".yes", ".writes", ".remove")
"""The ends of the ids of acts that no line end and no space may bring about."""
_UUID_KEYS = frozenset({*"0123456789abcdefABCDEF", "minus"})
_RESERVED = frozenset({"tab", "shift+tab", "ctrl+p"})
"""They move the focus and open the commands everywhere."""
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
_SYMBOLS = {_character_to_key(symbol): symbol for symbol in string.punctuation}


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a key can do."""

    owner: type[DOMNode]
    """The widget, screen or app that does it."""
    keys: frozenset[str]
    """Where it is by default."""
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
def acts() -> Mapping[str, Act]:
    """Return everything that a key can do, by the id of its binding."""
    found: dict[str, Act] = {}
    for owner in _owners():
        for binding in Binding.make_bindings(owner.__dict__.get("BINDINGS", ())):
            if binding.id is not None:
                before = found.get(binding.id)
                keys = before.keys if before is not None else frozenset()
                found[binding.id] = Act(owner, keys | {binding.key}, binding.priority)
    return found


def _owners() -> Iterator[type[DOMNode]]:
    """Return our own classes that have keys."""
    names = [f"{ui.__name__}.app"]
    for package in ("screens", "widgets"):
        folder = import_module(f"{ui.__name__}.{package}")
        found = pkgutil.iter_modules(folder.__path__, f"{folder.__name__}.")
        names += [each.name for each in found]
    for name in names:
        for value in vars(import_module(name)).values():
            is_ours = getattr(value, "__module__", "") == name
            if is_ours and isinstance(value, type) and issubclass(value, DOMNode):
                yield value


def _checked(binding_id: str, key: str) -> str:
    """Return the name that Textual gives the key."""
    name = _textual_name(binding_id, key)
    act = acts()[binding_id]
    if name in act.keys:
        return name
    if name in _RESERVED:
        raise _refused(binding_id, key, "the console needs it everywhere")
    if name in _UUID_KEYS and binding_id not in _PANE_IDS:
        raise _refused(binding_id, key, "it can stand in a session id")
    if name in {"enter", "space"} and binding_id.endswith(_GRAVE):
        raise _refused(binding_id, key, "it comes with every paste")
    character = _character(name)
    if character:
        _refuse_character(binding_id, character, act)
    return name


def _refuse_character(binding_id: str, character: str, act: Act) -> None:
    """Keep what leads anywhere off the keys that act at once, and texts writable."""
    if act.is_priority or issubclass(act.owner, Input | TextArea):
        raise _refused(binding_id, character, "it could not be typed any more")
    is_local = any(_character(key) in LOCAL for key in act.keys if _character(key))
    on_main = not issubclass(act.owner, Screen) or binding_id.startswith("main.")
    if on_main and not is_local and character in LOCAL:
        raise _refused(binding_id, character, "what marks rows acts at once")


def _character(name: str) -> str:
    """Return what a key types, or nothing."""
    character = _SYMBOLS.get(name) or key_to_character(name) or ""
    return character if character.isprintable() else ""


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
    is_base = is_letter or base in _NAMED or base in _SYMBOLS
    is_once = len(set(modifiers)) == len(modifiers) and _MODIFIERS.issuperset(modifiers)
    name = "+".join([*sorted(modifiers), base])
    if not (is_once and is_base) or name in _OTHER_NAMES:
        names = [*_NAMED, *(f"ctrl+{letter}" for letter in _LETTERS), *_SYMBOLS]
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


def _meet(one: Act, other: Act) -> bool:
    """Whether both can be asked for at the same time."""
    a, b = one.owner, other.owner
    if issubclass(a, App) or issubclass(b, App):
        return True
    if issubclass(a, b) or issubclass(b, a):
        return True
    if issubclass(a, Screen) == issubclass(b, Screen):
        return False
    screen, widget = (a, b) if issubclass(a, Screen) else (b, a)
    is_shared = widget.__name__ in {"RowsView", "FilterLine"}
    return is_shared or screen.__name__ == "MainScreen"
