"""Going over to another account, which empties the queue and says so first."""

from typing import TYPE_CHECKING

from masking_console.models.account import Account
from masking_console.presentation.display import Sign
from masking_console.presentation.review import sessions
from masking_console.ui.dialogs import answer_to
from masking_console.ui.keys.acts import key_of
from masking_console.ui.screens.question import QuestionScreen

if TYPE_CHECKING:
    from masking_console.ui.screens.main import MainScreen


async def go_over(screen: "MainScreen", account: Account) -> None:
    """Use this account, after asking where that takes rows out of the queue.

    Ids that belong to one account are not carried to another unseen; undo brings them
    back unticked, to be checked there.
    """
    before = screen.account
    if account.is_same_as(before):
        renew(screen, account)
        return
    summary = screen.queue.summary()
    if before is None or not summary.total:
        screen.use(account)
        screen.note(Sign.NOTE, "account", f"Now on {account.label.upper()}.")
        return
    question = QuestionScreen(
        f"Go over to {account.label.upper()}?",
        f"This takes {sessions(summary.total)} of {before.label.upper()} out of the "
        f"queue, {summary.ticked} of them ticked. Undo brings the ids back, unticked.",
        safe=f"Stay on {before.label.upper()}",
        act="Go over",
    )
    if await answer_to(screen.app, question):
        screen.use(account)
        gone = screen.queue.clear()
        key = key_of("queue.undo", screen)
        words = f"{sessions(gone)} taken out. {key} brings the ids back to check here."
        screen.note(Sign.NOTE, "account", f"Now on {account.label.upper()}. {words}")


def renew(screen: "MainScreen", account: Account) -> None:
    """Go on with the account in use, whatever is new about it; the queue stays."""
    screen.use(account)
    # What was asked with the old token has no answer, or a refusal.
    screen.checks.ask_again()
    if screen.finding.is_reading:
        screen.finding.again()
