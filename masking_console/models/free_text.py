"""Text of people and of other programs, made fit to be kept: no numbers, no tokens.

A text is looked at as a person reads it: escapes are decoded, every digit, dash and
space of Unicode counts as the plain one, and what cannot be seen is left out. What is
found is cut from the text as it was typed; the rest of it stays as it is.
"""

import base64
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from masking_console.models.account import known_tokens
from masking_console.models.plain_text import MARK, PlainText, plain_text

NUMBER, TOKEN = "(number)", "(token)"
"""Placeholders of what was cut."""

_LONGEST_READ = 4_000
"""Characters; what is behind is cut off, and a text that is kept is far shorter."""
_MOST_DECODED = 3
"""Most levels of escapes."""
_FEWEST_SAID = 7
"""Digits of a number with its country code said by ``+`` or ``00``."""
_FEWEST = 10
"""Digits of a number that does not say so."""
_MOST = 17
"""Digits with a prefix to dial abroad; more are no number (ITU-T E.164)."""
_MOST_PARTS = 8
"""A number in more groups than this is none that a ticket or a count would have."""

_SUSPECT = re.compile(
    r"(?:\d\D{0,30}){7}|[^\x00-\x7f]|[%\\&=]|TU[EF]|U0[EF]|[A-Za-z0-9_/+-]{10}"
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ESCAPE = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|(?:=[0-9A-F]{2})+|&#(?:x[0-9A-Fa-f]{1,6}|\d{1,7});?"
    r"|&(?:plus|nbsp|lpar|rpar|period|hyphen|dash|sol|lowbar);"
    r"|\\u[0-9A-Fa-f]{4}|\\u\{[0-9A-Fa-f]{1,6}\}|\\x[0-9A-Fa-f]{2}",
)
_ENTITIES = {
    "plus": "+", "nbsp": " ", "lpar": "(", "rpar": ")", "period": ".",
    "hyphen": "-", "dash": "-", "sol": "/", "lowbar": "_",
}  # fmt: skip

_KINDS = {"Pd": "-", "Ps": "(", "Pe": ")", "Zs": " ", "Zl": " ", "Zp": " "}
_UNSEEN = frozenset({"Cc", "Cf", "Mn", "Me", "Cs", "Co", "Cn"})
_SAME = {
    "\u2795": "+", "\u2212": "-", "\u2043": "-", "\u30fc": "-", "\u2044": "/",
    "\u2215": "/", "\u00b7": ".", "\u2022": ".", "\u2027": ".", "\u2219": ".",
    "\u22c5": ".", "\u3002": ".",
}  # fmt: skip

