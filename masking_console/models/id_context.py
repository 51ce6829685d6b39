"""The text around an id, which says whose it is: a name on its left, or its column.

Pasted fragments are usually broken, so nothing here parses JSON or a URL in full.
"""

import html
import re
from functools import lru_cache
from typing import NamedTuple

from masking_console.models.id_names import SESSION, name_of, path_name
from masking_console.models.id_tables import Cell, Tables

_WINDOW = 160
"""Distance to the left of an id in which its name is looked for."""
_PARENT_WINDOW = 400
"""Characters to the left of ``"id":`` in which the object's name is sought."""

_MOST_LEVELS = 4
"""Most brackets without a name that are looked through."""

_OPENERS = " \t\r\n\"'`\\[{(<>*-"
_QUOTES = " \t\"'`\\])*_"
_SIGNS = ":=|\uff1a\u2192\u21d2"
_NAME = re.compile(r"[\w.@#$/() -]+\Z")
_GENERIC = frozenset({"id", "uuid", "guid", "_id", "value", "key"})
# ``UUID('…')``, ``string(36) "…"``, ``Some("…")``: the kind of a value is not its name.
_WRAPPER = re.compile(
    r"(?<![\w.])(?:(?:string|str|varchar|char)\s?\(\d{1,5}\)|urn:uuid:?"
    r"|(?:[Uu]{2}[Ii][Dd]|[Gg][Uu][Ii][Dd]|some|ok|str|string|optional|value"
    r"|objectid|binary)(?=\s*[(\[]|\Z)|[bur](?=[\"']\Z))\s*[(\[]?[\"']?\Z",
    re.IGNORECASE,
)
_CALLED = re.compile(r"(?<![\w.])[A-Za-z_]\w{0,30}\([\"'\\]{0,4}\Z")
_VISIBILITY = re.compile(
    r"(?::[\"']?[\w\\]{1,60}[\"']?)?:(?:protected|private|public)\Z"
)
_SAID = re.compile(
    r"[\s:=]+(?:is|was|are|in|no|nr|number|#|of|value)\s*\Z", re.IGNORECASE
)
_TAG = re.compile(r"<([A-Za-z][\w:.-]{0,60})((?:\s[^<>]{0,200})?)>\s*\Z")
_TAG_NAME = re.compile(
    r"""\s(?:name|key|field|id|label)\s*=\s*["']?([\w.:@ -]{1,60})"""
)
_TAGS = re.compile(r"(?:</?[A-Za-z][^<>]{0,200}>\s*)+\Z")
_PAIR = re.compile(
    r"""["']?(?:field|key|name|label|title|column|header|property)["']?\s*[:=]>?\s*"""
    r"""[\\]*["']([^"'\n]{1,60}?)[\\]*["']\s*[,;]?\s*[\\]*["']?(?:string_?)?value[\\"'\s]*\Z""",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"[\[\]{}]")
_PARENT_KEY = re.compile(r"([\w.@-]+)[\"'\\]*\s*(?:[:=]>?\s*)\Z")
_LINE_ABOVE = re.compile(
    r"(?:\A|\n)[ \t>*#|-]*[\"']?([\w.@ \t()\[\]/-]{2,60}?)[\"']?[ \t\r:]*\n"
    r"[ \t>*\"'|=-]*\Z"
)
_SEPARATORS = " \t\r\n\"'`\\,;*|>-=[](){}<"


class Label(NamedTuple):
    """The words directly on the left of an id."""

    name: str | None
    """`SESSION`, the known name of something else, or None."""
    opens_list: bool = False
    """Whether more ids of the same kind may follow."""
    is_generic: bool = False
    """True for a bare ``id``, the name of which is further out."""


_NO_LABEL = Label(None)


def label(gap: str) -> Label:
    """Return what a text says of the id that follows it."""
    if "&" in gap:
        gap = html.unescape(gap)
    gap = _without_wrappers(gap)
    if gap.endswith(">") and (in_tag := _in_tag(gap)) is not None:
        return in_tag
    left = gap.rstrip(_OPENERS)
    opened = gap[len(left) :]
    if left.endswith("/"):
        return Label(_of_path(left))
    signed = left.endswith(tuple(_SIGNS)) or ">" in opened
    if not signed and "\n" in opened:
        return _above(gap)
    left = _SAID.sub("", left.rstrip(_SIGNS + " ")).rstrip(_SIGNS).rstrip(_QUOTES)
    left = _VISIBILITY.sub("", left).rstrip(_QUOTES)
    if (pair := _PAIR.search(gap.rstrip(_OPENERS).rstrip(_SIGNS + " "))) is not None:
        return Label(name_of(pair[1]))
    match = _NAME.search(left, max(0, len(left) - 48))
    if match is None:
        return _NO_LABEL
    words = match[0].strip()
    is_list = any(sign in opened for sign in "[(-\n")
    name = name_of(words, with_sign=signed)
    if name is None and is_list and signed:
        name = name_of(words.removesuffix("s"))
    return Label(
        name,
        opens_list=is_list or left.endswith(("s", "S")),
        is_generic=words.lower() in _GENERIC,
    )


def _without_wrappers(gap: str) -> str:
    """Return the text without what says of which type a value is."""
    match = _WRAPPER.search(gap, max(0, len(gap) - 40))
    return gap[: match.start()] if match is not None else gap


