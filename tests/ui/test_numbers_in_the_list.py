from datetime import timedelta
from pathlib import Path

import pytest

from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.clock import Clock
from tests.support.console import Console, console
from tests.support.runs import open_ids


def numbers_of(simulated: SimulatedAccount, uuid: str) -> tuple[str, str, str]:
    stored = next(each for each in simulated.sessions if each.session_uuid == uuid)
    return stored.first_party, stored.second_party, stored.virtual_number


async def shown(opened: Console, number: str) -> None:
    await opened.press("m")
    await opened.until(lambda: number in opened.screen_text(), "the number")


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 50)])
async def test_numbers_stand_in_the_list_for_a_minute_and_that_is_recorded(
    simulated: SimulatedAccount, tmp_path: Path, size: tuple[int, int]
) -> None:
    clock = Clock()
    ids = open_ids(simulated, 1)
    first, second, virtual = numbers_of(simulated, ids[0])
    async with console(
        simulated, tmp_path, first_text=ids[0], size=size, clock=clock
    ) as opened:
        await opened.until_checked(1)
        assert first not in opened.screen_text()
        await shown(opened, first)
        assert second in opened.screen_text()
        # At 100 columns the source stands beside the list, and there is less room.
        assert (virtual in opened.screen_text()) == (size[0] != 100)
        clock.advance(timedelta(seconds=20))
        opened.main.tick()
        words = "Numbers shown for 40 s (recorded)."
        await opened.until(lambda: words in opened.screen_text(), "the notice")
        clock.advance(timedelta(seconds=40))
        opened.main.tick()
        await opened.until(lambda: first not in opened.screen_text(), "hidden again")
        await shown(opened, first)
        await opened.press("m")
        await opened.until(lambda: first not in opened.screen_text(), "hidden by key")
        log = opened.log_lines()
        assert sum("(recorded)" in line for line in log) == 2
        assert not any(first in line for line in log)
    content = b"".join(path.read_bytes() for path in tmp_path.glob("journal.db*"))
    assert b"numbers.shown" in content
    assert first.encode() not in content


async def test_numbers_are_hidden_when_another_account_is_used(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 1)
    first, _, _ = numbers_of(simulated, ids[0])
    async with console(simulated, tmp_path, first_text=ids[0]) as opened:
        await opened.until_checked(1)
        await shown(opened, first)
        opened.main.accounts.use(None)
        assert opened.main.numbers.notice == ""
        await opened.press("m")
        assert opened.main.numbers.notice == ""


async def test_numbers_in_the_list_stay_hidden_when_that_cannot_be_recorded(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 1)
    async with console(simulated, tmp_path, first_text=ids[0]) as opened:
        await opened.until_checked(1)
        journal = opened.operations._journal
        connection = journal._file._opened
        await journal._in_thread(lambda: connection().execute("DROP TABLE entries"))
        await opened.press("m")
        await opened.until(lambda: "They stay hidden." in opened.screen_text(), "no")
        assert opened.main.numbers.notice == ""
