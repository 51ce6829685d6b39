"""Tables in a text, by the rules of `csv`: the column of each id.

A line is not a row: a quoted cell may hold line ends, delimiters and doubled quotes. A
header is a row without ids of which a cell is the name of an id; a row below it has as
many cells. Tables that are drawn with ``|`` or aligned with spaces have no quotes.
"""

import csv
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from masking_console.models.id_names import (
    SESSION,
    column_name,
    names_some_id,
    short_name,
)
from masking_console.models.id_shapes import SEGMENT

FIELD_LIMIT = csv.field_size_limit()
"""Characters of a cell; longer ones are no table's."""
_DELIMITERS = ",;\t|\u2502\u2503\u2551"
_DRAWN = "|\u2502\u2503\u2551"
_ALIGNED = "  "
"""Delimiter of two spaces or more between the columns."""
_LONGEST_HEADER = 8_000
_LONGEST_CELL = 120
_MOST_LINES = 8
"""Most lines of one record of a header."""
# What a line has that may be a header; what it names is looked at afterwards.
_NAMING = re.compile(
    "[iIgGsStTeErRcCmM](?:(?<=[iI])[dD]|(?<=[gG])[uU][iI][dD]"
    "|(?<=[sS])(?:[eE][sS][sS]|[pP][aA][nN]|[hH][aA])|(?<=[tT])[rR][aA][cC][eE]"
    "|(?<=[eE])[tT][aA][gG]|(?<=[rR])[eE][qQcC]|(?<=[cC])[aAhHoO]|(?<=[mM])[dD]5)"
)
_SEPARATOR_LINE = re.compile(r'\s*"?sep=([^"\w\r\n ])"?\s*\Z', re.IGNORECASE)
_LOOKS_LIKE_ID = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-")
_SPACES = re.compile(r"[ \t]{2,}")
# "I have no call id, sorry": a sentence, not two columns.
_PROSE = re.compile(
    r"[.!?]\s*\Z|(?:\S+\s+){6}"
    r"|\A\s*(?:no|not|the|a(?! leg)|an|my|his|her|our|this|that|these|lost|wrong"
    r"|without|by|for|of|with|and|or|any|same|i|we|please|end|see|also|here|is|are"
    r"|but)[ \t]",
    re.IGNORECASE,
)
_BLANK = re.compile(r"\n[ \t\r]*\n")


class Cell(NamedTuple):
    """The cell of an id."""

    start: int
    end: int
    name: str | None
    """Content of its column: `SESSION`, the name of something else, or None.

    Beside a session's id, a column that is called an id of any kind is something else.
    """


@dataclass(slots=True)
class Row:
    """One record of a table."""

    start: int
    end: int
    """Its end, without the line's end."""
    cells: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Header:
    delimiter: str
    names: tuple[str | None, ...]
    id_names: tuple[str | None, ...]
    cells: tuple[str, ...]
    is_spaced: bool
    """True where a space follows the delimiters."""

    @property
    def has_quotes(self) -> bool:
        return self.delimiter not in _DRAWN and self.delimiter != _ALIGNED