_CREDENTIALS = re.compile(
    r"\b(?i:basic|bearer|digest)\b[^0-9A-Za-z+/]{1,4}"
    r"(?P<secret>(?=[^\s,;]*(?:[0-9=+/]|[a-z][A-Z])|\S{20})[^\s,;\"'<>]{8,})"
)
_PAIR = re.compile(r"\b(?:MA|SA)[A-Za-z0-9]{18}\W{1,3}(?P<secret>[A-Za-z0-9_-]{16,})")
_NAMED = re.compile(
    r"(?:auth[ _-]?)?(?:token|password|secret)[\"']?\s{0,2}[:=]\s{0,2}[\"']?"
    r"(?P<secret>(?=\S*\d)[^\s,;\"'<>&]{8,})",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?<![A-Za-z0-9])(?P<secret>(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{36,48})"
    r"(?![A-Za-z0-9])"
)
"""A token of Plivo's has 40 letters and digits; an id has 32."""
_ENCODED = re.compile(r"(?P<secret>(?:TU[EF]|U0[EF])[A-Za-z0-9+/_-]{25,}={0,2})")
_SIGNED_IN = re.compile(r"(?:MA|SA)[A-Za-z0-9]{18}:", re.ASCII)

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_TIME = r"(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d)?"
_MOMENT = rf"""
    (?:19|20)\d\d([-/.])(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])
    (?:[T ]+{_TIME}(?:[.,]\d{{1,9}})?(?:Z|[ ]?[+-]\d\d:?\d\d(?!\d))?)?
"""
_NOT_SAID = re.compile(
    rf"(?<![0-9A-Za-z+])(?:{_UUID.pattern}|{_MOMENT})(?!\d)",
    re.VERBOSE | re.IGNORECASE,
)
"""Shapes in which not even a plus makes a number of what follows it."""
_NO_NUMBER = re.compile(
    rf"""
    (?<![0-9A-Za-z])(?<![0-9][-./_,:])(?:
        {_MOMENT}
      | (?:B|C|crash|damaged)-\d{{8}}[-T]\d{{6}}(?:-[0-9a-f]+)*  # an id of ours
      | (?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|1[0-2])\2(?:19|20)\d\d(?![-/]\d)
      | {_TIME}
      | {_OCTET}(?:\.{_OCTET}){{3}}                                    # an address
      | \d{{1,3}}(?:,\d{{3}})+                                        # a count
    )(?![0-9]|[.,:]\d)
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Shapes that are no phone numbers, however many digits they have."""
_SIGN = r"(?:(?![,;] )[^0-9A-Za-z+\n])"
_DIGITS = re.compile(rf"[+]?{_SIGN}{{0,3}}\d(?:{_SIGN}{{0,3}}\d)*")
_BEFORE = re.compile(r"(?P<letters>[A-Za-z]*)(?P<between>[-#]{0,2})$")
_ABROAD = re.compile(r"00[1-9]\d{6,}")
"""The prefix to dial abroad in most countries, and a number of at least 7 digits."""
_YEAR = re.compile(r"(?:19|20)\d\d(?:[-_./]?\d\d){0,2}[-_./]")
_LABELS = frozenset(
    {
        "a", "call", "called", "caller", "calling", "cell", "client", "contact",
        "customer", "dial", "dialed", "fax", "from", "line", "mob", "mobile", "msisdn",
        "nr", "no", "num", "number", "party", "ph", "phone", "ring", "sms", "tel",
        "telephone", "text", "to", "us", "user", "wa", "whatsapp",
    }
)  # fmt: skip
"""Words before a number; other letters make a ticket of the digits behind them."""


def fit_to_keep(text: str, *, limit: int = 500) -> PlainText:
    """Return a text as it may be shown, written, copied and exported.

    Phone numbers become ``(number)`` and tokens ``(token)``. It is for what people and
    other programs say, never for ids, times or counts of this program's own.
    """
    if not _SUSPECT.search(text) or _UUID.fullmatch(text):
        return plain_text(text, limit=limit)
    return plain_text(_cut(text, _TOKENS, _NUMBERS), limit=limit)


def without_tokens(text: str) -> str:
    """Return a text without tokens; numbers stay."""
    return _cut(text, _TOKENS)


def holds_known_token(text: str) -> bool:
    """Return whether a token of an account of this process is in the text."""
    read = _read(text)
    return any(True for _ in _known(read))


@dataclass(frozen=True, slots=True)
class _Read:
    """A text as a person reads it, and where in the typed text each character is."""

    text: str
    spans: tuple[tuple[int, int], ...]

    def typed(self, start: int, stop: int) -> tuple[int, int]:
        return self.spans[start][0], self.spans[stop - 1][1]


_Finder = Callable[[_Read], Iterable[tuple[int, int]]]


def _cut(text: str, *finders: tuple[_Finder, str]) -> str:
    """Return the text with what the finders find replaced, one after the other."""
    shown = text[:_LONGEST_READ]
    for find, words in finders:
        read = _read(shown)
        places: list[tuple[int, int]] = []
        for start, stop in sorted(read.typed(a, b) for a, b in find(read)):
            if places and start <= places[-1][1]:
                start, stop = places[-1][0], max(stop, places.pop()[1])  # noqa: PLW2901 - joined
            places.append((start, stop))
        for start, stop in reversed(places):
            shown = f"{shown[:start]}{words}{shown[stop:]}"
    return shown


def _read(text: str) -> _Read:
    spans = tuple((at, at + 1) for at in range(len(text)))
    for _ in range(_MOST_DECODED):
        decoded, places = _decode(text)
        if decoded == text:
            break
        spans = tuple((spans[a][0], spans[b - 1][1]) for a, b in places)
        text = decoded
    letters: list[str] = []
    kept: list[tuple[int, int]] = []
    for character, span in zip(text, spans, strict=True):
        for plain in map(_plain, unicodedata.normalize("NFKC", character)):
            letters += plain
            kept += [span] * len(plain)
    return _Read("".join(letters), tuple(kept))


def _decode(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the text with its escapes decoded once, and the place of each letter."""
    out: list[str] = []
    places: list[tuple[int, int]] = []
    at = 0
    for escape in _ESCAPE.finditer(text):
        out += text[at : escape.start()]
        places += [(n, n + 1) for n in range(at, escape.start())]
        for letter, width in _letters_of(escape[0]):
            out.append(letter)
            start = places[-1][1] if places else 0
            places.append((start, min(start + width, escape.end())))
        at = escape.end()
    out += text[at:]
    places += [(n, n + 1) for n in range(at, len(text))]
    return "".join(out), places


def _letters_of(escape: str) -> Iterator[tuple[str, int]]:
    """Yield the letters of an escape, each with its number of characters."""
    if escape[0] in "%=":
        octets = bytes.fromhex(escape.replace(escape[0], ""))
        for letter in octets.decode("utf-8", "surrogateescape"):
            yield letter, 3 * len(letter.encode("utf-8", "surrogateescape"))
        return
    digits = escape.strip("&#;\\{}")
    if digits in _ENTITIES:
        yield _ENTITIES[digits], len(escape)
        return
    is_decimal = escape.startswith("&#") and digits[0] not in "xX"
    code = int(digits, 10) if is_decimal else int(digits.lstrip("uxX{"), 16)
    yield (chr(code) if code <= 0x10FFFF else MARK), len(escape)  # noqa: PLR2004 - the last


def _plain(character: str) -> str:
    """Return one character as ASCII, as far as numbers need it; nothing if unseen."""
    if character in _SAME:
        return _SAME[character]
    if character.isspace():
        return " "
    if character.isascii():
        return character if character.isprintable() else ""
    kind = unicodedata.category(character)
    if kind == "Nd":
        return str(unicodedata.digit(character))
    if kind in _UNSEEN or character == MARK:
        return ""
    return _KINDS.get(kind, character)


def _tokens(read: _Read) -> Iterator[tuple[int, int]]:
    yield from _known(read)
    for shape in (_CREDENTIALS, _PAIR, _NAMED, _BARE, _ENCODED):
        for found in shape.finditer(read.text):
            if shape is not _ENCODED or _is_signed_in(found["secret"]):
                yield found.span("secret")


def _known(read: _Read) -> Iterator[tuple[int, int]]:
    for token in known_tokens():
        yield from token.places_in(read.text)


def _is_signed_in(secret: str) -> bool:
    """Return whether an encoded text is an Auth ID and what belongs to it."""
    # Four letters are three bytes, so that these end with the colon.
    decoded = base64.urlsafe_b64decode(secret[:28].replace("+", "-").replace("/", "_"))
    return _SIGNED_IN.match(decoded.decode("latin-1")) is not None


def _numbers(read: _Read) -> Iterator[tuple[int, int]]:
    # What is no number parts what is before it from what is behind it.
    text = _NOT_SAID.sub(_blank, read.text)
    for find in (_said, _not_said):
        for start, stop in find(text):
            is_in_brackets = text[:start].endswith("(") and ")" in text[start:stop]
            yield start - is_in_brackets, stop
            text = f"{text[:start]}{'x' * (stop - start)}{text[stop:]}"
        text = _NO_NUMBER.sub(_blank, text)


def _blank(found: re.Match[str]) -> str:
    return "x" * len(found[0])


def _groups(found: re.Match[str]) -> list[tuple[int, int]]:
    """Return the places of the groups of digits in a run."""
    return [
        (found.start() + group.start(), found.start() + group.end())
        for group in re.finditer(r"\d+", found[0])
    ]


def _said(text: str) -> Iterator[tuple[int, int]]:
    """Yield the numbers that begin with a plus."""
    for found in _DIGITS.finditer(text):
        groups = _groups(found)
        if found[0][0] == "+" and sum(b - a for a, b in groups) >= _FEWEST_SAID:
            yield found.start(), groups[-1][1]


def _not_said(text: str) -> Iterator[tuple[int, int]]:
    """Yield the numbers that begin with two zeros, and those that some plan has."""
    for found in _DIGITS.finditer(text):
        groups = _groups(found)
        start, stop = groups[0][0], groups[-1][1]
        digits = "".join(text[a:b] for a, b in groups)
        before = _BEFORE.search(text[:start])
        letters = before["letters"] if before is not None else ""
        if _ABROAD.match(digits) and (not letters or letters.casefold() in _LABELS):
            yield start, stop
        elif len(digits) >= _FEWEST and not _is_ticket(before, text[start:stop]):
            yield from _valid_parts(text, groups)


def _valid_parts(
    text: str, groups: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Yield the groups that make a number; a count may precede or follow it."""
    if len(groups) > _MOST_PARTS:
        yield groups[0][0], groups[-1][1]
        return
    spans = combinations(range(len(groups) + 1), 2)
    taken: list[tuple[int, int]] = []
    for first, last in sorted(spans, key=lambda ab: ab[0] - ab[1]):
        part = "".join(text[a:b] for a, b in groups[first:last])
        is_free = all(last <= a or first >= b for a, b in taken)
        if is_free and _FEWEST <= len(part) <= _MOST and _is_valid(part):
            taken.append((first, last))
            yield groups[first][0], groups[last - 1][1]


def _is_ticket(before: re.Match[str] | None, run: str) -> bool:
    """Return whether the letters before digits make a ticket of them."""
    if before is None or not before["letters"]:
        return False
    letters = before["letters"]
    if letters.casefold() in _LABELS or not 2 <= len(letters) <= 10:  # noqa: PLR2004 - INC, RITM
        return False
    if before["between"] and not letters.isupper():
        return False
    return run.isdigit() or _YEAR.match(run) is not None


def _is_valid(digits: str) -> bool:
    """Return whether some country's numbering plan has such a number."""
    import phonenumbers  # noqa: PLC0415 - its plans take longer to load than a screen

    def is_number(text: str, region: str | None) -> bool:
        try:
            return phonenumbers.is_valid_number(phonenumbers.parse(text, region))
        except phonenumbers.NumberParseException:
            return False

    return is_number(f"+{digits}", None) or any(
        is_number(digits, region) for region in phonenumbers.SUPPORTED_REGIONS
    )


_TOKENS: tuple[_Finder, str] = (_tokens, TOKEN)
_NUMBERS: tuple[_Finder, str] = (_numbers, NUMBER)
