"""The process is stopped in the middle of a run, as a laptop that sleeps stops it.

What counts as a sleep is made shorter below the faces, so that nobody waits for it.
"""

import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from masking_console.models.expiry import ExpiryOutcome, RunEnd
from masking_console.operations.expire_sessions import WORKERS
from tests.support.practice_service import PATIENCE_SECONDS, serving
from tests.support.runs import open_ids
from tests.support.watched_runs import (
    WatchedAccount,
    agree,
    batches,
    intents,
    probe,
    wait_for_end,
    wait_for_start,
)

STOPPED_SECONDS = 2.5
"""More than `expiry_probe` takes for a sleep."""


@pytest.mark.parametrize("seed", range(3))
def test_a_run_that_was_stopped_sends_nothing_more_without_being_asked(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - moments, no secrets
    account = WatchedAccount(chance.randrange(5, 100))
    ids = open_ids(account, 200)
    with serving(account) as url, probe("doze", url, tmp_path, ids) as process:
        wait_for_start(process)
        assert account.nth_has_come.wait(PATIENCE_SECONDS)
        process.send_signal(signal.SIGSTOP)
        # What had left before it was stopped comes in while it stands still.
        time.sleep(STOPPED_SECONDS)
        before = len(account.deletes)
        process.send_signal(signal.SIGCONT)
        assert wait_for_end(process) == ["ASKED", "FINISHED"]

    sent = Counter(account.deletes)
    # A connection that was being made is made to its end, one for each worker.
    assert len(sent) <= before + WORKERS
    assert len(sent) < len(ids)
    assert set(sent.values()) == {1}
    (record,) = batches(tmp_path)
    assert record.end == RunEnd.SLEPT.value
    agree(account, record, ids)
    assert sent <= intents(tmp_path, record)
    # Each that was left was looked at, and nothing else was sent to it.
    looked = {
        each.path.rpartition("/")[2]
        for each in account.requests
        if each.method == "GET"
    }
    not_sent = {
        each.session_uuid
        for each in record.sessions
        if each.outcome is ExpiryOutcome.NOT_SENT
    }
    assert not_sent <= looked
