"""A refused sign-in ends whatever only reads, with a sentence that says what to do."""

from pathlib import Path

import pytest

from masking_console.errors import TokenRefusedError
from masking_console.models.listing import Wanted
from masking_console.operations.check_sessions import CheckSessions
from masking_console.operations.find_sessions import FindSessions
from tests.support.runs import Bench, bench, open_ids, quick_account, reply

REFUSALS = pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "request of PRACTICE was refused with 401, not in Plivo's form"),
        (403, "request of PRACTICE was refused with 403, not in Plivo's form"),
    ],
)


def refused(opened: Bench, status: int) -> None:
    opened.simulated.fault = lambda _request: reply(status)


@REFUSALS
async def test_a_check_ends(tmp_path: Path, status: int, words: str) -> None:
    async with bench(quick_account(), tmp_path) as opened:
        ids = open_ids(opened.simulated, 3)
        refused(opened, status)
        operation = CheckSessions(opened.connections)
        with pytest.raises(TokenRefusedError, match=words):
            await operation.run(opened.account, ids, lambda _checked: None)


@REFUSALS
async def test_a_search_ends(tmp_path: Path, status: int, words: str) -> None:
    async with bench(quick_account(), tmp_path) as opened:
        refused(opened, status)
        operation = FindSessions(opened.connections)
        with pytest.raises(TokenRefusedError, match=words):
            await operation.run(opened.account, Wanted(), lambda _event: None)
        assert len(opened.simulated.requests) == 1
