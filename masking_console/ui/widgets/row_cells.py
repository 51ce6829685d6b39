"""Cells of a row, and the order of rows."""

from collections.abc import Hashable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, Protocol, TypeVar

from rich.cells import cell_len, set_cell_size

ELLIPSIS = "…"


class Column(NamedTuple):
    """One column of fixed width; the last one of a line takes all that is left."""

    title: str
    """Words in the header."""
    width: int
    """Width in terminal columns."""
    right: bool = False
    """Whether its text is aligned to the right."""
    gap: int = 1
    """Blanks after it."""


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


Key = TypeVar("Key", bound=Hashable)
Key_contra = TypeVar("Key_contra", bound=Hashable, contravariant=True)
Row_co = TypeVar("Row_co", covariant=True)


class Rows(Protocol[Key_contra, Row_co]):
    """Anything that gives the row of a key."""

    def __getitem__(self, key: Key_contra, /) -> Row_co: ...


def position(keys: Sequence[Key], key: Key | None) -> int | None:
    """Return the position of a key, or None."""
    try:
        return None if key is None else keys.index(key)
    except ValueError:
        return None


def nearest(before: Sequence[Key], keys: Sequence[Key], index: int) -> int:
    """Return where the cursor goes from a row that is gone.

    It is the next row that stood behind it and is still there, or else the one before.
    """
    # Most often it is the next one, and to look through a list makes no set of it.
    for key in before[index + 1 : index + 3]:
        if (found := position(keys, key)) is not None:
            return found
    there = set(keys)
    for row in chain(range(index + 1, len(before)), range(index - 1, -1, -1)):
        if before[row] in there:
            return keys.index(before[row])
    return 0
