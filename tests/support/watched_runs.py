"""Runs in processes of their own, watched from the service's side.

Everything here is what a test needs to end one of them in the middle, and to compare
the journal with the account afterwards.
"""

import select
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from masking_console.journal.entry_reader import read_rows
from masking_console.journal.reading import read_contents, verify_file
from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.history import BatchRecord
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import (
    PRACTICE_AUTH_ID,
    PRACTICE_TOKEN,
    ReceivedRequest,
)
from masking_console.practice.listing import Conduct
from masking_console.practice.simulated_account import RateLimit, SimulatedAccount
from tests.support import expiry_probe
from tests.support.practice_service import PATIENCE_SECONDS, program_environment

U = ExpiryOutcome


class WatchedAccount(SimulatedAccount):
    """An account that tells when a certain DELETE has come in."""

    def __init__(self, nth_delete: int = 0) -> None:
        # As slow as a real service, so that several requests are on their way at once.
        super().__init__(
            count=800,
            conduct=Conduct(latency_seconds=(0.0, 0.12)),
            rate_limit=RateLimit(limit=None),
        )
        self.nth_has_come = threading.Event()
        self.in_vain: list[str] = []
        """The sessions that were expired already when a DELETE came for them."""
        self._until_nth = nth_delete
        self.fault = self._watch

    @property
    def deletes(self) -> list[str]:
        """The sessions of all DELETEs; to be asked when no more of them come in."""
        return [_uuid_of(each) for each in self.requests if each.method == "DELETE"]

    def _watch(self, request: ReceivedRequest) -> None:
        if request.method != "DELETE":
            return
        self._until_nth -= 1
        if self._until_nth <= 0:
            self.nth_has_come.set()
        if self.status_of(_uuid_of(request)) == "expired":
            self.in_vain.append(_uuid_of(request))


def _uuid_of(request: ReceivedRequest) -> str:
    return request.path.rpartition("/")[2]


@contextmanager
def probe(
    mode: str, url: str, folder: Path, ids: Sequence[SessionUuid] = ()
) -> Iterator[subprocess.Popen[str]]:
    """Start `expiry_probe` on a state folder; killed for sure when the block ends."""
    ids_file = folder / f"{mode}-{len(list(folder.iterdir()))}.txt"
    ids_file.write_text("\n".join(ids), encoding="utf-8")
    signed_in = program_environment(
        folder, PLIVO_AUTH_ID=str(PRACTICE_AUTH_ID), PLIVO_AUTH_TOKEN=PRACTICE_TOKEN
    )
    with subprocess.Popen(
        [sys.executable, expiry_probe.__file__, mode, url, str(ids_file)],
        env=signed_in,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_start(process: subprocess.Popen[str]) -> None:
    """Wait until the batch of a probe is in the journal."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], PATIENCE_SECONDS)
    assert ready
    assert process.stdout.readline() == "RUNNING\n"


def wait_for_end(process: subprocess.Popen[str]) -> list[str]:
    """Wait until a probe has ended well and return the lines that it wrote."""
    output, _ = process.communicate(timeout=3 * PATIENCE_SECONDS)
    assert process.returncode == 0
    return output.splitlines()


def resume(account: WatchedAccount, url: str, folder: Path) -> list[str]:
    """Start the console again after a kill; it may look, and must not send."""
    # On a new connection, and so answered after all that a dead process had sent.
    assert httpx.get(url, trust_env=False).status_code == 401
    sent = account.deletes
    with probe("resume", url, folder) as second:
        lines = wait_for_end(second)
    assert account.deletes == sent, "a DELETE was sent by a console that only looks"
    return lines


def batches(folder: Path) -> tuple[BatchRecord, ...]:
    """Return every batch of a journal whose chain of seals is whole."""
    path = folder / "state" / "journal.db"
    report = verify_file(path)
    assert report.is_whole, report.problems
    return read_contents(path).batches


def intents(folder: Path, record: BatchRecord) -> Counter[str]:
    """Return for how many DELETEs of each session there is an intent on the disk."""
    return Counter(
        row.session_uuid
        for row in read_rows(folder / "state" / "journal.db")
        if row.event == "expire.intended" and row.batch_id == record.batch_id
    )


def agree(
    account: SimulatedAccount, record: BatchRecord, ids: Sequence[SessionUuid]
) -> None:
    """Assert that a batch has one record a session, and none of them is wrong."""
    assert [each.session_uuid for each in record.sessions] == list(ids)
    for each in record.sessions:
        if each.outcome is not U.UNKNOWN:
            status = account.status_of(each.session_uuid)
            assert each.outcome in {U.EXPIRED, U.NOT_SENT, U.OPEN}, each
            is_expired = each.outcome is U.EXPIRED
            assert status == ("expired" if is_expired else "active"), each
