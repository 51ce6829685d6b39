import operator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.listing import (
    Conduct,
    FilterConduct,
    ListRefusedError,
    read_list_query,
)
from masking_console.practice.stored_session import StoredSession

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
SESSION = StoredSession(
    session_uuid=SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651"),
    first_party="910000000051",
    second_party="447700900073",
    virtual_number="12025550140",
    created_time=NOON - timedelta(hours=1),
    expiry_time=NOON + timedelta(hours=1),
)


def _selects(
    query: str, session: StoredSession = SESSION, conduct: Conduct | None = None
) -> bool:
    wanted = read_list_query(query, NOON, conduct or Conduct())
    return wanted.selected([session], NOON) == [session]


def _aged(days: float) -> StoredSession:
    return replace(SESSION, created_time=NOON - timedelta(days=days))


def _refusal(query: str, conduct: Conduct | None = None) -> str:
    with pytest.raises(ListRefusedError) as refused:
        read_list_query(query, NOON, conduct or Conduct())
    return str(refused.value)


def test_a_page_has_20_from_the_beginning_unless_told_otherwise() -> None:
    plain = read_list_query("", NOON, Conduct())
    told = read_list_query("limit=5&offset=40", NOON, Conduct())

    assert (plain.limit, plain.offset) == (20, 0)
    assert (told.limit, told.offset) == (5, 40)


def test_an_offset_can_be_ignored() -> None:
    conduct = Conduct(obeys_offset=False)

    assert read_list_query("offset=40", NOON, conduct).offset == 0


@pytest.mark.parametrize(
    "query", ["limit=21", "limit=0", "limit=x", "limit=-1", "offset=-1", "offset=1.5"]
)
def test_a_limit_or_offset_out_of_range_is_refused(query: str) -> None:
    assert query.partition("=")[0] in _refusal(query)


def test_without_a_time_the_last_7_days_are_listed() -> None:
    assert _selects("", _aged(6.9))
    assert not _selects("", _aged(7.1))


def test_with_a_window_older_sessions_are_listed() -> None:
    query = "created_time__gte=2026-01-01+00:00&created_time__lt=2026-01-31+00%3A00:00"
    inside = replace(SESSION, created_time=datetime(2026, 1, 1, tzinfo=UTC))

    assert _selects(query, inside)
    outside = replace(SESSION, created_time=datetime(2026, 1, 31, tzinfo=UTC))
    assert not _selects(query, outside)


def test_what_is_older_than_90_days_is_never_listed() -> None:
    query = "created_time__gte=2025-11-20 00:00&created_time__lt=2025-12-15 00:00"

    assert _selects(query, _aged(89.9))
    assert not _selects(query, _aged(90.1))


@pytest.mark.parametrize(
    "query",
    [
        "created_time__gte=2026-01-01 00:00&created_time__lt=2026-01-31 00:00:01",
        "created_time__gt=2026-01-01 00:00",
        "created_time__lt=2026-03-01 00:00",
        "expiry_time__gte=2026-01-01 00:00&expiry_time__lte=2026-02-01 00:00",
    ],
)
def test_a_window_of_more_than_30_days_is_refused(query: str) -> None:
    assert "at most 30 days" in _refusal(query)


def test_a_window_of_exactly_30_days_is_taken() -> None:
    query = "created_time__gte=2026-02-02 12:00&created_time__lte=2026-03-04 12:00"

    assert _selects(query)


def test_an_open_end_reaches_to_now() -> None:
    assert _selects("created_time__gte=2026-02-20 00:00")
    assert _selects("expiry_time__gte=2026-03-04 12:00", _aged(60))


def test_each_comparison_means_what_it_says() -> None:
    at = replace(SESSION, created_time=datetime(2026, 3, 1, 8, 30, 5, 500_000, UTC))
    found = {
        suffix: _selects(f"created_time{suffix}=2026-03-01 08:30:05.5", at)
        for suffix in ("", "__gt", "__gte", "__lt", "__lte")
        if not suffix.startswith("__l")
    }

    assert found == {"": True, "__gt": False, "__gte": True}
    window = "created_time__gte=2026-02-20 00:00&created_time"
    assert _selects(f"{window}__lte=2026-03-01 08:30:05.500000", at)
    assert not _selects(f"{window}__lt=2026-03-01 08:30:05.500000", at)


@pytest.mark.parametrize(
    "time",
    [
        "2026-03-01",
        "2026-03-01 08",
        "2026-03-01T08:30",
        "2026-03-01 08:30 +0000 UTC",
        "2026-03-01 08:30.5",
        "2026-02-30 08:30",
        "2026-03-01 08:30:61",
        "yesterday",
    ],
)
def test_a_time_in_another_form_is_refused(time: str) -> None:
    assert "YYYY-MM-DD" in _refusal(f"created_time={time.replace('+', '%2B')}")


def test_a_duration_can_be_asked_for_in_seconds() -> None:
    assert _selects("duration=7200")
    assert _selects("duration__lt=7201&duration__gt=7199")
    assert not _selects("duration__gt=7200")
    assert "integer" in _refusal("duration=long")


