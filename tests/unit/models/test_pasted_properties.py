"""Generated texts of which the truth is known: no session is lost, none is silent."""

import csv
import html
import io
import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Literal
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking_console.models.session_ids import PastedIds, read_session_ids
from tests.support.campaigns import campaign, examples

SESSION_COLUMNS = (
    "session_uuid",
    "Session UUID",
    "session.id",
    "Session UUID [txt]",
    "Custom field (Session UUID)",
    "@session_uuid",
    "Masking Session",
    "sessionUuid.keyword",
    "session_uuid__c",
    "Masking\nSession UUID",
)
FOREIGN_COLUMNS = (
    "api_id",
    "Call UUID",
    "trace.id",
    "@dd.trace_id",
    "agent.id",
    "client_msg_id",
    "a_leg_uuid",
    "operationId",
    "Custom field (Call UUID)",
    "X-Request-ID",
    "Ticket ID [txt]",
    "transaction.id.keyword",
)
OTHER_COLUMNS = (
    "@timestamp",
    "Status",
    "Description",
    "Cost ($)",
    "# of calls",
    "Message",
    "Requester",
)
CELLS = (
    "",
    "active",
    "4812",
    "Calls still go through.\nPlease end",
    'he said "end it"',
    "a, b; c\td",
    '5" pipe',
    "one\n\ntwo",
    "O'Neill",
    '"',
    "session, call id; trace\tid\nrequest_id, x",
)
PROSE = (
    "",
    "Hello, please end these.\n",
    "they said: it's still on\n\n",
    "Ticket OPS-4812, from Jane\nsee below\n",
)

uuids = st.uuids(version=4).map(str)


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, list[str], list[str]]:
    """Return a file, its sessions, and what is under other names."""
    names = draw(
        st.permutations(
            [
                draw(st.sampled_from(SESSION_COLUMNS)),
                *draw(
                    st.lists(st.sampled_from(FOREIGN_COLUMNS), max_size=3, unique=True)
                ),
                *draw(
                    st.lists(st.sampled_from(OTHER_COLUMNS), max_size=3, unique=True)
                ),
            ]
        )
    )
    sessions: list[str] = []
    foreign: list[str] = []
    rows: list[list[str]] = []
    for _row in range(draw(st.integers(1, 6))):
        row = []
        for name in names:
            if name in OTHER_COLUMNS:
                row.append(draw(st.sampled_from(CELLS)))
                continue
            ids = draw(uuids)
            (sessions if name in SESSION_COLUMNS else foreign).append(ids)
            row.append(ids)
        rows.append(row)
    out = io.StringIO(newline="")
    delimiter = draw(st.sampled_from(",;\t"))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    quoting: Literal[0, 1, 2, 3] = draw(
        st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC])
    )
    if end == "\r":
        # The writer leaves other line ends without quotes, which is no valid file.
        quoting = csv.QUOTE_ALL
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)
    if draw(st.booleans()):
        out.write(f"sep={delimiter}{end}")
    writer.writerows([names, *rows])
    before, after = draw(st.sampled_from(PROSE)), draw(st.sampled_from(PROSE))
    if after:
        last = draw(uuids)
        sessions.append(last)
        after += f"and this one as well: {last}\n"
    return before + out.getvalue() + after, sessions, foreign


@campaign
@settings(max_examples=examples("pasted tables", 600, 100))
@given(tables())
def test_no_table_loses_a_session_or_lends_a_foreign_id(
    table: tuple[str, list[str], list[str]],
) -> None:
    text, sessions, foreign = table
    read = read_session_ids(text)

    assert list(read.found) == list(dict.fromkeys(sessions))
    assert read.ignored_count == len(foreign)
    assert read.incomplete_count == 0
    assert read.broken_tables == ()


KEYS = ("api_id", "callUuid", "trace_id", "client_msg_id", "operationId", "agent.id")


@campaign
@settings(max_examples=examples("pasted texts", 300, 60))
@given(
    st.lists(st.tuples(uuids, st.dictionaries(st.sampled_from(KEYS), uuids))),
    st.sampled_from([None, 0, 2]),
    st.booleans(),
    st.integers(0, 3),
)
def test_no_json_loses_a_session_or_lends_a_foreign_id(
    objects: list[tuple[str, dict[str, str]]],
    indent: int | None,
    is_first: bool,
    times: int,
) -> None:
    made = [
        {"session_uuid": one, **more} if is_first else {**more, "session_uuid": one}
        for one, more in objects
    ]
    text = json.dumps({"objects": made}, indent=indent)
    for _time in range(times):
        text = json.dumps(text)
    read = read_session_ids(text)

    assert list(read.found) == list(dict.fromkeys(one for one, _more in objects))
    assert read.ignored_count == sum(len(more) for _one, more in objects)


def _quoted_printable(text: str) -> str:
    return re.sub("[-=]", lambda match: f"={ord(match[0]):02X}", text)


ENCODERS: dict[str, Callable[[str], str]] = {
    "percent": lambda text: quote(text, safe="").replace("-", "%2D"),
    "twice percent": lambda text: quote(text.replace("-", "%2d"), safe=""),
    "quoted-printable": _quoted_printable,
    "entities": lambda text: text.replace("-", "&#45;"),
    "all entities": lambda text: "".join(f"&#x{ord(c):X};" for c in text),
    "escaped entities": lambda text: html.escape(text.replace("-", "&#45;")),
    "JSON": lambda text: text.replace("-", "\\u002d"),
    "JSON in JSON": lambda text: json.dumps(text.replace("-", "\\u002d")),
    "all JSON": lambda text: "".join(f"\\u{ord(c):04x}" for c in text),
    "Markdown": lambda text: re.sub(r"([-_*])", r"\\\1", text),
    "soft hyphens": lambda text: text.replace("-", "\u00ad-\u00ad"),
    "inline tags": lambda text: text.replace("-", '<b class="x">-</b>'),
    "zero width": "\u200b".join,
}
AROUND = ("", " ", "id=", "see ", "https://ops.example/?session_uuid=", '"', "\n", "(")


