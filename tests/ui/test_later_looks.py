import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from masking_console.journal.journal import Journal
from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.history_query import HistoryQuery
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import ReceivedRequest
from masking_console.practice.faults import Ending, Fault
from masking_console.practice.sign_in import practice_account
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.screens.main import MainScreen
from masking_console.ui.screens.question import QuestionScreen
from tests.support.console import Console, console
from tests.support.runs import plan_of, plivos, script

IdsOf = Callable[[str, int], list[SessionUuid]]
UNKNOWN = [
    SessionUuid(f"9fe6cba9-4d0e-4b62-a1c7-5e08d2f3b91{number}") for number in range(5)
]


async def cut_off(ids: list[SessionUuid], folder: Path) -> str:
    """Leave a batch behind in which the first session is on its way."""
    journal = Journal(folder / "journal.db")
    plan = plan_of(practice_account(), ids)
    batch = await journal.begin_batch(plan.confirm(plan.phrase))
    await journal.record_intent(batch, ids[0], 1)
    await asyncio.to_thread(journal.close)
    return batch.batch_id


async def until_asked(opened: Console) -> None:
    is_asked = lambda: isinstance(opened.app.screen, QuestionScreen)  # noqa: E731
    await opened.until(is_asked, "a question")
    await opened.pilot.pause()


async def test_a_run_that_was_cut_off_is_looked_at_and_not_sent_again(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 3)
    batch_id = await cut_off(ids, tmp_path)
    async with console(simulated, tmp_path) as opened:
        await until_asked(opened)
        assert "0 done, 1 unknown, 2" in opened.screen_text()
        await opened.press("enter")
        await opened.until_checked(3)
        rows = [row.session_uuid for row in opened.main.queue.ticked()]
        assert sorted(rows) == sorted(ids)
        lines = opened.log_lines()
        assert any("! open " in line for line in lines)
        assert any(f"{batch_id}: 0 of 3 are off." in line for line in lines)
        query = HistoryQuery(batch=batch_id)
        (record,) = await opened.operations.history.batches(query)
        assert record.end == "interrupted"
    assert {request.method for request in simulated.requests} == {"GET"}


async def test_a_run_that_was_cut_off_can_wait(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 1)
    await cut_off(ids, tmp_path)
    for _ in range(2):
        async with console(simulated, tmp_path) as opened:
            await until_asked(opened)
            await opened.press("escape")
            await opened.until(
                lambda: isinstance(opened.app.screen, MainScreen), "main"
            )
            words = "It is offered at the next start."
            await opened.until(shows(opened, words), words)
    assert simulated.requests == ()


async def expire_one(opened: Console) -> None:
    await opened.until_checked(1)
    await opened.open_review()
    await opened.press("y")
    await opened.until(lambda: "Saved in the journal" in opened.screen_text(), "end")


def shows(opened: Console, words: str) -> Callable[[], bool]:
    return lambda: any(words in line for line in opened.log_lines())


async def test_a_minute_later_all_is_looked_at_once_more(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    old = simulated.session(only)
    assert old is not None

    def somebody_creates_it_again(request: ReceivedRequest) -> None:
        """Before the first list is answered, which only the second look asks for."""
        if request.path.endswith("/Session/"):
            later = simulated.now + timedelta(hours=1)
            now, new = simulated.now, UNKNOWN[0]
            simulated.put(
                replace(old, session_uuid=new, created_time=now, expiry_time=later)
            )

    simulated.fault = somebody_creates_it_again
    async with console(
        simulated, tmp_path, first_text=only, second_look_seconds=0.5
    ) as opened:
        await expire_one(opened)
        words = "1 session once more: 1 still expired"
        await opened.until(shows(opened, words), words)
        assert shows(opened, "1 came back")()
        assert shows(opened, f"! came back {UNKNOWN[0].short}  Same two numbers as")()
        # Where the operator still reads that all is done, too; it is painted later.
        words = f"! {only.short} came back as {UNKNOWN[0].short}, with the same"
        await opened.until(lambda: words in opened.words(), words)
        assert "Finished, with problems" in opened.words()
        await opened.press("escape")


async def test_an_outcome_that_nobody_knew_is_settled_by_the_second_look(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    deletes = script("DELETE", Fault(ending=Ending.DROPPED))
    gets = script("GET", None, plivos(404, error="not found"))
    simulated.fault = lambda request: deletes(request) or gets(request)
    async with console(
        simulated, tmp_path, first_text=only, second_look_seconds=0.5
    ) as opened:
        await expire_one(opened)
        await opened.until(shows(opened, "? unknown"), "the outcome")
        await opened.until(shows(opened, "confirmed by a later look"), "the look")
        await opened.until(lambda: not opened.main.queue.unknown_outcomes, "the row")


async def test_an_unknown_outcome_can_be_left(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    async with console(simulated, tmp_path, first_text=only) as opened:
        await opened.until_checked(1)
        opened.main.queue.set_results([(only, ExpiryOutcome.UNKNOWN, "")])
        await opened.press("q")
        await until_asked(opened)
        words = "1 outcome is unknown, and may still connect"
        assert words in opened.screen_text()
        await opened.press("enter")
        await opened.until(lambda: isinstance(opened.app.screen, MainScreen), "main")
        await opened.press("q")
        await until_asked(opened)
        await opened.press("tab")
        await opened.look()
        opened.send("\n")
        await opened.until_ended()
        assert opened.app.return_code == 0


async def test_most_of_the_queue_on_another_account_is_asked_about(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    text = " ".join([only, *UNKNOWN[:3]])
    async with console(simulated, tmp_path, first_text=text) as opened:
        await opened.until_checked(4)
        await opened.press("X")
        await until_asked(opened)
        assert "3 of these 4 sessions are not on PRACTICE." in opened.screen_text()
        await opened.press("enter")
        assert isinstance(opened.app.screen, MainScreen)
        await opened.press("X")
        await until_asked(opened)
        await opened.press("tab")
        await opened.look()
        await opened.press("enter")
        await opened.until(lambda: "Expire 1 session on" in opened.screen_text(), "X")
        await opened.press("escape")


async def test_a_queue_that_is_wholly_elsewhere_can_only_be_left(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path, first_text=" ".join(UNKNOWN)) as opened:
        await opened.until_checked(5)
        await opened.press("X")
        await until_asked(opened)
        assert "None of these 5 sessions is on PRACTICE." in opened.screen_text()
        assert "Go on" not in opened.screen_text()
        await opened.press("enter")
        assert isinstance(opened.app.screen, MainScreen)
