"""Keys in an order, and the rows behind them."""

from collections.abc import Hashable, Sequence
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