def _in_tag(gap: str) -> Label | None:
    """Return what a tag of HTML or XML says, or the words before the tags."""
    tag = _TAG.search(gap, max(0, len(gap) - 300))
    if tag is None:
        return None
    attribute = _TAG_NAME.search(tag[2])
    for name in (attribute[1] if attribute else "", tag[1]):
        if known := name_of(name):
            return Label(known)
    if tag[1].lower() in _GENERIC:
        parent = _TAG.search(gap, max(0, len(gap) - 300), tag.start())
        return Label(name_of(f"{parent[1]}_id")) if parent else _NO_LABEL
    outside = _TAGS.search(gap, max(0, len(gap) - 400))
    before = gap[: outside.start()].rstrip(": \t\r\n") if outside else ""
    match = _NAME.search(before, max(0, len(before) - 48))
    return Label(name_of(match[0])) if match is not None else _NO_LABEL


def _of_path(left: str) -> str | None:
    segments = left.replace("\\", "").rstrip("/").rsplit("/", 2)
    before = segments[-2] if len(segments) > 1 else ""
    return path_name(segments[-1][-40:], before[-40:])


def _above(gap: str) -> Label:
    """Return what a line says that holds nothing but a name, as a web page's copy."""
    match = _LINE_ABOVE.search(gap)
    if match is None or len(match[1].split()) > 4:  # noqa: PLR2004 - more is a sentence
        return _NO_LABEL
    return Label(name_of(match[1], with_sign=False), opens_list=True)


def _continues_list(gap: str) -> bool:
    """Return whether only separators of the items of a list are here."""
    return not gap.strip(_SEPARATORS) and any(sign in gap for sign in ",;-\n")


class IdContext:
    """Follows a text from left to right and gives each id in it a name."""

    def __init__(self, text: str, *, is_report: bool = False) -> None:
        """Begin at the beginning.

        Args:
            text: all of it.
            is_report: whether it holds a report of this program, which writes
                ``api`` and no sign before the id of a request.
        """
        self._text = text
        self._position = 0
        self._is_report = is_report
        self._list: Label = _NO_LABEL
        self._tables = Tables(text)
        # Most pastes repeat a few separators. The memory ends with this object, because
        # what stands between two ids may be personal data.
        self._label = lru_cache(maxsize=4_096)(label)

    @property
    def broken_tables(self) -> list[int]:
        """Positions from which on a table is read as plain text."""
        return self._tables.broken

    def name_of(self, start: int, end: int, left: str | None = None) -> str | None:
        """Return `SESSION`, the name of something else, or None for text[start:end].

        Ids must be asked for in the order of the text.

        Args:
            start: where it begins.
            end: where it ends.
            left: what stands before it, where that had to be decoded.
        """
        cell = self._tables.cell(start, end)
        low = max(self._position, start - _WINDOW)
        if cell is not None:
            low = max(low, cell.start)
        gap = self._text[low:start] if left is None else left
        is_first_in_cell = cell is not None and self._position < cell.start
        self._position = end
        if not is_first_in_cell and self._list.name and _continues_list(gap):
            return self._list.name
        found = self._local(gap, start) if gap else _NO_LABEL
        if found.name is None and self._text[start - 1 : start] == "<":
            # As in "References: <c28b…@mail.example>".
            is_mail = self._text[end : end + 1] == "@"
            found = Label("message_id") if is_mail else found
        self._list = found if found.opens_list else _NO_LABEL
        if found.name is None and cell is not None:
            return self._of_column(cell, start, end)
        return found.name

    def _local(self, gap: str, start: int) -> Label:
        if "api" in gap and self._is_api_id(gap, start):
            return Label("api_id")
        found = self._label(gap)
        if found.is_generic:
            return found._replace(name=self._parent(start))
        return found

    def _is_api_id(self, gap: str, start: int) -> bool:
        """Return whether a request's id is here, in the words of our reports."""
        words = gap.rstrip(" \t\r\n>|")
        if not words.endswith(" api") and words != "api":
            return False
        line = self._text.rfind("\n", max(0, start - 400), start) + 1
        is_behind = len(self._text[line:start].strip()) > len("+ c28b77d4 api")
        return self._is_report or is_behind

    def _parent(self, start: int) -> str | None:
        """Return the name of the object of which ``"id"`` is called."""
        window = self._text[max(0, start - _PARENT_WINDOW) : start]
        depth = tries = 0
        for bracket in reversed(list(_BRACKETS.finditer(window))):
            depth += 1 if bracket[0] in "}]" else -1
            if depth < 0:
                end = bracket.start()
                low = max(0, end - 60)
                is_named = window[low:end].rstrip().endswith((":", "=", ">"))
                key = _PARENT_KEY.search(window, low, end) if is_named else None
                if key is not None:
                    return name_of(f"{key[1].removesuffix('s')}_id")
                depth, tries = 0, tries + 1
                if tries == _MOST_LEVELS:
                    return None
        return _outer_key(window)

    def _of_column(self, cell: Cell, start: int, end: int) -> str | None:
        """Return the name of an id's column, unless the id is inside a text."""
        text = self._text
        rest = text[cell.start : start].strip(_SEPARATORS)
        rest += text[end : cell.end].strip(_SEPARATORS)
        if any(map(str.isspace, rest)) and cell.name != SESSION:
            return None
        return cell.name


def _outer_key(window: str) -> str | None:
    """Return the name of the YAML mapping or INI section of the last line."""
    *lines, last = window.split("\n")
    indent = len(last) - len(last.lstrip(" -"))
    if not indent:
        sections = (line.strip() for line in reversed(lines))
        section = next((s for s in sections if s[:1] == "[" and s[-1:] == "]"), None)
        return name_of(f"{section.strip('[]')}_id") if section else None
    for line in reversed(lines):
        if line.strip() and len(line) - len(line.lstrip(" -")) < indent:
            key = line.strip()
            return name_of(f"{key[:-1]}_id") if key.endswith(":") else None
    return None
