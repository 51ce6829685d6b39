"""Puts pictures of the console one behind the other, in one SVG that moves by itself.

It needs no script, so it moves in a README as well; who has asked for less motion sees
the last picture alone.
"""

from collections.abc import Mapping
from html import escape

SECONDS = 5
"""So long each picture stands."""
CAPTIONS = {
    "main": "Paste anything. Every session id is checked, and nothing is sent.",
    "review_count": "space ticks, X reviews. Only its number, typed by hand, says yes.",
    "running": "Watch the results arrive. p pauses, s stops.",
    "finished_with_problems": "Unknown is called unknown. t checks and retries.",
    "history": "H has the proof for the ticket: sealed, searchable, without numbers.",
}
"""The pictures by name, in their order, and what is said below them."""

_WIDTH, _HEIGHT, _CAPTION_HEIGHT = 1238, 782, 56
_STYLE = """
.shot {{ opacity: 0; animation: show {total}s step-end infinite; }}
@keyframes show {{ 0% {{ opacity: 1; }} {share:.4f}% {{ opacity: 0; }} }}
.caption {{ font: 24px sans-serif; fill: #d7dde4; }}
@media (prefers-reduced-motion: reduce) {{
    .shot {{ animation: none; }}
    .shot:last-of-type {{ opacity: 1; }}
}}
"""


def tour(pictures: Mapping[str, str]) -> str:
    """Return the SVG of these pictures, which are SVGs by the names in `CAPTIONS`."""
    total = SECONDS * len(CAPTIONS)
    height = _HEIGHT + _CAPTION_HEIGHT
    shots = "\n".join(
        _shot(pictures[name], caption, number * SECONDS)
        for number, (name, caption) in enumerate(CAPTIONS.items())
    )
    style = _STYLE.format(total=total, share=100 / len(CAPTIONS))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}">\n'
        f"<style>{style}</style>\n"
        f'<rect width="{_WIDTH}" height="{height}" rx="8" fill="#11161b"/>\n'
        f"{shots}\n</svg>\n"
    )


def _shot(picture: str, caption: str, delay_seconds: int) -> str:
    placed = picture.replace(
        "<svg ", f'<svg width="{_WIDTH}" height="{_HEIGHT}" ', 1
    ).strip()
    return (
        f'<g class="shot" style="animation-delay: {delay_seconds}s">\n{placed}\n'
        f'<text class="caption" x="{_WIDTH // 2}" y="{_HEIGHT + 36}" '
        f'text-anchor="middle">{escape(caption)}</text>\n</g>'
    )
