"""Cells and columns of one drawn line, measured in terminal columns."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

ELLIPSIS = "…"


class Column(NamedTuple):
    """One column of fixed width; the last one of a line takes all that is left."""

    title: str
    """What the header says."""
    width: int
    """How many terminal columns it takes."""
    right: bool = False
    """Whether its text stands at the right edge."""
    gap: int = 1
    """How many blanks follow it."""


class Cell(NamedTuple):
    """One piece of text, plain by the time it gets here, and how it looks."""

    text: str
    """The text; never markup."""
    look: str = ""
    """The component class of its style, or nothing."""


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """Return the text in exactly so many terminal columns, cut with ``…``."""
    if width <= 0:
        return ""
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + ELLIPSIS
    blanks = " " * (width - length)
    return blanks + text if right else text + blanks


def laid_out(
    cells: Sequence[Cell], columns: Sequence[Column], width: int
) -> Iterator[Cell]:
    """Yield the cells with their gaps, cut and padded to fill the width together.

    A line with fewer cells than columns lets its last cell stretch over the rest; cells
    without a column are not drawn.
    """
    last = min(len(cells), len(columns)) - 1
    for number, (cell, column) in enumerate(zip(cells, columns, strict=False)):
        if number == last:
            right = column.right and len(cells) >= len(columns)
            yield Cell(fitted(cell.text, width, right=right), cell.look)
            return
        text = fitted(cell.text, column.width, right=column.right)
        piece = fitted(text + " " * column.gap, min(width, column.width + column.gap))
        yield Cell(piece, cell.look)
        width -= column.width + column.gap
