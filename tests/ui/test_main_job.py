from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import ReceivedRequest, Reply
from masking_console.practice.faults import Ending, Fault, Mark
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.main.screen import MainScreen
from masking_console.ui.screens.finished import FinishedScreen
from masking_console.ui.screens.question import QuestionScreen
from masking_console.ui.screens.review import ReviewScreen
from tests.support.console import Console, console

IdsOf = Callable[[str, int], list[SessionUuid]]


def deleted(account: SimulatedAccount) -> list[str]:
    return [
        request.path.rpartition("/")[2]
        for request in account.requests
        if request.method == "DELETE"
    ]


async def finish(opened: Console, phrase: str) -> FinishedScreen:
    await opened.press(*phrase)
    await opened.pilot.pause(0.2)
    await opened.press("enter")
    await opened.until(lambda: isinstance(opened.app.screen, FinishedScreen), "the end")
    screen = opened.app.screen
    assert isinstance(screen, FinishedScreen)
    await opened.pilot.pause()
    return screen


async def test_paste_review_expire_and_watch(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 5)
    in_call = simulated.marked[Mark.IN_CALL]
    async with console(simulated, tmp_path) as opened:
        await opened.paste("log: " + " and ".join([*ids, in_call]))
        await opened.until_checked(6)
        assert [row.session_uuid for row in opened.main.queue.ticked()] == ids

        review = await opened.open_review()
        assert review.plan.phrase == "5"
        finished = await finish(opened, "5")

        assert finished.summary.is_clean
        assert deleted(simulated) == ids
        assert simulated.status_of(in_call) == "in-progress"
        await opened.press("y")
        await opened.until(lambda: "report" in opened.log_lines()[-1], "the copy")
        await opened.press("ctrl+e")
        await opened.until(lambda: "Written: B-" in opened.screen_text(), "the export")
        (tmp_path / "exports").rename(tmp_path / "elsewhere")
        (tmp_path / "exports").touch()
        await opened.press("ctrl+e")
        words = "The export cannot be written"
        await opened.until(lambda: words in opened.screen_text(), "a sentence")
        assert sum("+ expired" in line for line in opened.log_lines()) == 5
        await opened.until(lambda: "Done. 5 sess" in opened.screen_text(), "words")
        await opened.press("escape")
        assert isinstance(opened.app.screen, MainScreen)


