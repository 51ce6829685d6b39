"""Each drill, played well and badly, from the customer's words to the debrief."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.app import SystemCommand

from masking_console.journal.reading import read_contents
from masking_console.models.drill import DRILLS, Debrief
from masking_console.models.journal_entry import JournalEvent
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.screens.finished import FinishedScreen
from masking_console.ui.screens.question import QuestionScreen
from masking_console.ui.screens.review import ReviewScreen
from tests.support.console import Console, console

Play = Callable[[Console], Awaitable[None]]


async def begin(opened: Console, name: str) -> None:
    """Begin a drill as the palette does, and read the customer's words."""
    opened.main.drill._begin(name)
    await opened.until(lambda: isinstance(opened.app.screen, QuestionScreen), "words")
    drill = opened.operations.drills.drill
    assert drill is not None
    assert f"Drill: {DRILLS[name]}" in opened.words()
    await opened.look()
    await opened.press("enter")
    await opened.until(lambda: opened.app.screen is opened.main, "the queue")
    await opened.until_checked(len(drill.text.split()) - (name == "wrong-number") * 3)
    opened.main.tick()
    assert opened.main.space.drill_clock.startswith(f"DRILL {name} ")


async def expire(opened: Console) -> FinishedScreen:
    """Review what is ticked, say yes, and wait for the end."""
    review = await opened.open_review()
    await say_yes(opened, review)
    return await finished(opened)


async def say_yes(opened: Console, review: ReviewScreen) -> None:
    if review.plan.phrase == "y":
        await opened.press("y")
    else:
        await opened.answer(review.plan.phrase)


async def finished(opened: Console) -> FinishedScreen:
    await opened.until(lambda: isinstance(opened.app.screen, FinishedScreen), "the end")
    await opened.look()
    screen = opened.app.screen
    assert isinstance(screen, FinishedScreen)
    return screen


async def check_and_retry(opened: Console) -> None:
    """Press `t` until nothing is left that may connect calls."""
    for _ in range(4):
        screen = opened.app.screen
        assert isinstance(screen, FinishedScreen)
        if not screen.summary.to_check:
            return
        await opened.press("t")
        await opened.until(
            lambda s=screen: opened.app.screen is not s,  # type: ignore[misc]
            "a look",
        )
        if isinstance(opened.app.screen, ReviewScreen):
            await opened.look()
            await say_yes(opened, opened.app.screen)
        await finished(opened)


async def untick(opened: Console, session_uuid: SessionUuid) -> None:
    queue = opened.main.queue
    queue.focus()
    queue.move_to(list(queue.keys).index(session_uuid))
    await opened.look()
    await opened.press("space")


async def only_the_customers(opened: Console) -> None:
    drill = opened.operations.drills.drill
    assert drill is not None
    (other,) = drill.forbidden
    await untick(opened, other)
    await expire(opened)


async def everything_ticked(opened: Console) -> None:
    await expire(opened)


async def go_back(opened: Console) -> None:
    await opened.press("X")
    await opened.until(lambda: "Wrong account?" in opened.words(), "the question")
    await opened.look()
    await opened.press("enter")
    await opened.until(lambda: opened.app.screen is opened.main, "back")


async def go_on(opened: Console) -> None:
    await opened.press("X")
    await opened.until(lambda: "Wrong account?" in opened.words(), "the question")
    await opened.look()
    await opened.press("tab")
    await opened.look()
    await opened.press("enter")
    await opened.until(lambda: isinstance(opened.app.screen, ReviewScreen), "review")
    await opened.look()
    await opened.press("y")
    await finished(opened)


async def look_again(opened: Console) -> None:
    await expire(opened)
    await check_and_retry(opened)


async def go_on_after_the_sleep(opened: Console) -> None:
    review = await opened.open_review()
    await say_yes(opened, review)
    await opened.until(lambda: opened.main.job.is_paused, "the pause")
    await opened.press("p")
    await finished(opened)


async def stop_after_the_sleep(opened: Console) -> None:
    review = await opened.open_review()
    await say_yes(opened, review)
    await opened.until(lambda: opened.main.job.is_paused, "the pause")
    await opened.press("s")
    await finished(opened)


