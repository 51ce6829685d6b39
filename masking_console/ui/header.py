"""Gathers what the two lines at the top say."""

from dataclasses import replace
from typing import TYPE_CHECKING

from masking_console.models.reach import Unreached
from masking_console.presentation.display import Sign
from masking_console.presentation.history import audit_notice, team_notice
from masking_console.presentation.reach import reach_words
from masking_console.ui.keys.acts import key_of
from masking_console.ui.widgets.status_bar import StatusFacts

if TYPE_CHECKING:
    from masking_console.operations.connections import Link
    from masking_console.ui.screens.main import MainScreen


class Header:
    """Brings the status bar up to date, once a second and with every change."""

    def __init__(self, screen: "MainScreen") -> None:
        self._screen = screen
        self._journal, self._is_journal_well = "", True
        self._link: Link | None = None
        self._told: Unreached | None = None

    def journal_is(self, words: str, *, is_well: bool = True) -> None:
        """Show how the journal is doing."""
        self._journal, self._is_journal_well = words, is_well
        self.show()

    def tick(self) -> None:
        """Let end what lasts for a time only, and show the new second."""
        self._screen.writes.turn_off_when_idle()
        self._screen.numbers.hide_when_over()
        self.look_at_link()

    def look_at_link(self) -> None:
        """Show how the connection is doing; in a run, nobody could read each answer."""
        screen = self._screen
        account = screen.account
        self._link = screen.operations.link(account) if account else None
        self._tell_why(None if self._link is None else self._link.unreached)
        self.show()

    def _tell_why(self, unreached: Unreached | None) -> None:
        """Say in the log, once for each cause, why Plivo is not reached."""
        if unreached is not None and unreached != self._told:
            words = f"No connection: {reach_words(unreached)}."
            self._screen.note(Sign.FAILED, "network", words)
        self._told = unreached

    def show(self) -> None:
        """Bring the bar up to date."""
        screen = self._screen
        account = screen.account
        operations = screen.operations
        notices = (
            audit_notice(operations.audit_states()),
            team_notice(operations.team_state()),
        )
        facts = StatusFacts(
            now=screen.clock().replace(microsecond=0),
            practice=screen.settings.practice,
            notice=screen.numbers.notice,
            ticket=screen.cause.ticket,
            is_ticket_asked=screen.is_ticket_asked,
            journal=self._journal,
            is_journal_well=self._is_journal_well,
            unsettled=self._unsettled(),
            audit="   ".join(filter(None, notices)),
            settings=screen.settings,
            tabs=screen.panes.tabs(),
        )
        if account is not None:
            facts = replace(facts, writes=screen.writes.state.value)
            facts = facts.on(account, self._link)
        screen.status_bar.facts = facts
        screen.run_panel.now = facts.now

    def _unsettled(self) -> str:
        count = len(self._screen.follow_up.not_settled)
        if not count:
            return ""
        return f"{count} not settled: {key_of('app.not_settled', self._screen)}"
