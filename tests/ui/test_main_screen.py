from collections.abc import Callable
from pathlib import Path

from textual import events

from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.screens.guide import GuideScreen
from masking_console.ui.widgets.bottom_lines import FilterLine
from tests.support.console import console

IdsOf = Callable[[str, int], list[SessionUuid]]


async def test_the_log_is_filtered_as_one_types_and_escape_drops_the_filter(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    text = " ".join(ids_of("active", 2))
    async with console(simulated, tmp_path, first_text=text) as opened:
        await opened.until_checked(2)
        await opened.press("u", "z", "3", "slash")
        assert opened.main.query_one(FilterLine).has_focus
        await opened.press(*"put back")
        await opened.until(lambda: opened.main.space.log.counts[0] == 1, "one line")
        await opened.press("enter")
        assert opened.main.space.log.has_focus
        assert opened.main.space.log.filter_text == "put back"
        await opened.press("slash", "escape")
        await opened.until(lambda: opened.main.space.log.counts[0] > 1, "all lines")
        assert opened.main.space.log.filter_text == ""


async def test_panes_are_shown_by_key_and_the_log_in_full(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path, size=(80, 24)) as opened:
        await opened.press("1")
        assert "[1 Source]" in opened.screen_text()
        await opened.press("escape")
        assert "[2 Queue 0]" in opened.screen_text()
        await opened.press("L")
        assert "[3 Log]" in opened.screen_text()
        await opened.press("L", "2")
        assert opened.app.focused is opened.main.queue


async def test_a_typed_id_is_queued_after_a_pause(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    async with console(simulated, tmp_path) as opened:
        await opened.press("1")
        await opened.press(*only)
        await opened.until_checked(1)
        assert opened.main.queue.ticked()[0].session_uuid == only


async def test_ctrl_c_never_quits_and_help_opens_and_closes(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await opened.press("ctrl+c")
        assert opened.app.is_running
        assert any("Press q to quit." in line for line in opened.log_lines())
        await opened.press("f1")
        await opened.until(lambda: isinstance(opened.app.screen, GuideScreen), "help")
        await opened.press("f1")
        await opened.until(lambda: opened.app.screen is opened.main, "no help")
        await opened.press("f2")
        await opened.until_checked(16)


async def test_a_burst_of_keys_is_read_as_the_paste_that_it_is(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    first, second = ids_of("active", 2)
    async with console(simulated, tmp_path, first_text=first) as opened:
        await opened.until_checked(1)
        await opened.burst(f" u* {second}\nX")
        await opened.until_checked(2)
        assert {row.session_uuid for row in opened.main.queue.ticked()} == {
            first,
            second,
        }
        assert any("taken as a paste" in line for line in opened.log_lines())


async def test_no_account_is_chosen_on_top_of_a_review(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    async with console(simulated, tmp_path, first_text=only) as opened:
        await opened.until_checked(1)
        review = await opened.open_review()
        await opened.press("P", "n")
        assert opened.app.screen is review


async def test_a_number_that_came_as_a_burst_is_never_an_answer(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    text = " ".join(ids_of("active", 2))
    async with console(simulated, tmp_path, first_text=text) as opened:
        await opened.until_checked(2)
        review = await opened.open_review()
        for keys in (["2", "2"], ["x", "backspace", "2"], ["2", "enter"]):
            for key in keys:
                event = events.Key(key, key if len(key) == 1 else None)
                event.set_sender(opened.app)
                opened.app.post_message(event)
            await opened.pilot.pause()
            await opened.press("left")
            await opened.look()
            assert opened.app.screen is review
            await opened.look()
        assert [each.method for each in simulated.requests] == ["GET", "GET"]


async def test_a_paste_into_a_dialog_is_said_to_be_lost(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    async with console(simulated, tmp_path, first_text=only) as opened:
        await opened.until_checked(1)
        await opened.open_review()
        await opened.paste("y")
        await opened.until(
            lambda: any("Not taken" in line for line in opened.log_lines()), "the word"
        )
