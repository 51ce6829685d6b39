"""Breaks of a yes that is a person's, against the real app; in both directions."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual import events

from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.screens.finished import FinishedScreen
from masking_console.ui.screens.question import QuestionScreen, TypedNameScreen
from masking_console.ui.screens.review import ReviewScreen
from masking_console.ui.screens.ticket import TicketScreen
from masking_console.ui.terminal.paste_parser import WholePasteParser
from tests.support.console import Console, console
from tests.ui.test_deliberate_yes import (
    LEFT,
    click,
    deleted,
    mouse,
    place_of,
    reviewing,
)

pytestmark = pytest.mark.no_cover

IdsOf = Callable[[str, int], list[SessionUuid]]
SHIFT = "\x1b[57441;2u"
"""A press of Shift, as a terminal with the kitty protocol reports it when asked to."""


class Typing:
    """A terminal's input as the driver reads it."""

    def __init__(self, opened: Console) -> None:
        self._opened = opened
        self._parser = WholePasteParser()

    def send(self, data: str = "") -> None:
        """Send data; without any, let the driver's tick come."""
        found = [*self._parser.feed(data)] if data else []
        for message in [*found, *self._parser.tick()]:
            message.set_sender(self._opened.app)
            self._opened.app.post_message(message)


def kitty(character: str, base: str = "") -> str:
    """Return a press as the kitty protocol has it with the flags that Textual sets."""
    modifiers = "2" if base else ""
    return f"\x1b[{ord(base or character)};{modifiers};{ord(character)}u"


# (a) Something that is no person's deliberate act confirms.


