from dataclasses import replace
from datetime import UTC, datetime

import pytest

from masking_console.models.account import Account, AccountName, AuthId, AuthToken
from masking_console.operations.connections import Link
from masking_console.ui.widgets.status import StatusFacts

ACCOUNT = Account(
    AccountName("acme"), AuthId("MAEXAMPLE0000000044T"), AuthToken("s3cret-t0ken")
)
WELL = Link(
    is_online=True, elapsed_ms=61, waiting_ms=0, per_second=30.0, closed_for=0.0
)


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (WELL, "online 61 ms"),
        (replace(WELL, is_online=None, elapsed_ms=None), ""),
        (replace(WELL, elapsed_ms=4_140), "Plivo is slow (4.1 s)."),
        # One answer was quick, and the next one does not come.
        (replace(WELL, waiting_ms=8_000), "Plivo is slow (8.0 s)."),
        (replace(WELL, is_online=False, waiting_ms=8_000), "offline"),
        (replace(WELL, closed_for=6.2), "slowed by Plivo 6 s"),
    ],
)
def test_the_bar_says_how_the_connection_is_doing(link: Link, words: str) -> None:
    facts = StatusFacts(now=datetime.now(UTC)).on(ACCOUNT, link)

    assert (facts.account, facts.auth_id) == ("acme", "MA..044T")
    assert (facts.link, facts.pace) == (words, "pace 30/s")


def test_the_bar_says_nothing_of_a_connection_before_the_first_request() -> None:
    facts = StatusFacts(now=datetime.now(UTC)).on(ACCOUNT, None)

    assert (facts.link, facts.pace) == ("", "")
