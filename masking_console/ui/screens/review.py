"""The review: the frozen list, and the one place where an operator says yes."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Button, Input, Static

from masking_console.errors import RefusedError
from masking_console.models.expiry import ConfirmedPlan, ExpiryPlan, Tier
from masking_console.presentation.review import (
    consequences,
    left_out_words,
    prompt,
    sessions,
    title,
)
from masking_console.presentation.sessions import checked_ago
from masking_console.ui.key_burst import QUIET_SECONDS, KeyBurst, KeyKind
from masking_console.ui.own_gate import OwnGate
from masking_console.ui.widgets.review_list import ReviewList

DEAF_SECONDS = 0.4
"""Keys in the first moments were meant for the screen below."""
_TOO_FAST = "That came too fast and looks like a paste. Type it by hand."


class AnswerField(Input):
    """The field for the phrase; a paste never gets into it."""

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()


class ReviewScreen(OwnGate, ModalScreen[ConfirmedPlan | None]):
    """Shows a plan and returns it confirmed, or None.

    No paste can say yes, whether it comes bracketed or as a burst of keys: keys count
    one at a time, and the last one only when it stands alone and silence follows it.
    """

    CSS_PATH = "review.tcss"
    AUTO_FOCUS = None
    BINDING_GROUP_TITLE = "review"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", id="review.cancel"),
        Binding("y", "say_yes", "yes", id="review.yes", show=False),
        Binding("v,f2", "toggle_left_out", "left out", id="review.left_out"),
    ]

    def __init__(
        self,
        plan: ExpiryPlan,
        clock: Callable[[], datetime],
        changes: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.plan = plan
        self._clock = clock
        self._changes = changes
        self._keys = KeyBurst()
        self._is_typed_by_hand = True
        self._opened_at: float | None = None
        self._pending: Timer | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="review"):
            yield Static(self._facts(), id="review-facts")
            yield ReviewList(self.plan, self._clock, id="review-list")
            yield Static(Text(left_out_words(self.plan.left_out)), id="review-left-out")
            with Horizontal(id="review-answer"):
                yield Static(Text(prompt(self.plan)), id="review-prompt")
                if self._is_typed:
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
        box.border_subtitle = "v left out   esc cancel"
        self.query_one("#review-phrase" if self._is_typed else "#cancel").focus()
        self.set_timer(DEAF_SECONDS, self._listen)

    @property
    def _is_typed(self) -> bool:
        return self.plan.tier is not Tier.ONE_KEY

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
        for change in self._changes:
            text.append(f"\n{change}", "bold")
        return text

    def _listen(self) -> None:
        self._opened_at = self._clock().timestamp()

    def hears(self, key: events.Key) -> bool:
        """Note a key; return whether it may act."""
        kind = self._keys.note(key.time, key.character or "")
        if self._pending is not None:
            # A yes counts only when nothing follows it at once.
            self._pending.stop()
            self._pending = None
            self._object(_TOO_FAST)
        if self._opened_at is None and key.key != "escape":
            return False
        if key.is_printable:
            is_first = self._is_typed and not self.query_one(AnswerField).value
            self._is_typed_by_hand = kind is KeyKind.PERSON and (
                is_first or self._is_typed_by_hand
            )
        return True

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_toggle_left_out(self) -> None:
        self.query_one(ReviewList).toggle()

    def action_say_yes(self) -> None:
        if not self._is_typed:
            self._soon(self.plan.phrase)

    @on(Input.Submitted, "#review-phrase")
    @on(Button.Pressed, "#expire")
    def _go_ahead(self) -> None:
        if not self._is_typed:
            self._soon(self.plan.phrase)
            return
        self._soon(self.query_one(AnswerField).value)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    def _soon(self, answer: str) -> None:
        if self._opened_at is None:
            return
        if not self._is_typed_by_hand or self._keys.length > 1:
            self._object(_TOO_FAST)
            return
        self._pending = self.set_timer(QUIET_SECONDS, lambda: self._confirm(answer))

    def _confirm(self, answer: str) -> None:
        self._pending = None
        try:
            confirmed = self.plan.confirm(answer)
        except RefusedError as error:
            self._object(str(error))
            return
        self.dismiss(confirmed)

    def _object(self, sentence: str) -> None:
        self.query_one("#review-problem", Static).update(Text(sentence))
        if self._is_typed:
            self.query_one(AnswerField).clear()
        self._is_typed_by_hand = True
