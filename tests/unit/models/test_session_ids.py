import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking_console.models.id_shapes import IncompleteReason
from masking_console.models.session_ids import KEPT, read_session_ids

A = "c28b77d4-21e7-43bd-9447-04bfee92e651"
B = "4b083bef-ce3a-4a4e-a6a5-8ba4c9ce5d3e"
C = "bc0a20bb-9f09-4116-b3f8-709def3a89df"
R = IncompleteReason


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (A, [A]),
        (A.upper(), [A]),
        (f'"{A}"', [A]),
        (f"<{A}>,({B});[{C}]", [A, B, C]),
        (f"session_uuid={A} status=active", [A]),
        (f"https://api.plivo.com/v1/Account/MA/Masking/Session/{A}/", [A]),
        (f"12:01 INFO session {A}: expired", [A]),
        (json.dumps({"response": {"session_uuid": A}}), [A]),
        (json.dumps({"objects": [{"session_uuid": A}, {"session_uuid": B}]}), [A, B]),
        (f"{A}\r{B}\r", [A, B]),
        (f"{A}\\n{B}", [A, B]),
        (f"the call {A}", [A]),
        (f"id: {A}", [A]),
        (f"session_uuid,ticket\n{A},1\n{B},2", [A, B]),
        (f"sessions: {A}, {B}, {C}", [A, B, C]),
        ("", []),
        ("nothing here 2024-05-29 and +91 90034-59051", []),
        (f"_{A}_", [A]),
        (f"- __{A}__", [A]),
        (f"session-{A}", [A]),
        (f"session_{A}_2024", [A]),
        (f"{A}_{B}", [A, B]),
        (f"\u4f1a\u8bdd{A}\u7ed3\u675f", [A]),
        (f"sip:{A}@host", [A]),
        (f"UUID('{A}')", [A]),
    ],
)
def test_ids_are_found_in_any_text(text: str, found: list[str]) -> None:
    read = read_session_ids(text)

    assert list(read.found) == found
    assert (read.incomplete_count, read.ignored_count) == (0, 0)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (A.replace("-", "%2D"), "percent-encoding"),
        (A.replace("-", "%2d", 1), "percent-encoding"),
        (A.replace("-", "%252D"), "percent-encoding"),
        (A.replace("-", "%u002D"), "percent-encoding"),
        (f"?id={A.replace('-', '%2D')}", "percent-encoding"),
        ("".join(f"%{ord(c):02x}" for c in A), "percent-encoding"),
        (f"%0A{A}", "percent-encoding"),
        (A.replace("-", "=2D"), "quoted-printable"),
        (f"id=3D{A}", "quoted-printable"),
        (f"{A[:20]}=\r\n{A[20:]}", "quoted-printable"),
        (A.replace("-", "&#45;"), "HTML entities"),
        (A.replace("-", "&#x2d;"), "HTML entities"),
        (A.replace("-", "&amp;#45;"), "HTML entities"),
        (A.replace("-", "&shy;-"), "HTML entities"),
        (A.replace("-", "-<wbr>"), "HTML tags"),
        (A.replace("-", r"\u002d"), "escapes"),
        (A.replace("-", r"\\u002D"), "escapes"),
        (A.replace("-", r"\u{2d}"), "escapes"),
        (A.replace("-", r"\x2d"), "escapes"),
        (A.replace("-", r"\U0000002d"), "escapes"),
        (A.replace("-", r"\055"), "escapes"),
        (A.replace("-", r"\-"), "escapes"),
        (f"x\\n{A}\\n", "escapes"),
        ("".join(f"\\u{ord(c):04x}" for c in A), "escapes"),
        (A.replace("-", "_x002D_"), "Excel escapes"),
        (A.replace("-", "-\u200b"), "invisible characters"),
        (A.replace("-", "\u00ad-"), "invisible characters"),
        ("\0".join(A), "invisible characters"),
        (rf"\x1b[32m{A}\x1b[0m", "terminal colors"),
        (f"\x1b[1;32m{A}\x1b[0m", "terminal colors"),
        (f"[32m{A}[0m", "terminal colors"),
        (f"^[[32m{A}^[[0m", "terminal colors"),
        (f"{A[:4]}\x1b[7m{A[4:]}", "terminal colors"),
        (
            "".join(c if c == "-" else chr(ord(c) + 0xFEE0) for c in A),
            "full-width characters",
        ),
    ],
)
def test_ids_are_decoded_where_that_leaves_no_doubt_and_marked(
    text: str, encoding: str
) -> None:
    for around in ("{}", "see {} please", '"session_uuid": "{}"', "id={}&x=1"):
        read = read_session_ids(around.format(text))

        assert read.found == (A,)
        assert read.decoded == ((encoding, 1),)
        assert (read.incomplete_count, read.ignored_count) == (0, 0)