async def test_one_session_is_expired_with_one_key(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    async with console(simulated, tmp_path, first_text=only) as opened:
        await opened.until_checked(1)
        await opened.open_review()
        await opened.press("y")
        await opened.until(lambda: "Done. 1 session" in opened.screen_text(), "the end")
        assert deleted(simulated) == [only]


async def test_enter_and_escape_cancel_a_review_of_one(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    async with console(simulated, tmp_path, first_text=only) as opened:
        await opened.until_checked(1)
        for key in ("enter", "escape"):
            await opened.open_review()
            await opened.press(key)
            await opened.until(
                lambda: isinstance(opened.app.screen, MainScreen), "main"
            )
        assert deleted(simulated) == []


async def test_a_wrong_number_says_what_to_type_and_sends_nothing(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 3)
    async with console(simulated, tmp_path, first_text=" ".join(ids)) as opened:
        await opened.until_checked(3)
        await opened.open_review()
        await opened.press("4")
        words = "That is not 3. Wait a second, then type 3."
        await opened.until(lambda: words in opened.screen_text(), "a sentence")
        assert "masking-console expire --confirm" in opened.screen_text()
        await opened.press("enter")
        await opened.until(lambda: "Wait a second" in opened.screen_text(), "a lock")
        assert isinstance(opened.app.screen, ReviewScreen)
        assert deleted(simulated) == []


async def test_a_session_in_call_takes_a_tick_of_its_own_and_the_accounts_name(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    in_call = simulated.marked[Mark.IN_CALL]
    async with console(simulated, tmp_path, first_text=in_call) as opened:
        await opened.until_checked(1)
        assert opened.main.queue.ticked() == ()
        await opened.press("*")
        assert opened.main.queue.ticked() == ()
        await opened.press("space")
        review = await opened.open_review()
        assert review.plan.phrase == "1 practice"
        await opened.until(lambda: "1 of these is in a" in opened.screen_text(), "it")
        finished = await finish(opened, "1 practice")
        assert finished.summary.off == 1


async def test_check_and_retry_reviews_what_is_left(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 2)
    refusing = Fault(
        has_effect=False,
        reply=Reply(HTTPStatus.BAD_REQUEST, b'{"api_id": "a1", "error": "not now"}'),
    )
    is_broken = True

    def fault(request: ReceivedRequest) -> Fault | None:
        refuses = request.method == "DELETE" and request.path.endswith(ids[1])
        return refusing if refuses and is_broken else None

    simulated.fault = fault
    async with console(simulated, tmp_path, first_text=" ".join(ids)) as opened:
        await opened.until_checked(2)
        await opened.open_review()
        finished = await finish(opened, "2")
        await opened.until(lambda: "with problems" in opened.screen_text(), "words")
        assert [each.session_uuid for each in finished.summary.to_check] == [ids[1]]

        is_broken = False
        await opened.press("t")
        await opened.until(
            lambda: isinstance(opened.app.screen, ReviewScreen), "a second review"
        )
        screen = opened.app.screen
        assert isinstance(screen, ReviewScreen)
        assert [each.session_uuid for each in screen.plan.sessions] == [ids[1]]
        await opened.look()
        await opened.press("y")
        await opened.until(lambda: "Done. 1 session" in opened.screen_text(), "the end")
        assert simulated.status_of(ids[1]) == "expired"


async def test_pause_holds_the_run_and_stop_ends_it(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 24)
    simulated.fault = lambda request: (
        Fault(delay_before_seconds=0.5) if request.method == "DELETE" else None
    )
    async with console(simulated, tmp_path, first_text=" ".join(ids)) as opened:
        await opened.until_checked(24)
        await opened.open_review()
        await opened.press("2", "4")
        await opened.pilot.pause(0.2)
        await opened.press("enter")
        await opened.until(lambda: len(deleted(simulated)) >= 2, "two DELETEs")
        await opened.press("p")
        await opened.until(lambda: "p goes on, s" in opened.screen_text(), "pause")
        await opened.pilot.pause(0.7)
        sent = len(deleted(simulated))
        await opened.pilot.pause(0.8)
        assert len(deleted(simulated)) == sent < 24

        await opened.press("p")
        await opened.until(lambda: len(deleted(simulated)) > sent, "going on")
        await opened.press("s")
        await opened.until(
            lambda: isinstance(opened.app.screen, FinishedScreen), "the end"
        )
        await opened.until(lambda: "Stopped by you." in opened.screen_text(), "words")
        assert deleted(simulated) == ids[: len(deleted(simulated))]
        assert len(deleted(simulated)) < 24


async def test_quitting_while_sessions_are_being_expired_asks_first(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 24)
    simulated.fault = lambda request: (
        Fault(delay_before_seconds=0.6) if request.method == "DELETE" else None
    )
    async with console(simulated, tmp_path, first_text=" ".join(ids)) as opened:
        await opened.until_checked(24)
        await opened.open_review()
        await opened.press("2", "4")
        await opened.pilot.pause(0.2)
        await opened.press("enter")
        await opened.until(lambda: deleted(simulated), "a DELETE")
        await opened.press("q")
        await opened.until(
            lambda: isinstance(opened.app.screen, QuestionScreen), "a question"
        )
        await opened.until(lambda: "still being expired, " in opened.words(), "how far")
        focused = opened.app.focused
        assert focused is not None
        assert focused.id == "safe"
        await opened.press("tab")
        await opened.look()
        opened.send("\n")
        await opened.until_ended()
        assert opened.app.return_code == 130
        assert len(deleted(simulated)) < 24


async def test_an_expired_or_unknown_id_cannot_be_reviewed(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    unknown = "9fe6cba9-4d0e-4b62-a1c7-5e08d2f3b917"
    text = f"{ids_of('expired', 1)[0]} {unknown}"
    async with console(simulated, tmp_path, first_text=text) as opened:
        await opened.until_checked(2)
        await opened.press("*", "space", "X")
        assert isinstance(opened.app.screen, MainScreen)
        assert any("Nothing is ticked" in line for line in opened.log_lines())


async def test_ids_that_are_all_unknown_raise_the_question_of_the_account(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    unknown = "9fe6cba9-4d0e-4b62-a1c7-5e08d2f3b917"
    async with console(simulated, tmp_path, first_text=unknown) as opened:
        await opened.until_checked(1)
        await opened.until(
            lambda: any("right account?" in line for line in opened.log_lines()),
            "the question",
        )


async def test_a_read_only_console_opens_no_review(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    async with console(simulated, tmp_path, first_text=only, read_only=True) as opened:
        await opened.until_checked(1)
        assert "READ ONLY" in opened.screen_text()
        await opened.press("X")
        assert isinstance(opened.app.screen, MainScreen)
        assert any("read-only" in line for line in opened.log_lines())


async def test_a_refused_token_is_said_and_nothing_is_ticked(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    refusal = Fault(has_effect=False, reply=Reply(HTTPStatus.UNAUTHORIZED, b"no"))
    simulated.fault = lambda _request: refusal
    text = " ".join(ids_of("active", 3))
    async with console(simulated, tmp_path, first_text=text) as opened:
        await opened.until(
            lambda: isinstance(opened.app.screen, QuestionScreen), "a message"
        )
        await opened.until(lambda: "refused with 401" in opened.screen_text(), "words")
        await opened.press("enter")
        assert opened.main.queue.ticked() == ()
        assert opened.main.queue.summary().not_checked == 3


async def test_a_lost_answer_is_looked_up_and_shown_as_expired(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    simulated.fault = lambda request: (
        Fault(ending=Ending.DROPPED) if request.method == "DELETE" else None
    )
    async with console(simulated, tmp_path, first_text=only) as opened:
        await opened.until_checked(1)
        await opened.open_review()
        await opened.press("y")
        await opened.until(
            lambda: isinstance(opened.app.screen, FinishedScreen), "the end"
        )
        assert deleted(simulated) == [only]
        assert any("confirmed by a look" in line for line in opened.log_lines())


async def test_a_check_older_than_a_minute_is_made_again_before_the_review(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = ids_of("active", 3)
    late = timedelta(0)
    async with console(
        simulated,
        tmp_path,
        first_text=" ".join(ids),
        clock=lambda: datetime.now(UTC) + late,
    ) as opened:
        await opened.until_checked(3)
        gets = len(simulated.requests)
        expired = simulated.session(ids[0])
        assert expired is not None
        simulated.put(replace(expired, was_expired=True))
        late = timedelta(seconds=61)
        await opened.press("X")
        await opened.until(
            lambda: isinstance(opened.app.screen, ReviewScreen), "the review"
        )
        assert len(simulated.requests) == gets + 3
        screen = opened.app.screen
        assert isinstance(screen, ReviewScreen)
        assert [each.session_uuid for each in screen.plan.sessions] == ids[1:]
        await opened.until(lambda: "1 expired by itself" in opened.screen_text(), "it")
