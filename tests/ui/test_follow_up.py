import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from masking_console.journal.journal import Journal
from masking_console.models.cause import CauseRules
from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.history_query import HistoryQuery
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import ReceivedRequest, practice_account
from masking_console.practice.faults import Ending, Fault
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.presentation.run_lines import report
from masking_console.ui.main.screen import MainScreen
from masking_console.ui.screens.not_settled import NotSettledScreen, ReasonScreen
from masking_console.ui.screens.question import QuestionScreen, SecondLookQuestion
from masking_console.ui.screens.ticket import TicketScreen
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


async def until_offered(opened: Console) -> None:
    """Wait until the console says quietly that something is not settled."""
    await opened.until(lambda: opened.main.follow_up.not_settled, "what is not settled")
    await opened.until(lambda: "1 not settled: U" in opened.screen_text(), "the header")
    assert isinstance(opened.app.screen, MainScreen)


async def open_matters(opened: Console) -> None:
    await until_offered(opened)
    await opened.press("U")
    is_open = lambda: isinstance(opened.app.screen, NotSettledScreen)  # noqa: E731
    await opened.until(is_open, "what is not settled")
    await opened.until(lambda: "t looks, r queues" in opened.words(), "its words")


async def test_a_run_that_was_cut_off_is_looked_at_and_not_sent_again(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 3)
    batch_id = await cut_off(ids, tmp_path)
    async with console(simulated, tmp_path) as opened:
        await open_matters(opened)
        words = f"{batch_id} 1 unknown, 2 not sent"
        await opened.until(lambda: words in opened.words(), words)
        await opened.press("t")
        words = "0 of 3 are expired, 3 active."
        await opened.until(lambda: words in opened.words(), words)
        words = f"{batch_id} 1 open when looked at, 2 not sent"
        await opened.until(lambda: words in opened.words(), words)
        await opened.press("r")
        await opened.until(lambda: isinstance(opened.app.screen, MainScreen), "main")
        await opened.until_checked(3)
        rows = [row.session_uuid for row in opened.main.queue.ticked()]
        assert sorted(rows) == sorted(ids)
        assert any("! open " in line for line in opened.log_lines())
        query = HistoryQuery(batch=batch_id)
        (record,) = await opened.operations.history.batches(query)
        assert record.end == "interrupted"
        assert record.count(ExpiryOutcome.OPEN) == 1
    assert {request.method for request in simulated.requests} == {"GET"}


async def test_what_is_not_settled_is_offered_until_it_is_set_aside_by_name(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 2)
    batch_id = await cut_off(ids, tmp_path)
    async with console(simulated, tmp_path) as opened:
        await until_offered(opened)
    async with console(simulated, tmp_path) as opened:
        await open_matters(opened)
        await opened.press("S")
        await opened.until(lambda: isinstance(opened.app.screen, ReasonScreen), "why")
        await opened.press("enter")
        await opened.until(lambda: "Say why" in opened.words(), "a question")
        await opened.press(*"call 447700900123", "enter")
        await opened.until(lambda: "Enter keeps it" in opened.words(), "the change")
        await opened.press("enter")
        words = f"{batch_id} is set aside."
        await opened.until(lambda: words in opened.words(), words)
        words = "Everything of the last 90 days is settled."
        await opened.until(lambda: words in opened.words(), words)
        await opened.press("escape")
        await opened.until(lambda: "settled: U" not in opened.words(), "header")
        query = HistoryQuery(batch=batch_id)
        (record,) = await opened.operations.history.batches(query)
        assert record.set_aside is not None
        assert record.set_aside.reason == "call (number)"
        assert record.set_aside.operator
    async with console(simulated, tmp_path) as opened:
        assert await opened.operations.not_settled(practice_account()) == ()
        assert await opened.operations.interrupted(practice_account()) == ()
    assert simulated.requests == ()