def test_the_sign_of_a_value_is_told_from_an_escape_in_mail() -> None:
    # ``=4b`` is a ``K`` in mail.
    read = read_session_ids(f"id={B[:4]}%{ord(B[4]):02x}{B[5:]}")

    assert read.found == (B,)
    assert read.incomplete_count == 0
    read = read_session_ids(f"id={B[:4]}%{ord(B[4]):02x}{B[5:].replace('-', '%2D')}")
    assert read.found == (B,)
    assert read.incomplete_count == 0


def test_encoded_ids_are_found_wherever_they_stand() -> None:
    encoded = A.replace("-", "%2D")
    for shift in range(0, 80, 3):
        text = " " * (65_450 + shift) + encoded + " " * 300 + B.replace("-", "%2D")
        assert read_session_ids(text).found == (A, B)
    ids = [f"{number:08x}{A[8:]}" for number in range(300)]
    for encoder in ("%2D", "&#45;", "%26amp%3B%2345%3B"):
        text = " ".join(one.replace("-", encoder) for one in ids)
        assert list(read_session_ids(text).found) == ids


@pytest.mark.parametrize(
    "sign", ["%25252525252D", "&amp;amp;amp;amp;amp;#45;", "\\" * 32 + "u002d"]
)
def test_an_escape_may_be_escaped_again_and_again(sign: str) -> None:
    assert read_session_ids(A.replace("-", sign)).found == (A,)


def test_more_levels_of_different_escapes_than_are_undone_are_named() -> None:
    read = read_session_ids(A.replace("-", "%26%2338%3B%2338%3B%2345%3B"))

    assert read.found == ()
    assert read.incomplete_count == 1


def test_an_id_across_the_columns_of_a_table_is_in_none_of_them() -> None:
    read = read_session_ids(f"a,b,c,d,api_id\n{A.replace('-', ',')}\n")

    assert [each.reason for each in read.incomplete] == [R.OTHER_DASHES]


def test_what_can_be_read_as_it_stands_is_not_decoded() -> None:
    # ``=c2`` and ``\\f`` would be escapes as well.
    read = read_session_ids(f"id={A} C:\\{B} %{C}")

    assert read.found == (A, B, C)
    assert read.decoded == ()


def test_a_name_before_an_id_may_be_encoded_too() -> None:
    text = f"call_uuid%3D{A} %22api_id%22%3A%22{B}%22 session_uuid%3D{C}"
    read = read_session_ids(text)

    assert read.found == (C,)
    assert dict(read.ignored_names) == {"call_uuid": 1, "api_id": 1}


