"""The main job without a screen, in a process that a test may end at any moment.

Run as ``python tests/support/expiry_probe.py expire|hurry|resume API_URL [IDS_FILE]``,
with the account in the environment. It says ``RUNNING`` when the batch stands in the
journal and ``FINISHED`` at its end, and a line for each batch that it resumes.

``hurry`` is ``expire`` without the check before and the wait after the first session,
which together would be three quarters of its time. ``doze`` is ``hurry`` for which a
second is a sleep; nobody answers its question, as in `masking-console expire`.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterable
from pathlib import Path

from masking_console.models.account import Account
from masking_console.models.expiry import ConfirmedPlan, ExpiryPlan, RunEnd
from masking_console.models.masking_session import CheckedSession
from masking_console.models.run_events import (
    RunEvent,
    RunFinished,
    RunPaused,
    RunStarted,
    SessionSettled,
)
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.expire_one import Waits
from masking_console.operations.expire_sessions import ExpireSessions
from masking_console.operations.run_control import RunControl
from masking_console.operations.wiring import Operations, build_operations
from masking_console.paths import journal_path
from masking_console.settings import Settings, checked_api_url
from tests.support.runs import plan_of

WAITS = {
    "hurry": Waits(first_one=0.0),
    "doze": Waits(first_one=0.0, beat=0.1, asleep=1.0),
}


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def checked_plan(
    operations: Operations, account: Account, ids: list[SessionUuid]
) -> ExpiryPlan:
    rows: dict[SessionUuid, CheckedSession] = {}
    async for found in operations.check(account, ids):
        rows |= {e.session_uuid: e for e in found if isinstance(e, CheckedSession)}
    return ExpiryPlan(account, tuple(rows[uuid] for uuid in ids))


def carried_out(
    operations: Operations,
    confirmed: ConfirmedPlan,
    control: RunControl,
    waits: Waits | None,
) -> AsyncIterable[list[RunEvent]]:
    """Do what `Operations.expire` does, with waits of our own."""
    if waits is None:
        return operations.expire(confirmed, control)
    operation = ExpireSessions(
        operations.policy, operations._connections, operations._journal, waits
    )
    return operations._engine.stream(
        lambda emit: operation.run(confirmed, control, emit)
    )


async def expire(
    operations: Operations,
    account: Account,
    ids: list[SessionUuid],
    waits: Waits | None = None,
) -> None:
    if waits is not None:
        plan = plan_of(account, ids)
    else:
        plan = await checked_plan(operations, account, ids)
    operations.policy.writes.use(account)
    operations.policy.writes.turn_on()
    confirmed, control = plan.confirm(plan.phrase), RunControl()
    async for events in carried_out(operations, confirmed, control, waits):
        for event in events:
            if isinstance(event, RunStarted):
                say("RUNNING")
            elif isinstance(event, RunPaused) and event.end is RunEnd.SLEPT:
                say("ASKED")
                control.stop(event.end)
            elif isinstance(event, RunPaused):
                # The operator, who is patient with a service that is down.
                control.resume()
            elif isinstance(event, RunFinished):
                say("FINISHED")


async def resume(operations: Operations, account: Account) -> None:
    for record in await operations.interrupted(account):
        looked_at = 0
        async for events in operations.resume(account, record):
            looked_at += sum(isinstance(each, SessionSettled) for each in events)
        say(f"{record.batch_id} {looked_at}")


async def main() -> None:
    mode, api_url, *files = sys.argv[1:]
    settings = Settings(
        journal_path=journal_path(practice=False),
        api_url=checked_api_url(api_url),
        share=1.0,
    )
    operations = build_operations(settings, os.environ)
    try:
        account = await operations.accounts.load("env")
        await operations.open_journal()
        if mode == "resume":
            await resume(operations, account)
        else:
            text = Path(files[0]).read_text(encoding="utf-8")
            ids = [SessionUuid(each) for each in text.split()]
            await expire(operations, account, ids, WAITS.get(mode))
    finally:
        operations.close()


if __name__ == "__main__":
    # Under nohup the signal would be ignored, and inherited like that.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    asyncio.run(main())
