"""The account in use: the first one, another one, or the same with another token."""

from rich.text import Text
from textual.widgets import Static

from masking_console.models.account import Account
from masking_console.presentation.display import Sign
from masking_console.presentation.review import sessions
from masking_console.ui.main.check import CheckJob
from masking_console.ui.main.details import NumbersJob
from masking_console.ui.main.find import FindJob
from masking_console.ui.main.follow_up import FollowUp
from masking_console.ui.main.workspace import Workspace
from masking_console.ui.main.writes import WriteSwitch
from masking_console.ui.screens.question import QuestionScreen


class AccountSwitch:
    """Begins with an account, goes over to another one, or goes on with it."""

    def __init__(
        self,
        space: Workspace,
        writes: WriteSwitch,
        numbers: NumbersJob,
        finding: FindJob,
        checks: CheckJob,
        follow_up: FollowUp,
    ) -> None:
        self._space = space
        self._writes = writes
        self._numbers = numbers
        self._finding = finding
        self._checks = checks
        self._follow_up = follow_up

    def first_run(self) -> str:
        """Return the text that stands in place of the panes without an account."""
        key = self._space.key
        return (
            f"No account yet. Press {key('app.new_account')}.\n\n"
            "You need the Auth ID and Auth Token from the Plivo console home page.\n\n"
            f"Just to look: {key('app.quit')}, then masking-console --practice. "
            f"Help: {key('app.help')}"
        )

    def use(self, account: Account | None, why_none: str = "") -> None:
        """Work on this account from here on; forget the checks of the queue."""
        space, screen = self._space, self._space.screen
        words = Text(why_none or self.first_run(), justify="center")
        screen.query_one("#first-run", Static).update(words)
        is_other = account is None or not account.is_same_as(space.account)
        space.account = account
        self._writes.work_on(account, is_other=is_other)
        had_none = screen.has_class("-no-account")
        screen.set_class(account is None, "-no-account")
        if account is None:
            # At the start, the focus of the screen itself may come after this.
            screen.set_focus(None)
            screen.call_after_refresh(screen.set_focus, None)
        elif had_none:
            screen.call_after_refresh(space.queue.focus)
        if is_other:
            self._numbers.hide()
            self._finding.forget()
            space.queue.forget_checks()
            self._checks.check_queued()
            if account is not None:
                self._follow_up.offer(account)
        space.look_at_link()

    async def go_over(self, account: Account) -> None:
        """Use this account, after asking where that takes rows out of the queue.

        Ids that belong to one account are not carried to another unseen; undo brings
        them back unticked, to be checked there.
        """
        space = self._space
        before = space.account
        if account.is_same_as(before):
            self.renew(account)
            return
        summary = space.queue.summary()
        if before is None or not summary.total:
            self.use(account)
            space.note(Sign.NOTE, "account", f"Now on {account.label.upper()}.")
            return
        question = QuestionScreen(
            f"Go over to {account.label.upper()}?",
            f"This takes {sessions(summary.total)} of {before.label.upper()} out of "
            f"the queue, {summary.ticked} of them ticked. "
            "Undo brings the ids back, unticked.",
            safe=f"Stay on {before.label.upper()}",
            act="Go over",
        )
        if await space.ask(question):
            self.use(account)
            gone = space.queue.clear()
            key = space.key("queue.undo")
            words = (
                f"{sessions(gone)} taken out. {key} brings the ids back to check here."
            )
            space.note(Sign.NOTE, "account", f"Now on {account.label.upper()}. {words}")

    def renew(self, account: Account) -> None:
        """Go on with the account in use, whatever is new about it; the queue stays."""
        self.use(account)
        # What was asked with the old token has no answer, or a refusal.
        self._checks.ask_again()
        if self._finding.is_reading:
            self._finding.again()
