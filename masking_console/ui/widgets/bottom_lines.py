"""The lines at the bottom: the filter, and the keys."""

from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Any, ClassVar, NamedTuple

from rich.cells import cell_len
from rich.text import Text
from textual import events, on
from textual.binding import BindingType
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from masking_console.ui.keys.acts import act_of, moves
from masking_console.ui.widgets.rows_view import RowsView


class FilterLine(Input):
    """Belongs to one list at a time; Enter keeps the filter, Esc drops it."""

    BINDING_GROUP_TITLE = "in the filter"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape", "drop", "no filter", id="filter.drop", show=True),
        moves("enter", "submit", "keep filter", id="filter.keep", show=True),
    ]

    def __init__(self) -> None:
        super().__init__(placeholder="filter", id="filter", compact=True)
        self._view: RowsView[Any, Any] | None = None

    def open_for(self, view: RowsView[Any, Any]) -> None:
        """Type the filter of this list."""
        self._view = view
        self.value = view.filter_text
        self.add_class("-open")
        self.focus()

    def close(self) -> None:
        """Give the focus back to the list."""
        self.remove_class("-open")
        if self._view is not None:
            self._view.focus()

    def action_drop(self) -> None:
        self.value = ""
        if self._view is not None:
            self._view.filter_text = ""
        self.close()

    @on(Input.Changed)
    def _apply(self, event: Input.Changed) -> None:
        event.stop()
        if self._view is not None and self.has_class("-open"):
            self._view.filter_text = event.value

    @on(Input.Submitted)
    def _keep(self, event: Input.Submitted) -> None:
        event.stop()
        self.close()


MOST_KEYS = 7
"""More than these nobody reads."""

_LEFT = 1


class FooterKey(NamedTuple):
    """One key that can be pressed right now."""

    key: str
    """Its name, as Textual has it."""
    display: str
    """Key as it is on the keyboard."""
    words: str
    """The act in words."""

    @property
    def width(self) -> int:
        """The columns that it takes, with the blanks around it."""
        return cell_len(self.display) + cell_len(self.words) + 3


class KeyFooter(Widget, can_focus=False):
    """The most important keys of what has the focus; a click presses one."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-footer--key"}
    DEFAULT_CSS = """
    KeyFooter {
        dock: bottom;
        height: 1;
        background: $panel;
        color: $footer-foreground;
        & > .key-footer--key { color: $footer-key-foreground; text-style: bold; }
    }
    """

    keys: tuple[FooterKey, ...] = ()
    """Keys that are shown."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._renew)

    def _renew(self, screen: Screen[object]) -> None:
        keys = tuple(self._keys_of(screen))
        if screen is self.screen and keys != self.keys:
            self.keys = keys
            self.refresh()

    def _keys_of(self, screen: Screen[object]) -> Iterator[FooterKey]:
        seen, width, spare = set[str](), 0, dict[str, FooterKey]()
        for _, binding, is_enabled, _ in screen.active_bindings.values():
            # Of several keys for one act, the first one is enough.
            if not is_enabled or binding.action in seen:
                continue
            display = self.app.get_key_display(binding)
            key = FooterKey(binding.key, display, binding.description)
            if binding.show:
                seen.add(binding.action)
                width += key.width
                yield key
            elif (act := act_of(binding)) is not None and act.is_spare:
                spare.setdefault(binding.action, key)
        for key in list(spare.values())[: MOST_KEYS - len(seen)]:
            width += key.width
            if width <= self.size.width:
                yield key

    def render(self) -> Text:
        look = self.get_component_rich_style("key-footer--key", partial=True)
        line = Text(no_wrap=True)
        for key in self.keys:
            line.append(f" {key.display} ", look).append(f"{key.words} ")
        return line

    def on_resize(self) -> None:
        self._renew(self.screen)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button != _LEFT:
            # Many terminals paste with the others.
            return
        ends = accumulate((key.width for key in self.keys), initial=0)
        for key, (start, end) in zip(self.keys, pairwise(ends), strict=True):
            if start <= event.x < end:
                self.app.simulate_key(key.key)