class Tables:
    """Follows a text from left to right and finds the cell of each id in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._header: _Header | None = None
        self._position = 0
        """Beginning of the next row."""
        self._seen = 0
        """End of the ids and tables that have been looked at."""
        self._row: Row | None = None
        self._is_after_blank = False
        self.broken: list[int] = []
        """Beginnings of rows in which a quote stays open or a cell is too long."""

    def cell(self, start: int, end: int) -> Cell | None:
        """Return the cell of text[start:end], or None where that is in no table.

        Ids must be asked for in the order of the text.
        """
        if self._row is None or start >= self._row.end:
            self._go_to(start)
        header, row = self._header, self._row
        if header is None or row is None:
            return None
        return self._cell_in(header, row, start, end)

    def _cell_in(self, header: _Header, row: Row, start: int, end: int) -> Cell | None:
        column = bisect_right(row.cells, start, key=itemgetter(0)) - 1
        low, high = row.cells[column]
        if start < low or end > high or column >= len(header.names):
            return None
        if self._text[low : low + 1] == " " and not header.is_spaced:
            # "also A, B": a sentence with as many commas as a row.
            return None
        if len(row.cells) != len(header.names):
            # Some programs leave off empty cells, or the quotes of a text.
            rest = self._text[low:start] + self._text[end:high]
            if rest.strip("\"'= "):
                return None
        name = header.names[column]
        if name is None and header.id_names[column] and self._has_session(header, row):
            name = header.id_names[column]
        return Cell(low, high, name)

    def _has_session(self, header: _Header, row: Row) -> bool:
        """Return whether an id is in a session's column of a row."""
        return any(
            _LOOKS_LIKE_ID.search(self._text, low, high) is not None
            for (low, high), name in zip(row.cells, header.names, strict=False)
            if name == SESSION
        )

    def _go_to(self, start: int) -> None:
        """Go on to the row in which a place is, and read the headers before it."""
        self._row = None
        while self._position <= start:
            if self._header is None and not self._find_header(start):
                return
            if self._header is not None and self._find_row(self._header, start):
                return

    def _find_row(self, header: _Header, start: int) -> bool:
        """Return whether the row of a place was reached; else the table has ended."""
        text = self._text
        if not header.has_quotes or text.find('"', self._position, start) < 0:
            self._skip_lines(header, start)
            if self._header is not header:
                return False
        while True:
            row = self._record(header, self._position)
            if row is None:
                self.broken.append(self._position)
                self._header, self._position = None, start + 1
                return True
            self._note_blank(row)
            self._position = row.end + 1
            if row.end > start:
                self._take(header, row)
                return True
            if self._begins_anew(header, row):
                return False

    def _take(self, header: _Header, row: Row) -> None:
        """Make this the row at hand, or end the table where it is none of its rows."""
        is_ragged = len(row.cells) != len(header.names)
        if not is_ragged:
            self._row = row
        elif self._is_after_blank or "\n" in self._text[row.start : row.end]:
            # Text follows; or the quotes are those of a text.
            self._header, self._seen = None, row.end
        elif header.has_quotes and len(row.cells) > 1:
            self._row = row

    def _skip_lines(self, header: _Header, start: int) -> None:
        """Go over lines without quotes, one of which may be another header."""
        text, low = self._text, self._position
        line = text.rfind("\n", low, start) + 1
        if line <= low:
            return
        for begin, end in _naming_lines(text, low, line - 1):
            other = _header_of(text[begin:end])
            if other is not None and self._is_other(header, other, begin):
                self._use(other, end + 1)
                return
        self._is_after_blank |= _BLANK.search(text, max(0, low - 1), line) is not None
        self._position = line

    def _note_blank(self, row: Row) -> None:
        if (
            row.end - row.start < len("id,id")
            and not self._text[row.start : row.end].strip()
        ):
            self._is_after_blank = True

    def _begins_anew(self, header: _Header, row: Row) -> bool:
        """Return whether a row without ids is the header of another table."""
        line = self._text[row.start : row.end]
        if len(line) > _LONGEST_HEADER:
            return False
        other = _header_of(line)
        if other is None or not self._is_other(header, other, row.start):
            return False
        self._use(other, row.end + 1)
        return True

    def _is_other(self, header: _Header, other: _Header, start: int) -> bool:
        """Return whether a row is a new header, and not one that speaks of an id."""
        if len(other.names) != len(header.names):
            return True
        before = self._text.rfind("\n", 0, max(0, start - 1)) + 1
        is_after_blank = not self._text[before:start].strip()
        return is_after_blank or sum(map(bool, other.names)) > 1

    def _use(self, header: _Header, position: int) -> None:
        self._header, self._position = header, position
        self._is_after_blank = False

    def _find_header(self, start: int) -> bool:
        """Return whether a header precedes a place; if so, use it."""
        text = self._text
        # The rest of the line of the id before is none, nor is the line of this one.
        low = text.find("\n", self._seen, start) + 1 if self._seen else 0
        line = text.rfind("\n", max(low, self._seen), start) + 1
        self._seen = start
        if not line or line <= low:
            return False
        for begin, line_end in _naming_lines(text, low, line - 1):
            for first, end in _records_around(text, begin, line_end, (low, line)):
                if text.count('"', first, end) % 2:
                    continue
                before = text.rfind("\n", max(0, first - 12), max(0, first - 1)) + 1
                forced = _SEPARATOR_LINE.match(text, before, first)
                header = _header_of(text[first:end], forced[1] if forced else None)
                if header is not None and end < start:
                    self._use(header, end + 1)
                    return True
        return False

    def _record(self, header: _Header, position: int) -> Row | None:
        """Return the row that begins at a place, or None where it is broken."""
        text = self._text
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        if not header.has_quotes or text.find('"', position, end) < 0:
            cells = list(_plain_cells(text, position, end, header.delimiter))
        else:
            cells = list(_quoted_cells(text, position, header))
            end = cells[-1][1] if cells else position
            if not cells or text[end : end + 1] not in {"", "\n"}:
                return None
        if any(high - low > FIELD_LIMIT for low, high in cells):
            return None
        return Row(position, end, cells)


