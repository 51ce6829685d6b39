"""What the text around an id says that it is: the name on its left, or its column.

Pasted fragments are usually broken, so nothing here parses JSON, CSV or a URL in full:
only names that are known not to belong to a masking session take an id out.
"""

import re
from functools import lru_cache
from typing import NamedTuple

_KNOWN = (
    "api_id account_id application_id app_id auth_id batch_id brand_id call_id "
    "call_sid call_uuid campaign_id client_id conference_id conference_uuid "
    "container_id correlation_id customer_id device_id endpoint_id event_id host_id "
    "idempotency_key instance_id interaction_id interaction_uuid job_id media_id "
    "media_uuid member_id message_id message_uuid mpc_uuid node_id order_id org_id "
    "organization_id participant_uuid phlo_id phlo_uuid pod_id pod_uid pool_id "
    "pool_uuid powerpack_uuid profile_uuid recording_id recording_uuid request_id "
    "request_uuid run_id span_id stream_id subaccount_id task_id tenant_id ticket_id "
    "trace_id transaction_id transfer_id user_id"
)
_NAMES = {name.replace("_", ""): name for name in _KNOWN.split()}
_NAME_ENDS = tuple(_NAMES)
"""Ends of names: ``parent_call_uuid`` and ``X-Request-ID`` count as well."""

_WORDS = frozenset({"account", "call", "conference", "etag", "md5", "recording"})
_WORDS |= {"request", "span", "subaccount", "trace", "nonce", "checksum"}
"""Names only where a sign follows: ``trace=``, but not "the call c28b…"."""

_PATHS = _WORDS | {"application", "endpoint", "media", "message", "multipartycall"}
_PATHS |= {"mpc", "number", "participant", "phlo", "powerpack", "profile", "stream"}
"""Path segments after which an id of that kind follows."""

_WINDOW = 120
"""How far to the left of an id its name is looked for."""
_HEADER_WINDOW = 4_000
"""How far to the left of the first row a header line is looked for."""

_OPENERS = " \t\r\n\"'`\\[{(<>*-"
_QUOTES = " \t\"'`\\])"
_NAME = re.compile(r"[\w. -]+\Z")
_PARENT = re.compile(r"(\w+)[\"'\\]*\s*[:=]>?\s*\{\s*[\"'\\]*\w+\Z")
_CELL = re.compile(r"[\s\"'\w.#*-]{1,60}")
_NOT_LETTERS = re.compile(r"[\W_]+")


def foreign_name(name: str, *, with_sign: bool = True) -> str | None:
    """Return the known name of something else than a session, or None.

    Args:
        name: as it stands in the text: ``API ID``, ``apiId``, ``x-request-id``.
        with_sign: whether a colon or the like says that it is a name at all.
    """
    squeezed = _NOT_LETTERS.sub("", name.lower()).removesuffix("s")
    if squeezed.endswith(_NAME_ENDS):
        longest = max((e for e in _NAME_ENDS if squeezed.endswith(e)), key=len)
        return _NAMES[longest]
    word = _NOT_LETTERS.sub("", name.lower().split()[-1]) if name.split() else ""
    return word if with_sign and word in _WORDS else None


class _Label(NamedTuple):
    """What stands directly on the left of an id."""

    name: str | None
    """The known name of something else than a session."""
    opens_list: bool
    """Whether more ids of the same kind may follow."""


_NO_LABEL = _Label(None, opens_list=False)


def _label(gap: str) -> _Label:
    """Return what a text says of the id that follows it."""
    left = gap.rstrip(_OPENERS)
    opened = gap[len(left) :]
    if left.endswith("/"):
        return _Label(_path_name(left), opens_list=False)
    signed = left.endswith((":", "=", "|")) or ">" in opened
    if not signed and "\n" in opened:
        return _NO_LABEL
    left = left.rstrip(":=|").rstrip(_QUOTES)
    match = _NAME.search(left, max(0, len(left) - 48))
    if match is None:
        return _NO_LABEL
    name = foreign_name(match[0], with_sign=signed)
    if name is None and match[0].strip() in {"id", "uuid"}:
        parent = _PARENT.search(left)
        name = foreign_name(f"{parent[1]}_{match[0]}") if parent else None
    return _Label(name, "[" in opened or "-" in opened or left.endswith(("s", "S")))


