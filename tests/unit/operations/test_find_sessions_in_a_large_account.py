"""20,000 sessions over 120 days, of which some end and some begin while they are read.

What the console shows as open is what the account holds open within 90 days, or it
says that it is not complete, whatever Plivo does with the filters.
"""

from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from masking_console.models.listing import Wanted
from masking_console.models.masking_session import MaskingSession, SessionStatus
from masking_console.practice.listing import Conduct, FilterConduct
from tests.support.campaigns import campaign, share
from tests.support.large_account import COUNT, START, LargeAccount, find

EVERYTHING = Wanted()
BUSY = Wanted.of("+44 7700 900073")
AT_ONCE = (0.0, 0.0)
ODD = (FilterConduct.IGNORED, FilterConduct.REFUSED)
CONDUCTS = [
    (EVERYTHING, Conduct(AT_ONCE)),
    (EVERYTHING, Conduct(AT_ONCE, status_filter=FilterConduct.IGNORED)),
    (EVERYTHING, Conduct(AT_ONCE, status_filter=FilterConduct.REFUSED)),
    (BUSY, Conduct(AT_ONCE)),
    (BUSY, Conduct(AT_ONCE, number_filters=FilterConduct.IGNORED)),
    (BUSY, Conduct(AT_ONCE, number_filters=FilterConduct.REFUSED)),
]


def ids(found: list[MaskingSession]) -> set[str]:
    return {str(session.session_uuid) for session in found}


def open_ids_of(found: list[MaskingSession]) -> set[str]:
    return ids([each for each in found if each.status is not SessionStatus.EXPIRED])


async def test_in_peace_it_is_exactly_what_is_open(tmp_path: Path) -> None:
    large = LargeAccount()
    ages = {START - session.created_time for session in large.simulated.sessions}
    assert len(ages) >= COUNT
    assert max(ages) > timedelta(days=119)

    found, end = await find(large.simulated, tmp_path, EVERYTHING)

    assert ids(found) == large.open_now(EVERYTHING)
    assert any(each.status is SessionStatus.IN_PROGRESS for each in found)
    assert end.is_complete
    assert end.until - end.since == timedelta(days=90)
    assert {request.method for request in large.simulated.requests} == {"GET"}
    assert all("limit=20" in each.query for each in large.simulated.requests)


@campaign
@pytest.mark.parametrize(
    ("wanted", "conduct"),
    share("conducts of filters", CONDUCTS, 1),
    ids=lambda each: "" if isinstance(each, Wanted) else _conduct_words(each),
)
async def test_what_ends_and_begins_meanwhile_hides_nothing(
    tmp_path: Path, wanted: Wanted, conduct: Conduct
) -> None:
    large = LargeAccount(conduct)
    before = large.open_now(wanted)
    large.change_while_read(wanted)

    found, end = await find(large.simulated, tmp_path, wanted)

    # What ended while it was read may have been seen before or after.
    after = large.open_now(wanted)
    assert before & after <= ids(found)
    assert open_ids_of(found) <= before
    # A number is answered with every state, everything else with what is open.
    assert (ids(found) <= before) is not bool(wanted.readings)
    assert end.is_complete
    # It did change: by hand, by the clock, and with new ones.
    assert len(large.expired) == len(large.created) > 40
    assert before - after > large.expired
    assert large.created <= after


@campaign
@pytest.mark.parametrize(
    ("wanted", "conduct"),
    share("conducts of filters of time", list(product([EVERYTHING, BUSY], ODD)), 1),
    ids=lambda each: each.name if isinstance(each, FilterConduct) else "",
)
async def test_without_bounds_of_time_it_is_not_called_complete(
    tmp_path: Path, wanted: Wanted, conduct: FilterConduct
) -> None:
    large = LargeAccount(Conduct(AT_ONCE, time_filters=conduct))
    before = large.open_now(wanted)
    large.change_while_read(wanted)

    found, end = await find(large.simulated, tmp_path, wanted)

    assert not end.is_complete
    assert end.problems
    assert open_ids_of(found) <= before | large.created
    assert before & large.open_now(wanted) - ids(found)


def _conduct_words(conduct: Conduct) -> str:
    return f"{conduct.number_filters.name}-{conduct.status_filter.name}".lower()