async def test_a_paste_that_begins_behind_a_yes_takes_it_back(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    async with reviewing(simulated, ids_of, tmp_path, 1) as opened:
        terminal = Typing(opened)
        terminal.send("y")
        await asyncio.sleep(0.1)
        terminal.send("\x1b[200~a paste that takes longer than 0.4 s")
        await asyncio.sleep(0.7)
        terminal.send("\x1b[201~")
        await opened.look()
        assert deleted(simulated) == 0


async def test_a_size_in_a_paste_does_not_move_the_mouse(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    async with reviewing(simulated, ids_of, tmp_path, 1) as opened:
        terminal = Typing(opened)
        (x, y), (other_x, _) = place_of(opened, "#cancel"), place_of(opened, "#expire")
        pixels = round(100 * x / other_x)
        terminal.send(f"\x1b[200~a \x1b[201~\x1b[48;30;100;30;{pixels}t\x1b[201~")
        await opened.look()
        # A person clicks on "Cancel".
        terminal.send(f"\x1b[<0;{x + 1};{y + 1}M")
        await asyncio.sleep(0.08)
        terminal.send(f"\x1b[<0;{x + 1};{y + 1}m")
        await opened.look()
        assert deleted(simulated) == 0


async def test_escape_at_the_end_of_a_paste_closes_nothing(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await opened.press("T")
        await opened.until(lambda: isinstance(opened.app.screen, TicketScreen), "T")
        terminal = Typing(opened)
        terminal.send("\x1b[200~a header \x1b[201~\x1b")
        # The parser waits 0.1 s for more, and the driver looks every 0.1 s.
        await asyncio.sleep(0.16)
        terminal.send()
        await opened.look()
        assert isinstance(opened.app.screen, TicketScreen)


async def test_the_back_button_of_the_mouse_is_no_click(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    async with reviewing(simulated, ids_of, tmp_path, 1) as opened:
        terminal = Typing(opened)
        x, y = place_of(opened, "#expire")
        terminal.send(f"\x1b[<128;{x + 1};{y + 1}M")
        await asyncio.sleep(0.08)
        terminal.send(f"\x1b[<128;{x + 1};{y + 1}m")
        await opened.look()
        assert deleted(simulated) == 0


async def test_a_release_behind_a_paste_is_no_click(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await opened.press("T")
        await opened.until(lambda: isinstance(opened.app.screen, TicketScreen), "T")
        await opened.look()
        at = place_of(opened, "#cancel")
        mouse(opened, events.MouseDown, at, LEFT)
        opened.app.post_message(events.Paste("a header"))
        mouse(opened, events.MouseUp, at, LEFT)
        await opened.look()
        assert isinstance(opened.app.screen, TicketScreen)


# (b) A person is refused.


@pytest.mark.parametrize("how", ["tab", "click"])
async def test_a_person_who_has_looked_through_the_list_types_the_count(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path, how: str
) -> None:
    async with reviewing(simulated, ids_of, tmp_path, 2) as opened:
        if how == "click":
            await click(opened, "#review-list")
        else:
            await opened.press("shift+tab")
        await opened.press("down", "up")
        await opened.answer("2")
        await opened.until(
            lambda: isinstance(opened.app.screen, FinishedScreen), "the end"
        )


async def test_a_person_types_while_the_terminal_says_it_has_no_focus(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    async with reviewing(simulated, ids_of, tmp_path, 2) as opened:
        opened.app.post_message(events.AppBlur())
        await opened.answer("2")
        await opened.until(
            lambda: isinstance(opened.app.screen, FinishedScreen), "the end"
        )


@pytest.mark.parametrize("typed", ["ab_cd", "AB-CD"])
async def test_shift_is_no_input(
    simulated: SimulatedAccount, tmp_path: Path, typed: str
) -> None:
    async with console(simulated, tmp_path) as opened:
        answers: list[bool | None] = []
        question = TypedNameScreen(typed.lower(), heading="h", sentence="s", act="Go")
        opened.app.push_screen(question, answers.append)
        await opened.look()
        terminal = Typing(opened)
        for character in typed:
            base = "-" if character == "_" else character.lower()
            if base != character:
                terminal.send(SHIFT)
                await asyncio.sleep(0.1)
            terminal.send(kitty(character, base if base != character else ""))
            await asyncio.sleep(0.2)
        terminal.send("\x1b[13u")
        await opened.until(lambda: answers, "the answer")
        assert answers == [True]


async def test_shift_and_a_key_in_one_lump_act(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    async with console(simulated, tmp_path, first_text=only) as opened:
        await opened.until_checked(1)
        Typing(opened).send(SHIFT + kitty("X", "x"))
        await opened.look()
        assert isinstance(opened.app.screen, ReviewScreen)


async def test_the_review_names_the_key_that_says_yes(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (only,) = ids_of("active", 1)
    keys = {"review.yes": ("g",)}
    async with console(simulated, tmp_path, first_text=only, keymap=keys) as opened:
        await opened.until_checked(1)
        await opened.open_review()
        assert "Press g to go ahead" in opened.words()
        await opened.press("down", "g")
        assert "then press g" in opened.words()


async def test_caps_lock_is_told(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    async with reviewing(simulated, ids_of, tmp_path, 1) as opened:
        before = opened.words()
        await opened.press("Y")
        await opened.look()
        # Either a yes, as in the typed tiers, or a word about it; today: nothing.
        is_told = opened.words().split("Press y")[-1] != before.split("Press y")[-1]
        assert deleted(simulated) or is_told


async def test_what_came_by_itself_over_a_yes_takes_its_words_back(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    async with reviewing(simulated, ids_of, tmp_path, 1) as opened:
        opened.send("y")
        await asyncio.sleep(0.1)
        opened.app.push_screen(QuestionScreen("Other", "It came by itself."))
        await opened.look()
        await opened.press("escape")
        assert "Going ahead" not in opened.words()


# (d) Crashes.


@pytest.mark.parametrize("kind", ["name", "question"])
async def test_a_paste_that_meets_a_dialog_before_it_is_composed(
    simulated: SimulatedAccount, tmp_path: Path, kind: str
) -> None:
    async with console(simulated, tmp_path) as opened:
        dialog = (
            TypedNameScreen("prod", heading="h", sentence="s", act="Go")
            if kind == "name"
            else QuestionScreen("h", "s", act="Go")
        )
        opened.app.post_message(events.Paste("a header"))
        opened.app.push_screen(dialog)
        await opened.look()
        assert opened.app._exception is None
