from collections.abc import Callable
from pathlib import Path

from masking_console.models.masking_session import CheckState
from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.screens.review import ReviewScreen
from masking_console.ui.screens.ticket import TicketScreen
from tests.support.console import Console, console

IdsOf = Callable[[str, int], list[SessionUuid]]
API = "7d962130-8eb6-49f1-920b-ae4d1c52f608"


def report(ids: list[SessionUuid], tail: str = "MA..9ZZZ") -> str:
    lines = "".join(
        f"+ {each}  expired    confirmed by Plivo  api {API[:-1]}{number}\n"
        for number, each in enumerate(ids)
    )
    return (
        "Plivo masking sessions expired with masking-console, batch B-20260304-1\n"
        f"Account acme ({tail})   Ticket OPS-4812   by marta on desk-7\n\n{lines}"
    )


async def says(opened: Console, words: str) -> None:
    await opened.until(lambda: words in opened.words(), words)


async def logs(opened: Console, words: str) -> None:
    await opened.until(lambda: words in "\n".join(opened.log_lines()), words)


async def test_what_is_left_out_is_said_with_line_and_reason(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    one, two, three = ids_of("active", 3)
    text = f"{one}\nid={two.replace('-', '%2D')}\n{three.replace('-', '_')}\n"
    async with console(simulated, tmp_path) as opened:
        await opened.paste(text)
        await opened.until_checked(2)
        await says(opened, "decoded: 1 from percent-encoding")
        await says(opened, "1 id is written with other signs than - (line 3)")


async def test_a_report_is_looked_at_like_any_text_and_its_words_decide_nothing(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    ids = [*ids_of("active", 2), *ids_of("expired", 1)]
    async with console(simulated, tmp_path, size=(120, 40)) as opened:
        await opened.paste(report(ids))
        await opened.until_checked(3)
        assert {each.session_uuid for each in opened.main.queue.ticked()} == set(
            ids[:2]
        )
        (off,) = opened.main.queue.rows_in([CheckState.EXPIRED])
        assert off.session_uuid == ids[2]
        await says(opened, "every id in it is looked at again.")
        await says(opened, "3 it calls off: left out if Plivo agrees.")
        for words in (
            "This report is of ACME (MA..9ZZZ), not of PRACTICE.",
            "2 sessions are open, though a pasted report says off.",
        ):
            await logs(opened, words)


async def test_a_report_of_the_account_in_use_warns_of_nothing(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        account = opened.main.account
        assert account is not None
        await opened.paste(report(ids_of("expired", 2), account.auth_id.tail))
        await opened.until_checked(2)
        assert "This report is of" not in "\n".join(opened.log_lines())


async def test_the_ticket_of_a_report_is_offered_and_kept_by_a_person(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await opened.paste(report(ids_of("active", 1)))
        await opened.until_checked(1)
        await logs(opened, "Press T to take it over.")
        assert opened.ticket == ""
        await opened.press("T")
        await opened.until(lambda: isinstance(opened.app.screen, TicketScreen))
        await opened.press("enter", "enter")
        await opened.until(lambda: opened.ticket == "OPS-4812", "ticket")


async def test_the_ticket_of_a_report_never_replaces_one_that_is_set(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        await opened.press("T", *"OPS-1", "enter", "enter")
        await opened.until(lambda: opened.ticket == "OPS-1", "the ticket")
        await opened.paste(report(ids_of("active", 1)))
        await opened.until_checked(1)
        assert "take it over" not in "\n".join(opened.log_lines())
        await opened.press("T", "enter", "enter")
        await opened.until(lambda: opened.app.screen is opened.main, "main")
        assert opened.ticket == PlainText("OPS-1")


async def test_ids_with_another_name_do_not_make_the_account_the_wrong_one(
    simulated: SimulatedAccount, ids_of: IdsOf, tmp_path: Path
) -> None:
    (one,) = ids_of("active", 1)
    others = [f"9fe6cba9-4d0e-4b62-a1c7-{number:012d}" for number in range(3)]
    text = "\n".join([one, *others, *(f"trace_id={each}" for each in others)])
    async with console(simulated, tmp_path) as opened:
        await opened.paste(text)
        await opened.until_checked(4)
        assert "right account?" not in "\n".join(opened.log_lines())
        await opened.press("X")
        await opened.until(lambda: isinstance(opened.app.screen, ReviewScreen))
