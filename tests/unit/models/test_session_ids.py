import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking_console.models.session_ids import (
    KEPT,
    IncompleteReason,
    read_session_ids,
)

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
        (f"%0A{A}", [A]),
    ],
)
def test_ids_are_found_in_any_text(text: str, found: list[str]) -> None:
    read = read_session_ids(text)

    assert list(read.found) == found
    assert (read.incomplete_count, read.ignored_count) == (0, 0)


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
    ],
)
def test_ids_of_something_else_are_left_out_and_named(text: str, name: str) -> None:
    read = read_session_ids(text)

    assert read.found == ()
    assert [each.name for each in read.ignored] == [name]
    assert read.ignored_names == ((name, 1),)


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        (f"x\n{A[:22]}", R.CUT, 2),
        (f"\n\n{A[:35]}", R.CUT, 3),
        (f"{A[:20]}\n{A[20:]}", R.CUT, 1),
        (f"{A[:18]}\n{A[18:]}", R.CUT, 1),
        (A[9:], R.CUT, 1),
        ("c28b77d4-2", R.CUT, 1),
        (A.replace("-", ""), R.NO_DASHES, 1),
        (A.replace("-", "\u2011"), R.OTHER_DASHES, 1),
        (A + "0", R.MIXED, 1),
        ("z" + A, R.MIXED, 1),
        (A[:23] + "-x" + A[25:], R.MIXED, 1),
        ("x28b77d4-21e7-43bd-9447-04bfee92e651", R.MIXED, 1),
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
