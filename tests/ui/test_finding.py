import threading
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input

from masking_console.models.masking_session import CheckState
from masking_console.practice.exchange import ReceivedRequest
from masking_console.practice.faults import Fault
from masking_console.practice.listing import Conduct
from masking_console.practice.simulated_account import RateLimit, SimulatedAccount
from masking_console.ui.screens.question import QuestionScreen
from tests.support.console import Console, console
from tests.support.runs import open_ids, plivos, reply


@pytest.fixture
def simulated() -> SimulatedAccount:
    return SimulatedAccount(
        count=60,
        conduct=Conduct(latency_seconds=(0.0, 0.0)),
        rate_limit=RateLimit(limit=None),
    )


def is_list(request: ReceivedRequest) -> bool:
    return request.path.endswith("/Session/")


def said(opened: Console) -> list[str]:
    return str(opened.main.source.query_one("#find-words").render()).splitlines()


async def find(opened: Console, text: str) -> None:
    await opened.press("S")
    await opened.until(lambda: opened.main.source.field.has_focus, "the field")
    await opened.press(*text, "enter")


async def until_listed(opened: Console, what: str) -> None:
    await opened.until(
        lambda: any(". listed" in line and what in line for line in opened.log_lines()),
        what,
    )


async def test_everything_that_is_open_comes_without_a_tick(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await find(opened, "")
        await until_listed(opened, "open sessions in the last 90 days.")
        queue = opened.main.queue
        assert len(queue.keys) > 10
        assert queue.ticked() == ()
        assert queue.rows_in([CheckState.EXPIRED]) == ()
        assert queue.has_focus
        assert any("Complete for 90 days." in line for line in said(opened))
        await opened.press("*", "X")
        await opened.until(lambda: "Expire " in opened.screen_text(), "the review")
        await opened.press("escape")


async def test_a_number_is_found_and_never_written_down(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    session = simulated.session(uuid)
    assert session is not None
    number = session.first_party.removeprefix("+")
    async with console(simulated, tmp_path) as opened:
        await find(opened, f"+{number[:2]} {number[2:]}")
        await until_listed(opened, " open")
        assert any("Complete for 90 days, read as +" in each for each in said(opened))
        assert uuid in opened.main.queue.keys
        for row in opened.main.queue.rows_in(list(CheckState)):
            assert row.session is not None
            assert number in row.session.numbers
        assert number not in " ".join(opened.log_lines())
        await opened.operations.open_journal()
        assert number.encode() not in (tmp_path / "journal.db").read_bytes()


async def test_a_number_is_answered_with_every_state_and_the_open_ones_first(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    number = "12025550140"
    there = [e for e in simulated.sessions if e.virtual_number == number]
    states = {simulated.status_of(each.session_uuid) for each in there}
    assert {"active", "expired"} <= states
    async with console(simulated, tmp_path) as opened:
        await find(opened, "202 555 0140")
        words = "Not complete: check the number."
        await opened.until(lambda: words in " ".join(opened.log_lines()), words)
        assert "Check it, and type it with + and its country code." in " ".join(
            said(opened)
        )
        opened.main.finding.find("+1 202-555-0140")
        await until_listed(opened, "expired with +1...140.")
        queue = opened.main.queue
        rows = queue.rows_of(queue.keys)
        is_open = [row.state is not CheckState.EXPIRED for row in rows]
        assert is_open == sorted(is_open, reverse=True)
        assert not all(is_open)
        assert queue.ticked() == ()
        words = "Complete for 90 days, read as +1...140 (United States)."
        assert words in " ".join(said(opened))


async def test_the_country_of_the_configuration_reads_national_spellings(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path, country="US") as opened:
        await find(opened, "(202) 555-0140")
        await until_listed(opened, "open, ")
        words = "read as +1...140 (United States)"
        assert words in " ".join(said(opened))


async def test_an_id_goes_straight_to_the_queue(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    async with console(simulated, tmp_path) as opened:
        await opened.press("S")
        await opened.until(lambda: opened.main.source.field.has_focus, "the field")
        await opened.paste(uuid)
        await opened.press("enter")
        await opened.until_checked(1)
        assert opened.main.queue.cursor_key == uuid
        assert opened.main.queue.ticked() == ()


async def test_a_chunk_of_log_in_the_field_is_read_as_a_paste(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    async with console(simulated, tmp_path) as opened:
        await opened.press("S")
        await opened.until(lambda: opened.main.source.field.has_focus, "the field")
        await opened.paste("\n".join(ids))
        await opened.until_checked(2)


async def test_what_cannot_be_found_says_what_to_type(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await find(opened, "ops")
        await opened.until(lambda: "country code" in " ".join(said(opened)), "words")
        assert simulated.requests == ()


async def test_escape_stops_and_keeps_and_r_goes_on(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    is_slow = True

    def slow_after_the_first(request: ReceivedRequest) -> Fault | None:
        lists = [each for each in simulated.requests if is_list(each)]
        is_late = is_list(request) and len(lists) > 1 and is_slow
        return Fault(delay_before_seconds=5.0) if is_late else None

    simulated.fault = slow_after_the_first
    async with console(simulated, tmp_path) as opened:
        await find(opened, "")
        await opened.until(lambda: len(opened.main.queue.keys), "the first page")
        await opened.press("down", "space")
        before = len(opened.main.queue.keys)
        await opened.press("escape")
        await opened.until(lambda: "Stopped by you." in " ".join(said(opened)), "it")
        assert len(opened.main.queue.keys) == before
        is_slow = False
        ticked = opened.main.queue.ticked()
        cursor = opened.main.queue.cursor_key
        await opened.press("r")
        await until_listed(opened, "open sessions in the last 90 days.")
        assert len(opened.main.queue.keys) > before
        assert [e.session_uuid for e in opened.main.queue.ticked()] == [
            e.session_uuid for e in ticked
        ]
        assert opened.main.queue.cursor_key == cursor


async def test_a_list_that_fails_is_not_called_empty(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    simulated.fault = lambda request: (
        plivos(400, error="no") if is_list(request) else None
    )
    async with console(simulated, tmp_path) as opened:
        await find(opened, "")
        await opened.until(
            lambda: any("? listed" in line for line in opened.log_lines()), "the end"
        )
        text = " ".join(said(opened))
        words = "Nothing could be read. Window 1 failed (Plivo answered 400: no)."
        assert words in text
        assert "Press r." in text


async def test_s_finds_always_and_the_text_is_reached_otherwise(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path, size=(80, 24)) as opened:
        source = opened.main.source
        for _ in range(2):
            await opened.press("S")
            assert source.field.has_focus
            await opened.press("escape")
            assert opened.main.queue.has_focus
        await opened.press("1")
        assert source.text_area.has_focus
        await opened.press("escape", "S", "tab")
        assert source.text_area.has_focus


async def test_without_an_account_nothing_is_asked(tmp_path: Path) -> None:
    simulated = SimulatedAccount(count=0)
    async with console(simulated, tmp_path) as opened:
        opened.main.accounts.use(None)
        opened.main.finding.find("")
        await opened.until(
            lambda: any("Choose an account" in line for line in opened.log_lines()),
            "a sentence",
        )
        opened.main.finding.stop()
    assert simulated.requests == ()


async def test_a_number_that_is_still_being_read_is_forgotten_with_its_account(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        opened.main.finding.find("+1 202 555 0140")
        opened.main.finding.forget()
        await opened.pilot.pause(0.5)
        assert not opened.main.finding.can_go_again
    assert not any(is_list(each) for each in simulated.requests)


async def test_what_is_looked_at_is_asked_about_anew_without_a_word(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await find(opened, "")
        await until_listed(opened, "open sessions in the last 90 days.")
        queue, lines = opened.main.queue, opened.log_lines()
        first = queue.keys[0]
        assert queue.cursor_key == first
        stored = simulated.session(first)
        assert stored is not None
        simulated.put(replace(stored, was_expired=True))
        before = len(simulated.requests)
        opened.main.finding.refresh()
        await opened.until(
            lambda: queue.rows_of([first])[0].state is CheckState.EXPIRED, "news"
        )
        assert 1 <= len(simulated.requests) - before <= queue.size.height
        assert queue.ticked() == ()
        assert queue.cursor_key == first
        assert opened.log_lines() == lines

        simulated.fault = lambda _request: reply(401)
        opened.main.finding.refresh()
        words = "was refused with 401, not in Plivo's form"
        await opened.until(
            lambda: any(words in line for line in opened.log_lines()), words
        )


async def test_nothing_is_asked_anew_of_what_was_pasted(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    (uuid,) = open_ids(simulated, 1)
    async with console(simulated, tmp_path, first_text=uuid) as opened:
        await opened.until_checked(1)
        before = len(simulated.requests)
        opened.main.finding.refresh()
        await opened.pilot.pause(0.2)
        assert len(simulated.requests) == before


async def test_a_refused_sign_in_ends_a_search_with_a_sentence_in_the_way(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path, size=(80, 24)) as opened:
        simulated.fault = lambda _request: plivos(401, error="region not resolved")
        await find(opened, "")
        words = (
            "Plivo refused the sign-in of PRACTICE (401): region not resolved. "
            "Ask who manages the account."
        )
        await opened.until(
            lambda: isinstance(opened.app.screen, QuestionScreen), "the sentence"
        )
        await opened.until(lambda: words in opened.words(), words)
        assert not any("listed" in line for line in opened.log_lines())
        await opened.press("enter")
        simulated.fault = None
        await opened.press("r")
        await until_listed(opened, "Complete.")


async def test_a_narrow_console_says_how_far_reading_has_come(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path, size=(80, 24)) as opened:
        may_answer = threading.Event()

        def wait(_request: ReceivedRequest) -> Fault | None:
            return None if may_answer.is_set() else Fault(delay_before_seconds=0.5)

        simulated.fault = wait
        await find(opened, "")
        words = "Reading sessions: "
        await opened.until(lambda: words in opened.words(), words)
        may_answer.set()
        await until_listed(opened, "Complete.")
        assert words not in opened.words()


async def test_ticks_from_before_are_named_when_something_else_is_looked_for(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = " ".join(open_ids(simulated, 2))
    async with console(simulated, tmp_path, first_text=ids) as opened:
        await opened.until_checked(2)
        await find(opened, "")
        await until_listed(opened, "open sessions in the last 90 days.")
        words = "2 ticked from before stay ticked; u unticks them."
        assert any(words in line for line in opened.log_lines())
        assert len(opened.main.queue.ticked()) == 2


async def test_a_paste_goes_behind_what_stands_in_the_field_already(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await opened.press("S")
        await opened.until(lambda: opened.main.source.field.has_focus, "the field")
        await opened.press(*"+91 900")
        await opened.paste("3459051")
        field = opened.main.query_one("#find", Input)
        assert field.value == "+91 9003459051"