async def stop_half_way(opened: Console) -> None:
    review = await opened.open_review()
    await say_yes(opened, review)
    await opened.until(lambda: opened.main.job.is_running, "a run")
    await opened.until(
        lambda: any("+ expired" in line for line in opened.log_lines()), "a result"
    )
    await opened.press("s")
    await finished(opened)


PLAYS: dict[str, tuple[Play, Play, tuple[str, str], tuple[str, str]]] = {
    "wrong-number": (
        only_the_customers,
        everything_ticked,
        ("+ The session that was meant is expired.", "+ Nothing was expired that"),
        ("! 1 session was expired that was not meant.", "share a virtual number"),
    ),
    "wrong-account": (
        go_back,
        go_on,
        ("+ Nothing was expired that was not meant.", "belongs to somebody else"),
        ("! 1 session was expired that was not meant.", "belongs to somebody else"),
    ),
    "lost-answer": (
        look_again,
        everything_ticked,
        ("+ The session that was meant is expired.", "Unknown is not done."),
        ("! The session that was meant is not expired.", "! 1 is unknown or open"),
    ),
    "revoked-token": (
        look_again,
        everything_ticked,
        ("+ 6 of 6 that were meant are expired.", "A refused sign-in ends the run."),
        ("of 6 that were meant are expired.", "has to be reviewed again."),
    ),
    "closed-laptop": (
        go_on_after_the_sleep,
        stop_after_the_sleep,
        ("+ 11 of 11 that were meant are expired.", "+ Nothing was expired that"),
        ("of 11 that were meant are expired.", "+ Nothing was expired that"),
    ),
    "half-way": (
        stop_half_way,
        everything_ticked,
        ("+ Stopped by you:", "A stopped list is no accident"),
        ("! The list was not stopped by you.", "a colleague can go on"),
    ),
}


@pytest.mark.parametrize("name", DRILLS)
@pytest.mark.parametrize("is_well", [True, False], ids=["well", "badly"])
async def test_a_drill_ends_with_a_debrief_of_what_was_done(
    simulated: SimulatedAccount,
    tmp_path: Path,
    name: str,
    is_well: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    well, badly, praise, blame = PLAYS[name]
    debriefs: list[Debrief] = []
    make = Debrief.of

    def kept(*given: object) -> Debrief:
        debriefs.append(make(*given))  # type: ignore[arg-type]
        return debriefs[-1]

    monkeypatch.setattr(Debrief, "of", kept)
    async with console(simulated, tmp_path) as opened:
        await begin(opened, name)
        await (well if is_well else badly)(opened)
        if opened.app.screen is not opened.main:
            await opened.press("escape")
            await opened.until(lambda: opened.app.screen is opened.main, "the queue")
        await opened.press("q")
        await opened.until(lambda: "Debrief" in opened.words(), "the debrief")
        said = opened.words()
        await opened.look()
        opened.send("\n")
        await opened.until_ended()
    for words in praise if is_well else blame:
        assert words in said
    assert debriefs[0].is_well is is_well
    contents = read_contents(tmp_path / "journal.db")
    assert all(batch.account_name == "practice" for batch in contents.batches)


async def test_a_drill_marks_the_journal(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await opened.operations.drills.begin("lost-answer")
        (entry,) = await opened.operations._journal.entries("")

    assert (entry.event, entry.detail) == (JournalEvent.DRILL_BEGAN, "lost-answer")


async def test_the_palette_offers_drills_in_practice_but_not_in_a_review(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:

        def offered() -> list[str]:
            found = opened.app.get_system_commands(opened.app.screen)
            assert all(isinstance(each, SystemCommand) for each in found)
            commands = opened.app.get_system_commands(opened.app.screen)
            return [each.title for each in commands if each.title.startswith("drill ")]

        assert offered() == [f"drill {name}" for name in DRILLS]
        await begin(opened, "lost-answer")
        await opened.open_review()
        assert not offered()


async def test_a_drill_that_cannot_be_marked_does_not_begin(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        opened.main.drill._begin("no-such-drill")
        await opened.until(
            lambda: any("No drill of this name" in line for line in opened.log_lines()),
            "a sentence",
        )
        assert not opened.main.drill.is_under_way
        await opened.main.drill.debrief()
        assert opened.app.screen is opened.main