@campaign
@settings(max_examples=examples("pasted texts", 300, 60))
@given(
    st.sampled_from(sorted(ENCODERS)),
    st.lists(uuids, min_size=1, max_size=4, unique=True),
    st.sampled_from(AROUND),
    st.sampled_from(["", " ", "&x=1", '"', "\n", ")", ", please"]),
)
def test_every_encoding_is_undone(
    encoder: str, ids: list[str], before: str, after: str
) -> None:
    text = "\n".join(before + ENCODERS[encoder](each) + after for each in ids)
    read = read_session_ids(text)

    assert list(read.found) == ids
    assert sum(count for _name, count in read.decoded) == len(ids)
    assert read.incomplete_count == 0


def _is_named(read: PastedIds, written: str) -> bool:
    return (
        bool(read.incomplete_count or read.found or read.ignored_count) or not written
    )


SEPARATORS = (
    "_",
    ".",
    " - ",
    "\u2011",
    "\u2013",
    "\u2212",
    "~",
    ":",
    "\u200b",
    " ",
    "--",
    "+AC0-",
    "{dash}",
    "&thinsp;",
    "\u00b7",
    "/",
    "\n",
    " \\\n",
)
GLUED = ("x", "0", "Z-", "\u0430", "abc_", "-a", "12")


@campaign
@settings(max_examples=examples("pasted texts", 300, 60))
@given(uuids, st.sampled_from(SEPARATORS), st.integers(1, 4))
def test_other_dashes_are_never_silent(one: str, sign: str, count: int) -> None:
    for text in (one.replace("-", sign), one.replace("-", sign, count)):
        read = read_session_ids(f"please end {text} now")

        assert read.found == ()
        assert read.incomplete_count >= 1
        assert read.incomplete[0].line == 1


@campaign
@settings(max_examples=examples("pasted texts", 300, 60))
@given(uuids, st.integers(10, 35), st.booleans())
def test_a_cut_id_is_never_silent(one: str, length: int, is_end: bool) -> None:
    part = one[-length:] if is_end else one[:length]
    telling = part.strip("-")
    read = read_session_ids(f"please end {part} now")

    assert read.found == ()
    # Digits alone are a number of some other kind, and so are the last groups.
    is_seen = len(telling) >= (18 if is_end else 13)
    if is_seen and not telling.replace("-", "").isdigit():
        assert read.incomplete_count == 1


@campaign
@settings(max_examples=examples("pasted texts", 300, 60))
@given(uuids, st.integers(0, 35), st.sampled_from("gxOlZ-"), st.booleans())
def test_an_id_with_a_wrong_or_missing_character_is_never_silent(
    one: str,
    place: int,
    wrong: str,
    is_missing: bool,
) -> None:
    text = one[:place] + ("" if is_missing else wrong) + one[place + 1 :]
    read = read_session_ids(f"please end {text} now")

    assert (one in read.found) == (text == one)
    if text != one:
        assert read.incomplete_count >= 1


@campaign
@settings(max_examples=examples("pasted texts", 300, 60))
@given(uuids, st.sampled_from(GLUED), st.booleans())
def test_an_id_in_a_longer_word_is_never_silent(
    one: str,
    glue: str,
    is_before: bool,
) -> None:
    text = glue + one if is_before else one + glue[::-1]
    read = read_session_ids(f"please end {text} now")

    assert read.found == ()
    assert read.incomplete_count == 1


@campaign
@settings(max_examples=examples("pasted texts", 300, 60))
@given(st.lists(uuids, min_size=1, max_size=3), st.integers(0, 2**32))
def test_nothing_that_stands_between_hides_an_id(ids: list[str], seed: int) -> None:
    source = random.Random(seed)  # noqa: S311 - drawn
    pieces: list[str] = []
    for each in ids:
        pieces += [source.choice(CELLS + PROSE), " ", each, " ", source.choice(CELLS)]
    read = read_session_ids("".join(pieces))

    assert set(read.found) | {each.text for each in read.ignored} >= set(ids)


def _csv(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue()


def test_a_quote_that_stays_open_is_said_and_nothing_is_lost() -> None:
    one, two, three = (f"c28b77d4-21e7-43bd-9447-{n:012d}" for n in range(3))
    text = f'session_uuid,api_id,note\n{one},{two},"open\n{three},{two},x\n'
    read = read_session_ids(text)

    assert set(read.found) == {one, two, three}
    assert read.broken_tables == (2,)


@pytest.mark.parametrize("quote_sign", ['"', ""])
def test_a_cell_over_the_limit_is_said_and_nothing_is_lost(quote_sign: str) -> None:
    one, two = (f"c28b77d4-21e7-43bd-9447-{n:012d}" for n in range(2))
    long = quote_sign + "x" * (csv.field_size_limit() + 1) + quote_sign
    text = f"session_uuid,api_id,note\n{one},{two},{long}\n"
    read = read_session_ids(text)

    assert set(read.found) == {one, two}
    assert read.broken_tables == (2,)


def test_rows_without_ids_may_stand_before_the_first_with_one() -> None:
    one, two = (f"c28b77d4-21e7-43bd-9447-{n:012d}" for n in range(2))
    rows = [["api_id", "session_uuid", "note"], *[["", "", "x" * 70]] * 300]
    read = read_session_ids(_csv([*rows, [one, two, "x"]]))

    assert read.found == (two,)
    assert read.ignored_names == (("api_id", 1),)