async def test_a_look_that_settles_everything_takes_the_offer_away(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("expired", 2)
    batch_id = await cut_off(ids, tmp_path)
    async with console(simulated, tmp_path) as opened:
        await open_matters(opened)
        await opened.press("t")
        await opened.until(lambda: "All 2 are expired." in opened.words(), "a result")
        words = "Everything of the last 90 days is settled."
        await opened.until(lambda: words in opened.words(), words)
        query = HistoryQuery(batch=batch_id)
        (record,) = await opened.operations.history.batches(query)
    outcomes = [each.outcome for each in record.sessions]
    assert outcomes == [ExpiryOutcome.EXPIRED, ExpiryOutcome.ALREADY_EXPIRED]


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
        words = "The session is still expired."
        await opened.until(shows(opened, words), words)
        assert shows(opened, "One pair of numbers has a new session.")()
        assert shows(opened, f"! came back {UNKNOWN[0].short}  Same two numbers as")()
        # Where the operator still reads that all is done, too; it is painted later.
        words = (
            f"! {only.short}: its two numbers have a new session, {UNKNOWN[0].short}."
        )
        await opened.until(lambda: words in opened.words(), words)
        assert "Finished, with problems" in opened.words()
        await opened.press("escape")


async def expire_unknown(
    simulated: SimulatedAccount, opened: Console, *answers: Fault
) -> None:
    """Expire the only row, so that nobody knows what became of it."""
    deletes = script("DELETE", Fault(ending=Ending.DROPPED))
    gets = script("GET", *answers)
    simulated.fault = lambda request: deletes(request) or gets(request)
    await expire_one(opened)
    await opened.until(shows(opened, "? unknown"), "the outcome")


def not_told() -> Fault:
    return plivos(404, error="not found")


async def test_an_outcome_that_nobody_knew_is_settled_by_the_second_look(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    async with console(
        simulated, tmp_path, first_text=only, second_look_seconds=2.5
    ) as opened:
        await opened.until_checked(1)
        await expire_unknown(simulated, opened, not_told())
        assert "Second look at " in opened.words()
        await opened.until(shows(opened, "confirmed by a later look"), "the look")
        await opened.until(lambda: not opened.main.queue.unsettled, "the row")
        words = "Done. 1 session is expired."
        await opened.until(lambda: words in opened.words(), words)
        words = "Second look: The session is settled now."
        await opened.until(lambda: words in opened.words(), words)
        assert opened.app.screen.query_one("#finished").border_title == "Finished"
        (record,) = (await opened.operations.history.page(HistoryQuery())).batches
    assert record.second_look == "The session is settled now."
    said = report(record)
    assert "Done. 1 session is expired." in said
    when = r"\d\d:\d\d"
    assert re.search(rf"1 unknown at {when}; expired when looked at {when}\.", said)
    assert "Second look at " in said


async def test_t_in_the_panel_learns_and_ends_in_a_result(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    async with console(simulated, tmp_path, first_text=only) as opened:
        await opened.until_checked(1)
        await expire_unknown(simulated, opened, not_told())
        await opened.press("t")
        await opened.until(lambda: "It is expired." in opened.words(), "a result")
        words = "Done. 1 session is expired."
        await opened.until(lambda: words in opened.words(), words)
        assert shows(opened, ". looked    It is expired.")()
        (record,) = (await opened.operations.history.page(HistoryQuery())).batches
        (session,) = record.sessions
        assert session.outcome is ExpiryOutcome.EXPIRED
        assert session.before is not None
        assert session.before.outcome is ExpiryOutcome.UNKNOWN
        assert not opened.main.queue.unsettled
        await opened.press("escape")


async def test_t_in_the_history_learns_and_ends_in_a_result(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("expired", 2)
    batch_id = await cut_off(ids, tmp_path)
    async with console(simulated, tmp_path) as opened:
        await until_offered(opened)
        await opened.press("H")
        await opened.until(lambda: batch_id in opened.words(), "the history")
        await opened.press("t")
        words = f"{batch_id}: All 2 are expired."
        await opened.until(shows(opened, words), words)
        (record,) = (await opened.operations.history.page(HistoryQuery())).batches
        assert record.sessions[0].outcome is ExpiryOutcome.EXPIRED


async def test_r_on_a_row_learns_what_became_of_its_session(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 1)
    await cut_off(ids, tmp_path)
    async with console(simulated, tmp_path, first_text=ids[0]) as opened:
        await opened.until_checked(1)
        await opened.until(lambda: opened.main.queue.unsettled, "the first look")
        old = simulated.session(ids[0])
        assert old is not None
        simulated.put(replace(old, was_expired=True))
        await opened.press("r")
        await opened.until(shows(opened, "confirmed by a later look"), "what is learnt")
        assert not opened.main.queue.unsettled
        (record,) = (await opened.operations.history.page(HistoryQuery())).batches
    assert record.sessions[0].outcome is ExpiryOutcome.EXPIRED


async def test_a_session_that_is_unknown_or_open_is_asked_about_before_leaving(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 2)
    text = " ".join(ids)
    async with console(simulated, tmp_path, first_text=text) as opened:
        await opened.until_checked(2)
        outcomes = (ExpiryOutcome.UNKNOWN, ExpiryOutcome.OPEN)
        results = zip(ids, outcomes, ("", ""), strict=True)
        opened.main.queue.set_results(results)
        await opened.press("q")
        await until_asked(opened)
        words = "2 sessions may still connect calls: 1 is unknown, 1 is open"
        assert words in opened.words()
        await opened.press("enter")
        await opened.until(lambda: isinstance(opened.app.screen, MainScreen), "main")
        opened.main.queue.set_results([(ids[0], ExpiryOutcome.EXPIRED, "")])
        await opened.press("q")
        await until_asked(opened)
        assert "1 session may still connect calls: 1 is open" in opened.words()
        await opened.press("tab")
        await opened.look()
        opened.send("\n")
        await opened.until_ended()
        assert opened.app.return_code == 0


async def until_leaving(opened: Console) -> None:
    await opened.press("escape")
    await opened.until(lambda: isinstance(opened.app.screen, MainScreen), "main")
    await opened.press("q")
    is_asked = lambda: isinstance(opened.app.screen, SecondLookQuestion)  # noqa: E731
    await opened.until(is_asked, "the question")
    await opened.until(lambda: "Enter looks now and quits, q quits." in opened.words())


@pytest.mark.parametrize("key", ["q", "\n"])
async def test_leaving_while_the_second_look_is_due(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path, key: str
) -> None:
    (only,) = ids_of("active", 1)
    async with console(simulated, tmp_path, first_text=only) as opened:
        await expire_one(opened)
        await until_leaving(opened)
        assert re.search(r"Second look in \d\d s\.", opened.words())
        await opened.press("escape")
        await opened.until(lambda: isinstance(opened.app.screen, MainScreen), "main")
        before = len(simulated.requests)
        await until_leaving(opened)
        opened.send(key)
        await opened.until_ended()
        (record,) = (await opened.operations.history.page(HistoryQuery())).batches
    assert opened.app.return_code == 0
    has_looked = key == "\n"
    assert (len(simulated.requests) > before) is has_looked
    assert bool(record.second_look) is has_looked


async def test_a_look_before_leaving_that_leaves_it_open_is_asked_about(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    async with console(simulated, tmp_path, first_text=only) as opened:
        await opened.until_checked(1)
        await expire_unknown(simulated, opened, *(not_told() for _ in range(2)))
        await until_leaving(opened)
        assert "1 session may still connect calls: 1 is unknown." in opened.words()
        await opened.press("enter")
        await until_asked(opened)
        await opened.until(lambda: "Quit all the same?" in opened.words(), "a question")
        await opened.press("enter")


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


async def type_ticket(opened: Console, ticket: str) -> None:
    await opened.until(lambda: isinstance(opened.app.screen, TicketScreen), "a form")
    await opened.press(*ticket, "enter", "enter")


async def test_a_ticket_is_added_to_a_batch_that_is_over(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    async with console(simulated, tmp_path, first_text=only) as opened:
        await expire_one(opened)
        await opened.press("T")
        await type_ticket(opened, "OPS-4812")
        await opened.until(lambda: "OPS-4812 is added to" in opened.words(), "words")
        await opened.press("escape")
        await opened.until(lambda: isinstance(opened.app.screen, MainScreen), "main")
        await opened.press("H")
        await opened.until(lambda: "History " in opened.words(), "the history")
        await opened.until(lambda: "1 of 1 batches" in opened.words(), "the batch")
        await opened.press("T")
        await opened.until(lambda: "is for OPS-4812." in opened.words(), "a form")
        await type_ticket(opened, "OPS-4813")
        await opened.until(lambda: "OPS-4813 is added to" in opened.words(), "words")
        (record,) = (await opened.operations.history.page(HistoryQuery())).batches
    assert (record.ticket, record.tickets) == ("", ("OPS-4812", "OPS-4813"))
    assert record.added[0].operator
    assert "Ticket added: OPS-4812 (" in report(record)
    assert HistoryQuery(ticket="4813").matches(record)


async def test_the_header_asks_whether_the_ticket_is_kept(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 2)
    async with console(simulated, tmp_path, first_text=ids[0]) as opened:
        await opened.until_checked(1)
        await opened.press("T")
        await type_ticket(opened, "OPS-4812")
        await opened.until(lambda: "ticket OPS-4812" in opened.words(), "the ticket")
        await expire_one(opened)
        await opened.press("escape")
        await opened.until(lambda: "keep OPS-4812? K" in opened.words(), "a question")
        # Without an answer the next review asks.
        await opened.paste(ids[1])
        await opened.until_checked(2)
        await opened.press("X")
        await opened.until(lambda: "Still for OPS-4812?" in opened.words(), "a form")
        await opened.press("escape")
        await opened.until(lambda: isinstance(opened.app.screen, MainScreen), "main")
        await opened.press("K")
        await opened.until(shows(opened, "OPS-4812 is kept."), "it is kept")
        await opened.until(lambda: "ticket OPS-4812" in opened.words(), "the ticket")
        await opened.open_review()
        await opened.press("escape")


async def test_each_batch_can_be_asked_for_its_own_ticket(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 2)
    rules = CauseRules(ticket_per_batch=True)
    async with console(
        simulated, tmp_path, first_text=ids[0], cause_rules=rules
    ) as opened:
        await opened.until_checked(1)
        await opened.press("X")
        await opened.until(lambda: "Each batch has its own" in opened.words(), "a form")
        await type_ticket(opened, "OPS-1")
        await opened.until(lambda: "Expire 1 session on" in opened.words(), "review")
        await opened.look()
        await opened.press("y")
        await opened.until(lambda: "Saved in the journal" in opened.words(), "the end")
        await opened.press("escape")
        await opened.until(lambda: isinstance(opened.app.screen, MainScreen), "main")
        assert opened.ticket == ""
        await opened.paste(ids[1])
        await opened.until_checked(2)
        await opened.press("X")
        await opened.until(lambda: "Each batch has its own" in opened.words(), "a form")
        await opened.press("escape")
