"""Keys in an order, and the rows behind them."""

from collections.abc import Hashable, Sequence
from itertools import chain
from typing import Protocol, TypeVar

Key = TypeVar("Key", bound=Hashable)
Key_contra = TypeVar("Key_contra", bound=Hashable, contravariant=True)
Row_co = TypeVar("Row_co", covariant=True)


class Rows(Protocol[Key_contra, Row_co]):
    """Anything that gives the row of a key."""

    def __getitem__(self, key: Key_contra, /) -> Row_co: ...


def position(keys: Sequence[Key], key: Key | None) -> int | None:
    """Return where a key stands, or None."""
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
