"""The field that a token is typed or pasted into."""

from rich.segment import Segment
from textual.geometry import Offset
from textual.strip import Strip
from textual.widgets import Input

_STARS = "*" * 22


class TokenField(Input):
    """A field that shows neither its content nor how long that is."""

    def __init__(self) -> None:
        super().__init__(password=True, id="token", compact=True)

    def render_line(self, y: int) -> Strip:
        if not self.value or y:
            return super().render_line(y)
        style = self.rich_style
        cursor = self.get_component_rich_style("input--cursor")
        end = cursor if self.has_focus and self._cursor_visible else style
        return Strip([Segment(_STARS, style), Segment(" ", end)])

    @property
    def cursor_screen_offset(self) -> Offset:
        # The terminal's own cursor follows this one, and would tell the length.
        return self.content_region.offset

    # Copying would put the token on the clipboard, and into the terminal's output.
    def action_copy(self) -> None:
        self.app.bell()

    def action_cut(self) -> None:
        self.app.bell()
