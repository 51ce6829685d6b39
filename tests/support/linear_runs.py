"""Calls of `masking-console expire` and `find` in this process, on made-up accounts."""

import io
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from masking_console.errors import MaskingConsoleError
from masking_console.linear.expire import ExpireJob
from masking_console.linear.find import FindJob, FindJson, FindText
from masking_console.linear.output import JsonLines, Output, TextLines
from masking_console.linear.plan import ExpiryRequest, digest
from masking_console.linear.prompt import StopSignals
from masking_console.models.listing import Wanted
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.wiring import build_operations
from masking_console.practice.exchange import practice_account
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.settings import PRACTICE_API_URL, ApiUrl, Settings, Timeouts


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def sent(simulated: SimulatedAccount, method: str = "DELETE") -> list[str]:
    """Return the sessions for which such requests came in."""
    return [
        request.path.rpartition("/")[2]
        for request in simulated.requests
        if request.method == method
    ]


def named(ids: Sequence[SessionUuid]) -> str:
    """Return what a dry run prints to confirm exactly these."""
    return f"{len(ids)} practice {digest(practice_account(), ids)}"


def linear_settings(folder: Path, **changes: object) -> Settings:
    base = Settings(
        journal_path=folder / "practice-journal.db",
        practice=True,
        api_url=ApiUrl(PRACTICE_API_URL),
        share=1.0,
        timeouts=Timeouts(read=0.4, total=2.0),
        second_look_seconds=0.0,
    )
    return replace(base, **changes)  # type: ignore[arg-type] # by the fields' names


def run_linear(  # noqa: PLR0913 - each has a name where it is given
    simulated: SimulatedAccount,
    folder: Path,
    ids: Sequence[SessionUuid],
    *,
    settings: Settings | None = None,
    is_json: bool = False,
    signals: StopSignals | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    err: io.StringIO | None = None,
    **request: Any,  # noqa: ANN401 - the fields of the request
) -> Ran:
    """Run the command as the command line does, and return what it wrote."""
    out, err = io.StringIO(), err or io.StringIO()
    output = Output(out, err)
    wanted = ExpiryRequest(tuple(ids), **request)
    lines = JsonLines(output, wanted) if is_json else TextLines(output)
    made = settings or linear_settings(folder)
    with closing(build_operations(made, {}, simulated)) as operations:
        try:
            code = int(ExpireJob(operations, wanted, lines, signals, clock).run())
        except MaskingConsoleError as error:
            code = int(error.exit_code)
            output.note(str(error))
    return Ran(code, out.getvalue(), err.getvalue())


def signal_and_wait(signals: StopSignals, *numbers: signal.Signals) -> None:
    """Send these to the main thread, and wait until it has taken each."""
    main = threading.main_thread().ident
    assert main is not None
    for number in numbers:
        before = signals.count
        signal.pthread_kill(main, number)
        deadline = time.monotonic() + 20.0
        while signals.count == before:
            assert time.monotonic() < deadline
            time.sleep(0.001)


def run_find(
    simulated: SimulatedAccount,
    folder: Path,
    wanted: Wanted,
    *,
    is_json: bool = False,
    signals: StopSignals | None = None,
    settings: Settings | None = None,
) -> Ran:
    """Run `find` as the command line does, and return what it wrote."""
    out, err = io.StringIO(), io.StringIO()
    output = Output(out, err)
    lines = FindJson(output) if is_json else FindText(output)
    made = settings or linear_settings(folder)
    operations = build_operations(made, {}, simulated, lambda: simulated.now)
    with closing(operations):
        job = FindJob(operations, wanted, lines, output, signals, lambda: simulated.now)
        try:
            code = int(job.run())
        except MaskingConsoleError as error:
            code = int(error.exit_code)
            output.note(str(error))
    return Ran(code, out.getvalue(), err.getvalue())
