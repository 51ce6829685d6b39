"""Contrast of the text on a screen with its background (WCAG 2)."""

from collections.abc import Iterator
from typing import NamedTuple

from rich.color_triplet import ColorTriplet
from rich.style import Style
from textual.screen import ModalScreen

from tests.support.console import Console

ENOUGH = 4.5
"""The contrast that text of ordinary size needs."""


class ShownText(NamedTuple):
    """A piece of text on the screen."""

    text: str
    foreground: ColorTriplet
    background: ColorTriplet

    @property
    def contrast(self) -> float:
        """The ratio of both luminances, from 1 to 21."""
        lights = sorted([_luminance(self.foreground), _luminance(self.background)])
        return (lights[1] + 0.05) / (lights[0] + 0.05)


def shown_texts(console: Console) -> Iterator[ShownText]:
    """Yield every piece of text with its colors; lines and blanks are no text."""
    screen = console.app.screen
    # What lies behind a dialog is dimmed because it cannot be used.
    is_dialog = isinstance(screen, ModalScreen)
    region = screen.children[0].region if is_dialog else screen.region
    strips = screen._compositor.render_strips(console.app.size)
    for strip in strips[region.y : region.bottom]:
        for text, style, _control in strip.crop(region.x, region.right):
            if any(character.isalnum() for character in text):
                assert style is not None
                yield ShownText(text.strip(), *_colors(style))


def shown_styles(console: Console) -> Iterator[Style]:
    """Yield the style of every piece of the screen."""
    for strip in console.app.screen._compositor.render_strips(console.app.size):
        yield from (style for _text, style, _control in strip if style is not None)


def _colors(style: Style) -> tuple[ColorTriplet, ColorTriplet]:
    assert style.color is not None
    assert style.bgcolor is not None
    # Dim text would need another calculation, so there must be none.
    assert not style.dim
    pair = (style.color.get_truecolor(), style.bgcolor.get_truecolor())
    return (pair[1], pair[0]) if style.reverse else pair


def _luminance(color: ColorTriplet) -> float:
    red, green, blue = (_linear(value / 255) for value in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