def _naming_lines(text: str, low: int, high: int) -> Iterator[tuple[int, int]]:
    """Yield the lines between two places that may be a header."""
    while low < high:
        # A search holds the interpreter, and with it the screen.
        match = _NAMING.search(text, low, min(high, low + SEGMENT))
        if match is None:
            low += SEGMENT - 8
            continue
        begin = text.rfind("\n", max(0, match.start() - _LONGEST_HEADER), match.start())
        end = text.find("\n", match.start(), high)
        end = high if end < 0 else end
        if end - begin <= _LONGEST_HEADER:
            yield begin + 1, end
        low = end + 1


def _plain_cells(
    text: str, start: int, end: int, delimiter: str
) -> Iterator[tuple[int, int]]:
    """Yield the cells of a line without quotes."""
    if delimiter == _ALIGNED:
        low = start + len(text[start:end]) - len(text[start:end].lstrip())
        for match in _SPACES.finditer(text, low, end):
            if match.end() < end:
                yield low, match.start()
                low = match.end()
        yield low, end
        return
    low = start
    while (high := text.find(delimiter, low, end)) >= 0:
        yield low, high
        low = high + 1
    yield low, end


@lru_cache(maxsize=16)
def _cell_pattern(delimiter: str, *, is_spaced: bool) -> re.Pattern[str]:
    other = rf"[^{re.escape(delimiter)}\n]"
    space = " ?" if is_spaced else ""
    # A quote that stays open matches nothing: it is no cell.
    return re.compile(rf'(?:{space}"(?:[^"]++|"")*+"|(?!{space}")){other}*+')


def _quoted_cells(
    text: str, position: int, header: _Header
) -> Iterator[tuple[int, int]]:
    """Yield the cells of a record, of which some are quoted."""
    pattern = _cell_pattern(header.delimiter, is_spaced=header.is_spaced)
    while (match := pattern.match(text, position)) is not None:
        yield match.span()
        position = match.end() + 1
        if text[match.end() : position] != header.delimiter:
            return


def _records_around(
    text: str, begin: int, end: int, bounds: tuple[int, int]
) -> Iterator[tuple[int, int]]:
    """Yield the records that a line may be, or be a part of.

    A cell of a header may have a line end of its own, before this line or in it.
    """
    yield begin, end
    if text.find('"', begin, end) < 0:
        return
    low, high = bounds
    first, last = begin, end
    for _line in range(_MOST_LINES):
        if first > low:
            first = max(low, text.rfind("\n", low, first - 1) + 1)
            yield first, end
        if last < high - 1:
            following = text.find("\n", last + 1, high)
            last = high - 1 if following < 0 else following
            yield begin, last


@lru_cache(maxsize=512)
def _header_of(record: str, delimiter: str | None = None) -> _Header | None:
    """Return the header that a record is, or None.

    Of the delimiters that fit, the one with the most cells counts.
    """
    if len(record) > _LONGEST_HEADER or _LOOKS_LIKE_ID.search(record):
        return None
    found = [
        header
        for each in (delimiter or _DELIMITERS)
        if (header := _split_header(record, each)) is not None
    ]
    if not found and delimiter is None:
        header = _split_header(record, _ALIGNED)
        found = [header] if header is not None else []
    return max(found, key=lambda header: len(header.names), default=None)


def _split_header(record: str, delimiter: str) -> _Header | None:
    if delimiter == _ALIGNED:
        cells = _SPACES.split(record.strip())
        is_spaced = False
    elif delimiter not in record:
        return None
    elif delimiter in _DRAWN:
        # The header of a wiki's table has each of its lines doubled.
        is_wiki = record.lstrip().startswith(2 * delimiter)
        cells = record.split(2 * delimiter if is_wiki else delimiter)
        is_spaced = True
    else:
        is_spaced = f"{delimiter} " in record
        cells = _read_cells(record, delimiter, is_spaced=is_spaced)
    if len(cells) < 2 or max(map(len, cells)) > _LONGEST_CELL:  # noqa: PLR2004 - a table has two columns
        return None
    if any(_PROSE.search(cell) for cell in cells):
        return None
    names = tuple(column_name(cell) for cell in cells)
    if not any(names):
        return None
    id_names = tuple(
        short_name(cell) if names_some_id(cell) else None for cell in cells
    )
    return _Header(delimiter, names, id_names, tuple(cells), is_spaced)


def _read_cells(record: str, delimiter: str, *, is_spaced: bool) -> list[str]:
    """Return the cells of a record, or none where a quote stays open."""
    # A space may stand for the first half of the line's end.
    found = csv.reader(
        [record.rstrip(" ")],
        delimiter=delimiter,
        skipinitialspace=is_spaced,
        strict=True,
    )
    try:
        return next(found)
    except csv.Error:
        return []