def test_a_number_is_found_with_and_without_its_plus() -> None:
    assert _selects("first_party=910000000051")
    assert _selects("first_party=%2B910000000051")
    # An unencoded plus arrives as a space.
    assert _selects("first_party=+910000000051")
    assert not _selects("first_party=10000000051")
    assert _selects("second_party=447700900073&virtual_number=12025550140")
    assert not _selects("second_party=447700900073&virtual_number=12025550141")


def test_a_sip_endpoint_is_found_as_it_stands() -> None:
    session = replace(SESSION, first_party="sip:desk@phone.example")

    assert _selects("first_party=sip:desk%40phone.example", session)


def test_number_filters_can_be_ignored_or_refused() -> None:
    other = "first_party=910000000052"

    assert not _selects(other)
    ignoring = Conduct(number_filters=FilterConduct.IGNORED)
    assert _selects(other, conduct=ignoring)
    refusing = Conduct(number_filters=FilterConduct.REFUSED)
    assert "first_party" in _refusal(other, refusing)
    assert _selects("", conduct=refusing)


def test_a_filter_for_a_status_can_be_ignored_or_refused() -> None:
    assert not _selects("status=expired")
    ignoring = Conduct(status_filter=FilterConduct.IGNORED)
    assert _selects("status=expired", conduct=ignoring)
    refusing = Conduct(status_filter=FilterConduct.REFUSED)
    assert "status" in _refusal("status=expired", refusing)


def test_bounds_of_time_can_be_ignored_or_refused() -> None:
    query = "created_time__gte=2026-02-10 00:00&created_time__lt=2026-03-01 00:00"

    assert _selects(query, _aged(13))
    # Then it is as if none were there: the last 7 days are listed.
    ignoring = Conduct(time_filters=FilterConduct.IGNORED)
    assert not _selects(query, _aged(13), ignoring)
    assert _selects(query, _aged(1), ignoring)
    refusing = Conduct(time_filters=FilterConduct.REFUSED)
    assert "created_time" in _refusal(query, refusing)
    assert "duration" in _refusal("duration__gt=1", refusing)


def test_a_status_selects_open_or_expired_sessions() -> None:
    in_call = replace(SESSION, open_word="in-progress")
    expired = replace(SESSION, expiry_time=NOON)

    def found(status: str, conduct: Conduct | None = None) -> list[bool]:
        query = f"status={status}"
        return [_selects(query, s, conduct) for s in (SESSION, in_call, expired)]

    assert found("active") == [True, False, False]
    assert found("in-progress") == [False, True, False]
    assert found("expired") == [False, False, True]
    assert found("all") == found("") == [True, True, True]
    both = Conduct(active_includes_in_progress=True)
    assert found("active", both) == [True, True, False]


def test_an_unknown_status_is_refused_and_so_can_in_progress_be() -> None:
    assert "status" in _refusal("status=open")
    assert "status" in _refusal("status=in-progress", Conduct(takes_in_progress=False))


def test_unknown_parameters_are_ignored_or_refused() -> None:
    query = "created_time_gte=1&sort=asc&limit=5"

    assert _selects(query)
    strict = Conduct(refuses_unknown=True)
    assert _refusal(query, strict) == "created_time_gte is not a valid parameter"
    assert _selects(
        "limit=5&status=all&created_time__gte=2026-03-01 00:00", conduct=strict
    )


def test_a_subaccount_has_no_sessions_here() -> None:
    assert not _selects("subaccount=SAEXAMPLE0000000044T")
    ignores = Conduct(subaccount_filter=FilterConduct.IGNORED)
    assert _selects("subaccount=SAEXAMPLE0000000044T", conduct=ignores)
    refuses = Conduct(subaccount_filter=FilterConduct.REFUSED)
    assert _refusal("subaccount=SA", refuses) == "subaccount is not a valid parameter"


def test_what_is_yet_to_be_created_is_not_listed() -> None:
    assert not _selects("", _aged(-0.1))
    assert not _selects("created_time__gte=2026-03-01 00:00", _aged(-0.1))


_HOURS = st.integers(0, 40)
_COMPARED = {
    "": operator.eq,
    "__gt": operator.gt,
    "__gte": operator.ge,
    "__lt": operator.lt,
    "__lte": operator.le,
}


@given(
    st.lists(_HOURS, max_size=12),
    st.dictionaries(st.sampled_from(sorted(_COMPARED)), _HOURS, min_size=1),
)
def test_a_stretch_of_time_is_cut_as_each_comparison_alone_would(
    ages: list[int], bounds: dict[str, int]
) -> None:
    # A lower end of a week ago, so that no window is too long.
    first = "created_time__gte=2026-02-25+12:00&expiry_time__gte=2026-02-25+12:00"
    sessions = [_aged(hours / 24) for hours in sorted(ages, reverse=True)]
    moments = {suffix: NOON - timedelta(hours=at) for suffix, at in bounds.items()}
    query = "&".join(
        [first]
        + [
            f"created_time{suffix}={at:%Y-%m-%d+%H:%M}"
            for suffix, at in moments.items()
        ]
    )

    found = read_list_query(query, NOON, Conduct()).selected(sessions, NOON)

    assert found == [
        session
        for session in reversed(sessions)
        if all(_COMPARED[s](session.created_time, at) for s, at in moments.items())
    ]