@pytest.mark.parametrize("number", [0xD800, 0x110000])
def test_an_escape_of_no_character_decodes_nothing(number: int) -> None:
    text = A[:20] + rf"\u{{{number:x}}}" + A[20:]

    assert read_session_ids(text).found == ()
    assert read_session_ids(text).incomplete_count == 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f'"api_id":"{A}"', "api_id"),
        (f"call_uuid={A}", "call_uuid"),
        (f"callUuid: {A}", "call_uuid"),
        (f"X-Request-ID: {A}", "request_id"),
        (f"trace={A}", "trace"),
        (f"account: {A}", "account"),
        (f"/v1/Account/MA/Call/{A}/", "call"),
        (f"/Recording/{A}", "recording"),
        (f"https://api.plivo.com/Verify/Session/{A}", "verify session"),
        (f'"call": {{"id": "{A}"}}', "call_id"),
        (f'"call_uuids": ["{A}"]', "call_uuid"),
        (f"api_id,status\n{A},active", "api_id"),
        (f'name,api_id\n"x,y",{A}', "api_id"),
        (f"name\tapi_id\nx\t{A}", "api_id"),
        (f'"client_msg_id":"{A}"', "msg_id"),
        (f"a_leg_uuid={A}", "leg_uuid"),
        (f"operationId: {A}", "operation_id"),
        (f"@dd.trace_id={A}", "trace_id"),
        (f"call_uuid: UUID('{A}')", "call_uuid"),
        (f'["api_id"]=>\n  string(36) "{A}"', "api_id"),
        (f"[api_id:protected] => {A}", "api_id"),
        (f'["api_id":"Plivo\\Reply":private]=> string(36) "{A}"', "api_id"),
        (f'api_id="{A}"', "api_id"),
        (f'"api_id" => "{A}"', "api_id"),
        (f"api_id -> Some({A})", "api_id"),
        (f"<api_id>{A}</api_id>", "api_id"),
        (f'<api_id type="uuid">{A}</api_id>', "api_id"),
        (f'<field name="api_id">{A}</field>', "api_id"),
        (f"<tr><td>API ID</td><td>{A}</td></tr>", "api_id"),
        (f"&quot;api_id&quot;:&quot;{A}&quot;", "api_id"),
        (f'{{"field":"@requestId","value":"{A}"}}', "request_id"),
        (f'"agent": {{"name": "x", "id": "{A}"}}', "agent_id"),
        (f'"agent": {{"tags": {{"a": 1}}, "id": "{A}"}}', "agent_id"),
        (f'"calls": [{{"id": 1}}, {{"id": "{A}"}}]', "call_id"),
        (f"agent:\n  name: x\n\n  id: {A}", "agent_id"),
        (f"the request id is {A}", "request_id"),
        (f"Trace ID\n{A}\n", "trace_id"),
        (f"Trace ID:\n  {A}\n", "trace_id"),
        (f"req-{A}", "req"),
        (f"request_{A}.json", "request"),
        (f"/api/requests/{A}", "request"),
        (f"api_id\n{A}", "api_id"),
        (f"+ {B}  expired  confirmed by Plivo  api {A}", "api_id"),
    ],
)
def test_ids_of_something_else_are_left_out_and_named(text: str, name: str) -> None:
    read = read_session_ids(text)

    assert A not in read.found
    assert [each.name for each in read.ignored] == [name]
    assert read.ignored_names == ((name, 1),)


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        (f"x\n{A[:22]}", R.CUT, 2),
        (f"\n\n{A[:35]}", R.CUT, 3),
        (f"{A[:20]}\n{A[20:]}", R.WRAPPED, 1),
        (f"> {A[:18]}\r\n> {A[18:]}", R.WRAPPED, 1),
        (f"{A[:9]}\n> {A[9:]}", R.WRAPPED, 1),
        (A[9:], R.CUT, 1),
        ("c28b77d4-2", R.CUT, 1),
        (f"{A[:9]}\u2026", R.CUT, 1),
        (f"session_uuid={A[:8]}", R.CUT, 1),
        (f"session_uuid={A.replace('-', '')}", R.NO_DASHES, 1),
        (f"session_uuid={A.replace('-', '')}0", R.MISTYPED, 1),
        (f"note,session_uuid\nx,{A.replace('-', '')}", R.NO_DASHES, 2),
        (A.replace("-", "\u2011"), R.OTHER_DASHES, 1),
        (A.replace("-", "_"), R.OTHER_DASHES, 1),
        (A.replace("-", "_", 2), R.OTHER_DASHES, 1),
        (A.replace("-", " - "), R.OTHER_DASHES, 1),
        (A.replace("-", "."), R.OTHER_DASHES, 1),
        (A.replace("-", "\u200b"), R.OTHER_DASHES, 1),
        (A.replace("-", "%E2%80%91"), R.OTHER_DASHES, 1),
        (A.replace("-", "_")[:22], R.CUT, 1),
        (A.replace("-", ".")[9:], R.CUT, 1),
        (A.replace("-", "%2D")[:24], R.CUT, 1),
        (A.replace("-", "+AC0-"), R.ENCODED, 1),
        (A.replace("-", r"\N{HYPHEN-MINUS}"), R.ENCODED, 1),
        (A.replace("-", "&#45"), R.ENCODED, 1),
        (A.replace("-", " U+002D "), R.ENCODED, 1),
        (A.replace("-", "\n"), R.WRAPPED, 1),
        (A + "0", R.GLUED, 1),
        ("z" + A, R.GLUED, 1),
        ("\u0430" + A, R.GLUED, 1),
        (A + "-retry", R.GLUED, 1),
        (f"x_{A}", R.GLUED, 1),
        (f"{A}_2", R.GLUED, 1),
        (A[:23] + "-x" + A[25:], R.MISTYPED, 1),
        ("x28b77d4-21e7-43bd-9447-04bfee92e651", R.MISTYPED, 1),
        (A.replace("-", "", 1), R.MISTYPED, 1),
        (A[:24] + "O" + A[25:], R.MISTYPED, 1),
        ("\u0441" + A[1:], R.CUT, 1),
    ],
)
def test_what_is_no_whole_id_is_reported_and_not_guessed(
    text: str, reason: R, line: int
) -> None:
    read = read_session_ids(text)

    assert read.found == ()
    assert [(each.reason, each.line) for each in read.incomplete] == [(reason, line)]


