"""One session in full, line by line."""

from datetime import datetime

from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.masking_session import CheckedSession
from masking_console.models.plain_text import PlainText
from masking_console.models.session_detail import Interaction, SessionInspection
from masking_console.presentation.display import shown_time, zone_name
from masking_console.presentation.sessions import (
    age,
    calls_words,
    created_words,
    ending_words,
    masked,
    state_words,
)

MOST_CALLS_SHOWN = 8


def detail_lines(
    inspection: SessionInspection, now: datetime, *, shows_numbers: bool
) -> tuple[str, ...]:
    """Return the lines of the detail, with numbers in full only when asked."""
    detail, session = inspection.detail, inspection.detail.session
    checked = CheckedSession.of(session, inspection.seen_at)

    def number(text: PlainText) -> str:
        return (text or "-") if shows_numbers else masked(text)

    sharing = _sharing(inspection.sharing)
    lines = [
        _line("session", session.session_uuid),
        _line("state", f"{state_words(checked)}   checked {_ago(inspection, now)} ago"),
        _line("created", created_words(session.created_time, now)),
        _line("ends", ending_words(session.expiry_time, now)),
        _line("calls", calls_words(session, now)),
        "",
        _line("first", number(session.first_party)),
        _line("second", number(session.second_party)),
        _line("virtual", f"{number(session.virtual_number)}   {sharing}".rstrip()),
        _line("PINs", _pins(detail.has_pins)),
        _line("recording", _on(detail.is_recorded)),
        _line("callback", _callback(detail.callback_host)),
        _line("here before", _before(inspection)),
    ]
    if detail.interactions:
        lines += ["", *_interaction_lines(detail.interactions)]
    return tuple(lines)


def _line(name: str, text: str) -> str:
    return f"{name:<12}{text}"


def _ago(inspection: SessionInspection, now: datetime) -> str:
    return age(inspection.seen_at, now)


def _sharing(count: int | None) -> str:
    if count is None:
        return ""
    if count == 0:
        return "no other open session shares it (of the last 7 days)"
    others = "session shares" if count == 1 else "sessions share"
    return f"{count} other open {others} it (of the last 7 days)"


def _pins(has_pins: bool | None) -> str:
    return "required; never shown or saved" if has_pins else "never shown or saved"


def _on(is_recorded: bool | None) -> str:
    return {True: "on", False: "off", None: "-"}[is_recorded]


def _callback(host: str) -> str:
    return f"set (host only: {host})" if host else "none"


def _before(inspection: SessionInspection) -> str:
    outcomes = [
        session
        for record in inspection.before
        for session in record.sessions
        if session.session_uuid == inspection.detail.session.session_uuid
    ]
    if not outcomes:
        return "never expired from this computer"
    expired = sum(each.outcome is ExpiryOutcome.EXPIRED for each in outcomes)
    words = f"in {len(outcomes)} batch{'' if len(outcomes) == 1 else 'es'}"
    words += f", expired {expired} time{'' if expired == 1 else 's'}"
    tickets = dict.fromkeys(t for record in inspection.before for t in record.tickets)
    words += f", for {', '.join(tickets)}" if tickets else ""
    later = next((each.later for each in outcomes if each.later), "")
    return f"{words}; {later}" if later else words


def _interaction_lines(interactions: tuple[Interaction, ...]) -> list[str]:
    began = f"call began ({zone_name()})"
    lines = [f"{began:<23} took     legs  recording"]
    lines += [
        f"{_began(each):<23} {_took(each):<8} {each.legs or '-'!s:<5} "
        f"{'yes' if each.has_recording else '-'}"
        for each in interactions[:MOST_CALLS_SHOWN]
    ]
    more = len(interactions) - MOST_CALLS_SHOWN
    return [*lines, f"{more} more"] if more > 0 else lines


def _began(interaction: Interaction) -> str:
    start = interaction.start_time
    return f"{shown_time(start):%Y-%m-%d %H:%M:%S}" if start is not None else "-"


def _took(interaction: Interaction) -> str:
    if interaction.seconds is None:
        is_running = interaction.start_time is not None
        return "running" if is_running else "-"
    minutes, seconds = divmod(interaction.seconds, 60)
    return f"{minutes}:{seconds:02}"
