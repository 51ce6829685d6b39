"""Names of ids: whether one means a masking session, something else, or neither.

Only a name that is known takes an id out; under any other name it counts, because each
session is looked at and reviewed before anything happens.
"""

import re
from functools import lru_cache

SESSION = "session"
"""The answer for a name that means a masking session."""

_OWNERS = (
    "account agent aggregate alert api app application attachment auth batch boot "
    "brand bridge build call campaign case channel chat client cluster comment commit "
    "company conference connection contact container conversation correlation customer "
    "cve deployment department device dialog document endpoint environment ephemeral "
    "event execution file flow folder function group host idempotency image incident "
    "install instance interaction invocation invoice issue job lambda lead leg machine "
    "media member message monitor mpc msg namespace node operation order org "
    "organization participant partition payment phlo pipeline pod policy pool "
    "powerpack process product profile project query queue reading recording region "
    "release replica req request requester role rule run schedule sequence server "
    "service shard sip site snapshot span stage step stream subaccount subscriber "
    "subscription task team tenant thread ticket trace tracking transaction transfer "
    "tx txn upload user usr visitor visit volume webhook worker workflow workspace"
)
_ENDS = ("id", "uuid", "guid", "uid", "sid")
_NAMES = {
    owner + end: f"{owner}_{end}" for owner in _OWNERS.split() for end in _ENDS
} | {
    "multipartycalluuid": "mpc_uuid",
    "verifysession": "verify session",
    "traceparent": "trace",
    "amzntraceroot": "trace",
}
_NAMES |= {"verifysession" + end: "verify session" for end in _ENDS}
_NAME_ENDS = tuple(_NAMES)
"""Ends of names: ``parent_call_uuid`` and ``X-Request-ID`` count as well."""
_LONGEST_NAME = max(map(len, _NAMES))
_SHORTEST_NAME = min(map(len, _NAMES))

_SESSION_ENDS = tuple(
    f"{owner}{end}" for owner in ("session", "sessions") for end in ("", *_ENDS)
) + tuple(f"{owner}{end}" for owner in ("masking", "mask") for end in _ENDS)

_WORDS = frozenset({"account", "call", "conference", "etag", "md5", "recording"})
_WORDS |= {"request", "span", "subaccount", "trace", "nonce", "checksum", "sha1"}
_WORDS |= {"sha256", "digest", "transaction", "correlation", "invocation"}
"""Names only where a sign follows: ``trace=``, but not "the call c28b…"."""
_PATHS = frozenset(_OWNERS.split()) | _WORDS | {"multipartycall", "number"}
"""Path segments after which an id of that kind follows."""

_NOT_LETTERS = re.compile(r"[\W_]+")
_IN_BRACKETS = re.compile(r"[\[({<]([^\])}>]*)[\])}>]?")
# ``session_uuid.keyword``, ``session_uuid__c``, ``session_uuid_g``, ``Call ID 2``: what
# search engines, forms and tables put behind a name says nothing of whose id it is.
_SUFFIX = re.compile(
    r"(?:[\s._:#]+(?:keyword|raw|str|string|txt|text|value|val|field|column|[sgc]|\d+)"
    r"|#)+\Z",
    re.IGNORECASE,
)
_ANY_ID = re.compile(r"(?:\A|[a-z0-9])(?:uuid|guid|uid|sid|id)s?\Z")


def name_of(name: str, *, with_sign: bool = True) -> str | None:
    """Return `SESSION`, the known name of something else, or None.

    Args:
        name: as it stands in the text: ``API ID``, ``apiId``, ``@dd.trace_id``,
            ``Custom field (Session UUID)``, ``Session UUID [txt]``.
        with_sign: whether a colon or the like says that it is a name at all.
    """
    outer = _IN_BRACKETS.sub(" ", name)
    known = _plain_name(outer, with_sign=with_sign)
    if known is None and outer != name:
        for inner in _IN_BRACKETS.findall(name):
            known = known or _plain_name(inner, with_sign=with_sign)
    return known


def _plain_name(name: str, *, with_sign: bool) -> str | None:
    name = _SUFFIX.sub("", name.strip())
    squeezed = _squeezed(name)
    for ending in (squeezed, squeezed.removesuffix("s")):
        end = ending[-_LONGEST_NAME:]
        # The longest first: ``profile_id`` is no ``file_id``.
        for length in range(len(end), _SHORTEST_NAME - 1, -1):
            if known := _NAMES.get(end[-length:]):
                return known
    if squeezed.endswith(_SESSION_ENDS):
        return SESSION
    words = name.split()
    word = _squeezed(words[-1]) if words else ""
    return word if with_sign and word in _WORDS else None


def column_name(cell: str) -> str | None:
    """Return what a table's column holds, by the cell of its header."""
    known = name_of(cell, with_sign=False)
    if known is None and (word := _squeezed(cell)) in _WORDS:
        return word
    return known


_THINGS = frozenset({"agent", "client", "customer", "device", "endpoint", "host"})
_THINGS |= {"order", "organization", "participant", "powerpack", "tenant", "user"}
"""Names of columns that hold an id beside a session's."""


def names_some_id(cell: str) -> bool:
    """Return whether a header's cell names an id, whosever that is."""
    name = _squeezed(_SUFFIX.sub("", _IN_BRACKETS.sub(" ", cell).strip()))
    return name.removesuffix("s") in _THINGS or _ANY_ID.search(name) is not None


def short_name(cell: str) -> str:
    """Return the name of a column as we say it."""
    return " ".join(cell.split())[:40]


@lru_cache(maxsize=256)
def path_name(segment: str, before: str) -> str | None:
    """Return what an id behind ``/before/segment/`` of a path or URL is."""
    segment = segment.lower()
    if segment in {"session", "sessions"}:
        return "verify session" if before.lower() == "verify" else SESSION
    singular = segment.removesuffix("s")
    return singular if singular in _PATHS else None


def prefix_name(word: str) -> str | None:
    """Return what an id is that a word with ``-`` or ``_`` is glued to.

    ``session-c28b…`` is a session and ``req-c28b…`` a request.
    """
    known = name_of(word)
    if known is not None:
        return known
    last = re.split(r"[-_.]", word.lower())[-1]
    return last if last in _PATHS else None


def _squeezed(name: str) -> str:
    return _NOT_LETTERS.sub("", name.lower())