@pytest.mark.parametrize(
    "text",
    [
        "20240529-0447",
        "20240529-a",
        "deadbeef-x",
        "12345678-1234",
        "1" * 32,
        A.replace("-", ""),
        f"md5 {A.replace('-', '')}",
        f"trace_id={A.replace('-', '')}",
        "session 20240529",
        "0" * 64,
        "12345678_1234_1234",
        "123456789-1234-12345",
        "a-" * 40,
        "c0ffee00c0ffee00-" + "x" * 200,
        "x-1234-123456789012",
        "1234-1234-123456789012",
        "facade-10",
        "a12345678-1234",
        "host-ab12-0123456789ab",
    ],
)
def test_dates_numbers_and_names_are_no_cut_ids(text: str) -> None:
    read = read_session_ids(text)

    assert (read.found, read.incomplete, read.ignored) == ((), (), ())


def test_repeats_are_counted_wherever_they_stand() -> None:
    read = read_session_ids(f'{A} {A.upper()} {B} "api_id": "{A}"')

    assert read.found == (A, B)
    assert read.repeated == 2
    assert read.ignored_count == 0


def test_a_list_of_foreign_ids_ends_where_it_ends() -> None:
    read = read_session_ids(f'{{"call_uuids": ["{A}", "{B}"], "session_uuid": "{C}"}}')

    assert read.found == (C,)
    assert read.ignored_names == (("call_uuid", 2),)


def test_a_table_ends_with_a_blank_line_and_its_rows_are_told_from_chat() -> None:
    table = f"session_uuid,api_id\n{A},{B}\nsee {C}\n\n{B}\n"
    read = read_session_ids(table)

    assert read.found == (A, C, B)


def test_a_line_with_an_id_but_without_columns_is_no_header() -> None:
    assert read_session_ids(f"an id\nand more\n{A}").found == (A,)


def test_a_column_beyond_the_header_counts() -> None:
    read = read_session_ids(f"api_id,x\n1,2,{A}\n")

    assert read.found == (A,)


def test_many_broken_ids_are_counted_and_the_first_kept() -> None:
    read = read_session_ids("\n".join([A[:22]] * (KEPT + 5)))

    assert read.incomplete_count == KEPT + 5
    assert len(read.incomplete) == KEPT


def test_an_id_across_the_segments_of_the_search_is_found_once() -> None:
    for shift in range(60):
        text = " " * (65_500 + shift) + A + " " + B
        assert read_session_ids(text).found == (A, B)


def test_a_long_header_window_is_cut() -> None:
    text = f"{A} " + "word " * 2000 + f"\nx,api_id\nv,{B}"

    assert read_session_ids(text).found == (A,)


@pytest.mark.parametrize(
    "unit", ["a", "-", "a-", "0123abcd-", "0123abcd-0123-", "{", '"', "api_id,", "\n"]
)
def test_hostile_repetition_ends_soon_and_finds_nothing(unit: str) -> None:
    assert read_session_ids(unit * (200_000 // len(unit))).found == ()


@given(st.text())
def test_no_text_raises_and_none_yields_an_id_that_was_not_in_it(text: str) -> None:
    read = read_session_ids(text)

    assert all(each in text.lower() for each in read.found)
    assert len(set(read.found)) == len(read.found)


PIECES = st.one_of(
    st.uuids().map(str),
    st.sampled_from([A, B, A[:20], A[9:], A.replace("-", ""), A + "f"]),
    st.text(max_size=8),
    st.sampled_from(["api_id", "session_uuid", '":"', "=", ",", "\n", "/", "[", "\\n"]),
)


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=25))
def test_no_mixture_yields_an_id_that_was_not_in_it(pieces: list[str]) -> None:
    text = "".join(pieces)
    read = read_session_ids(text)

    assert all(each in text.lower() for each in read.found)
    assert len(set(read.found)) == len(read.found)
    last_line = text.count("\n") + text.count("\r") + 1
    assert all(each.line <= last_line for each in read.incomplete)
    assert all(each.line <= last_line for each in read.ignored)


@given(st.lists(st.uuids().map(str), max_size=30), st.sampled_from(", \n;\t|"))
def test_ids_in_a_row_are_all_found_in_order(ids: list[str], separator: str) -> None:
    read = read_session_ids(separator.join(ids))

    assert list(read.found) == list(dict.fromkeys(ids))
    assert read.repeated == len(ids) - len(read.found)


def test_a_hundred_thousand_ids_are_all_found() -> None:
    ids = [f"{number:08x}{A[8:]}" for number in range(100_000)]

    assert list(read_session_ids("\n".join(ids)).found) == ids