def _path_name(left: str) -> str | None:
    segments = left.lower().rstrip("/").rsplit("/", 2)
    if segments[-2:] == ["verify", "session"]:
        return "verify session"
    return segments[-1] if segments[-1] in _PATHS else None


def _continues_list(gap: str) -> bool:
    """Return whether only what separates the items of a list stands here."""
    return ("," in gap or "-" in gap) and not gap.strip(" \t\r\n\"'`\\,*-")


class _Table:
    """A header line and its foreign columns; follows the rows below it."""

    def __init__(self, delimiter: str, names: list[str | None], position: int) -> None:
        self._delimiter = delimiter
        self._names = names
        self._position = position
        self._column = 0
        self._quoted = False
        self.is_over = False

    def column_name(self, text: str, start: int, end: int) -> str | None:
        """Return the foreign name of the column that text[start:end] fills."""
        line_start = text.rfind("\n", self._position, start) + 1
        if line_start:
            rows = (self._position, line_start)
            # A blank line ends a table; what follows is chat again.
            if text.find("\n\n", *rows) >= 0 or text.find("\n\r\n", *rows) >= 0:
                self.is_over = True
                return None
            self._position, self._column, self._quoted = line_start, 0, False
        parts = text[self._position : start].split('"')
        outside = parts[1 if self._quoted else 0 :: 2]
        self._column += sum(part.count(self._delimiter) for part in outside)
        self._quoted ^= len(parts) % 2 == 0
        self._position = end
        if self._column >= len(self._names) or not self._fills(text, start, end):
            return None
        return self._names[self._column]

    def _fills(self, text: str, start: int, end: int) -> bool:
        """Return whether nothing else stands in the cell."""
        before = text[max(0, start - 8) : start].rstrip(" \"'")[-1:]
        after = text[end : end + 8].lstrip(" \"'")[:1]
        marks = {self._delimiter, "\n", "\r", ""}
        # A row has a delimiter on one side at least; a line without one is no row.
        return {before, after} <= marks and self._delimiter in {before, after}


def _table_below(lines: list[str], position: int) -> _Table | None:
    """Return the table that the lowest header among these lines opens."""
    for line in reversed(lines):
        if "id" not in line.lower():
            continue
        for delimiter in ",;\t|":
            cells = line.split(delimiter)
            if len(cells) < 2 or not all(map(_CELL.fullmatch, filter(None, cells))):  # noqa: PLR2004 - a table has two columns
                continue
            names = [foreign_name(cell, with_sign=False) for cell in cells]
            return _Table(delimiter, names, position)
    return None


class IdContext:
    """Follows a text from left to right and names what each id in it stands for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._list_name: str | None = None
        self._table: _Table | None = None
        # Most pastes repeat a few separators. The memory ends with this object, because
        # what stands between two ids may be personal data.
        self._label = lru_cache(maxsize=4_096)(_label)

    def name_of(self, start: int, end: int) -> str | None:
        """Return the foreign name of text[start:end], or None for a session's id.

        Ids must be asked for in the order of the text.
        """
        text, position = self._text, self._position
        gap = text[max(position, start - _WINDOW) : start]
        self._position = end
        if self._list_name is not None and _continues_list(gap):
            return self._list_name
        name, opens_list = self._label(gap)
        self._list_name = name if opens_list else None
        if start - position >= len("\nid,id\n"):
            self._look_for_header(position, start)
        if self._table is None:
            return name
        column = self._table.column_name(text, start, end)
        if self._table.is_over:
            self._table = None
        return name or column

    def _look_for_header(self, position: int, start: int) -> None:
        """Read the complete lines between two ids, of which one may be a header."""
        line_start = self._text.rfind("\n", position, start) + 1
        if not line_start:
            return
        low = max(position, line_start - _HEADER_WINDOW)
        lines = self._text[low : line_start - 1].split("\n")
        table = _table_below(lines[1:] if low else lines, line_start)
        self._table = table or self._table
