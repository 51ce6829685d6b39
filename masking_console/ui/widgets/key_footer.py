"""The line of keys at the bottom, drawn at once.

Textual's own footer is made of a widget a key, which are all thrown away and made anew,
with a new layout of the whole screen, whenever a key might have changed its meaning:
with every row that a run settles, and with every move of the focus.
"""

from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.screen import Screen
from textual.widget import Widget

from masking_console.ui.keys.acts import act_of

MOST_KEYS = 7
"""More than these nobody reads."""

_LEFT = 1


class FooterKey(NamedTuple):
    """One key that can be pressed right now."""

    key: str
    """Its name, as Textual has it."""
    display: str
    """As it stands on the keyboard."""
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
