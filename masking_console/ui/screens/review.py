"""The review: the frozen list, and the one place where an operator says yes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from masking_console.errors import RefusedError
from masking_console.models.expiry import ConfirmedPlan, ExpiryPlan, Tier
from masking_console.models.listing import Origin
from masking_console.models.masking_session import CheckedSession
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.review import (
    consequences,
    left_out_words,
    one_session,
    sessions,
    title,
)
from masking_console.presentation.sessions import (
    calls_in_words,
    checked_ago,
    ends,
    masked,
    origin_short,
    origin_words,
    parties,
    state_words,
)
from masking_console.ui.keys.acts import grave, hints, key_of, moves
from masking_console.ui.keys.asking import AnswerField, Asks
from masking_console.ui.keys.key_words import with_remedy
from masking_console.ui.widgets.row_cells import Cell, Column
from masking_console.ui.widgets.rows_view import RowsView

_SHORT_ID, _FULL_ID = Column("session", 8, gap=2), Column("session", 36, gap=2)
_STATE = Column("state", 8, gap=2)
_LEGS = Column("legs", 8, gap=2)
_ENDS, _ENDS_SHORT = Column("ends", 14, gap=2), Column("ends", 7, gap=2)
_PARTIES = Column("parties", 17, gap=2)
_VIRTUAL = Column("virtual", 8, gap=2)
_FROM, _FROM_IN_FULL = Column("from", 8), Column("from", 32)
_FACTS = (_STATE, _LEGS, _ENDS, _PARTIES)
_NARROW = (_SHORT_ID, *_FACTS)
_NARROW_FROM = (_SHORT_ID, _STATE, _LEGS, _ENDS_SHORT, _PARTIES, _FROM)
_WIDE = (_FULL_ID, *_FACTS, _VIRTUAL)
_WIDE_FROM = (_SHORT_ID, *_FACTS, _VIRTUAL, _FROM_IN_FULL)
_WIDE_AT = 104


class ReviewList(RowsView[SessionUuid, CheckedSession]):
    """Sessions to be expired; `toggle` shows those that are left out instead."""

    empty_text = "Nothing was left out."

    def __init__(
        self,
        plan: ExpiryPlan,
        clock: Callable[[], datetime],
        origins: Mapping[SessionUuid, Origin | None],
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        everything = (*plan.sessions, *plan.left_out)
        super().__init__({each.session_uuid: each for each in everything}, id=id)
        self._plan = plan
        self._clock = clock
        self._origins = origins
        self._has_searches = any(each and each.is_search for each in origins.values())
        self._shows_left_out = False

    def on_mount(self) -> None:
        self._show()

    def toggle(self) -> None:
        """Show the other half of the queue."""
        self._shows_left_out = not self._shows_left_out
        self._show()

    def _show(self) -> None:
        plan = self._plan
        shown = plan.left_out if self._shows_left_out else plan.sessions
        self.border_title = "Left out" if self._shows_left_out else "To expire"
        self.show_keys([each.session_uuid for each in shown])

    def layout_of(self, width: int) -> Sequence[Column]:
        if width >= _WIDE_AT:
            return _WIDE_FROM if self._has_searches else _WIDE
        return _NARROW_FROM if self._has_searches else _NARROW

    def cells(self, row: CheckedSession, columns: Sequence[Column]) -> Sequence[Cell]:
        session, origin = row.session, self._origins.get(row.session_uuid)
        if session is None:
            return (Cell(row.session_uuid.short), Cell(state_words(row)))
        when = ends(row, self._clock())
        ending = when if when in {"ended", "-"} else f"ends in {when}"
        cells = {
            _SHORT_ID: row.session_uuid.short,
            _FULL_ID: row.session_uuid,
            _STATE: state_words(row),
            _LEGS: calls_in_words(session),
            _ENDS: ending,
            _ENDS_SHORT: when,
            _PARTIES: parties(session),
            _VIRTUAL: masked(session.virtual_number),
            _FROM: origin_short(origin),
            _FROM_IN_FULL: origin_words(origin),
        }
        return [Cell(cells[column]) for column in columns]


_FEW = 12
"""The list is no taller for more sessions than these that were left out."""
_AROUND_LIST = 10
"""Lines of the box besides its facts and its list: border, margins, answer, words."""


class ReviewScreen(Asks[ConfirmedPlan | None]):
    """Shows a plan and returns it confirmed, or None."""

    CSS_PATH = "review.tcss"
    AUTO_FOCUS = None
    ACT, PROBLEM = "#expire", "#review-problem"
    OTHER_WAY = "Dictating, or using a switch? masking-console expire --confirm"
    BINDING_GROUP_TITLE = "review"
    BINDINGS: ClassVar[list[BindingType]] = [
        moves("escape", "cancel", "cancel", id="review.cancel", show=True),
        grave("y", "say_yes", "yes", id="review.yes"),
        moves("v,f2", "toggle_left_out", "left out", id="review.left_out", show=True),
    ]

    def __init__(
        self,
        plan: ExpiryPlan,
        clock: Callable[[], datetime],
        notes: Sequence[str] = (),
        origins: Mapping[SessionUuid, Origin | None] | None = None,
    ) -> None:
        """Make the review.

        Args:
            plan: the frozen list.
            clock: gives the time, in UTC.
            notes: what the operator must not miss, one sentence each.
            origins: what led to each session, as far as it is known.
        """
        super().__init__("" if plan.tier is Tier.ONE_KEY else plan.phrase)
        self.plan = plan
        self._clock = clock
        self._notes = notes
        self._origins = origins or {}

    def compose(self) -> ComposeResult:
        with Vertical(id="review"):
            yield Static(self._facts(), id="review-facts")
            yield Static(self._one(), id="review-one")
            yield ReviewList(self.plan, self._clock, self._origins, id="review-list")
            yield Static(Text(left_out_words(self.plan.left_out)), id="review-left-out")
            with Horizontal(id="review-answer"):
                yield Static(id="review-prompt")
                if self.phrase:
                    yield AnswerField(id="review-phrase", compact=True)
            yield Static(id="review-problem", classes="says")
            with Horizontal(id="review-buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button(
                    f"Expire {sessions(self.plan.count)}",
                    id="expire",
                    variant="warning",
                    compact=True,
                )

    def on_mount(self) -> None:
        box = self.query_one("#review")
        box.border_title = Text(title(self.plan))
        box.border_subtitle = Text(hints(self, "review.left_out", "review.cancel"))
        self.query_one("#review-prompt", Static).update(Text(self._prompt()))
        self.set_class(self.plan.count == 1, "-one")
        lines = self._one().plain.count("\n") + 1
        rows = max(lines, self.plan.count, min(len(self.plan.left_out), _FEW))
        facts = self._facts().plain.count("\n") + 1
        # No taller than its list needs, and no taller than the window.
        box.styles.max_height = facts + rows + _AROUND_LIST
        self.query_one("#review-phrase" if self.phrase else "#cancel").focus()

    @property
    def how(self) -> str:
        if self.phrase:
            return f"type {self.phrase}"
        return f"press {key_of('review.yes', self)}"

    def _prompt(self) -> str:
        """Return how to say yes."""
        if self.phrase:
            return f"Type {self.phrase} to go ahead:"
        yes, no = key_of("review.yes", self), key_of("review.cancel", self)
        return f"Press {yes} to go ahead. Enter and {no} cancel."

    def _facts(self) -> Text:
        plan, now = self.plan, self._clock()
        account = plan.account
        text = Text.assemble(
            f"Account    {account.label.upper()}   {account.auth_id.tail}   ",
            f"({checked_ago(plan.checked_at, now)})\n",
        )
        if plan.ticket or plan.reason:
            text.append(f"Ticket     {plan.ticket}   Reason: {plan.reason}\n")
        text.append("\n" + "\n".join(consequences(plan, now)))
        for note in self._notes:
            text.append(f"\n{note}", "bold")
        return text

    def _one(self) -> Text:
        """Return the line of a session that is unlike its neighbors."""
        checked = self.plan.sessions[0]
        origin = self._origins.get(checked.session_uuid)
        return Text("\n".join(one_session(checked, origin, self._clock())))

    def agreed(self) -> None:
        try:
            confirmed = self.plan.confirm(self.consent.text or self.plan.phrase)
        except RefusedError as error:
            self.query_one(self.PROBLEM, Static).update(Text(with_remedy(error, self)))
        else:
            self.dismiss(confirmed)

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_toggle_left_out(self) -> None:
        self.query_one(ReviewList).toggle()
        self.toggle_class("-left-out")

    def action_say_yes(self) -> None:
        """Do nothing: the key itself was heard before, and only a key is a yes."""

    @on(Button.Pressed, "#expire")
    def _expire(self) -> None:
        self.clicked()

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)
