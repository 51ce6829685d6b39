"""Help: the keys of a screen, read from the bindings themselves."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from masking_console.ui.keys.acts import acts_here, bindings_of
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
