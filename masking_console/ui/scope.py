"""What `X` is about, where the ticks alone do not make that plain."""

from typing import TYPE_CHECKING

from masking_console.presentation.review import sessions
from masking_console.ui.dialogs import answer_to
from masking_console.ui.keys.acts import key_of
from masking_console.ui.screens.choice import ChoiceScreen

if TYPE_CHECKING:
    from masking_console.ui.screens.main import MainScreen

_ONLY_THIS = 1


async def is_scope_clear(screen: "MainScreen") -> bool:
    """Ask where ticks are hidden or elsewhere; return whether to go on.

    "Only this one" moves the ticks, so that what is reviewed is what can be seen.
    """
    summary = screen.queue.summary()
    if summary.hidden_ticked:
        return await _are_hidden_ones_meant(
            screen, summary.ticked, summary.hidden_ticked
        )
    if summary.ticked and _is_cursor_left_out(screen):
        return await _are_ticks_elsewhere_meant(screen, summary.ticked)
    return True


def _is_cursor_left_out(screen: "MainScreen") -> bool:
    cursor = screen.queue.cursor_key
    if cursor == screen.queue.left_out_by_hand:
        # Who has just taken the tick off this very row does not mean it.
        return False
    rows = screen.queue.rows_of([] if cursor is None else [cursor])
    ticked = screen.queue.ticked()
    return any(row.state.can_be_ticked and row not in ticked for row in rows)


async def _are_hidden_ones_meant(
    screen: "MainScreen", ticked: int, hidden: int
) -> bool:
    words = (
        f"{ticked} ticked, {hidden} of them hidden by the filter. "
        f"To see them, go back and press {key_of('rows.clear_filter', screen)}."
    )
    dialog = ChoiceScreen("Hidden ticks", words, (f"Review {sessions(ticked)}",))
    return await answer_to(screen.app, dialog) is not None


async def _are_ticks_elsewhere_meant(screen: "MainScreen", ticked: int) -> bool:
    queue = screen.queue
    words = (
        "The cursor row is not ticked. "
        f"Expire the {ticked} ticked sessions, or only this one?"
    )
    if ticked == 1:
        words = "The cursor row is not ticked. Expire the ticked session, or this one?"
    dialog = ChoiceScreen("Which ones?", words, (f"The {ticked} ticked", "Only this"))
    chosen = await answer_to(screen.app, dialog)
    if chosen == _ONLY_THIS and queue.cursor_key is not None:
        ticks = [row.session_uuid for row in queue.ticked()]
        queue.change_ticks([queue.cursor_key], ticks)
    return chosen is not None
