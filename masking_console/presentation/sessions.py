"""Facts about a session, in words that every face uses."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.listing import Origin
from masking_console.models.masking_session import (
    CheckedSession,
    CheckState,
    MaskingSession,
)
from masking_console.models.phone_number import COUNTRIES, Certainty, Reading
from masking_console.models.plain_text import PlainText
from masking_console.models.session_detail import Interaction, SessionInspection
from masking_console.presentation.display import (
    Sign,
    day_and_second,
    shown_time,
    zone_name,
)

_SEPARATORS = re.compile(r"[ ().\-]")
_DIGITS = re.compile(r"\+?(?:00)?(\d+)", re.ASCII)
_SHORTEST = 7
"""Below this a number has too few digits to hide any of them."""

# ITU-T E.164: zones 1 and 7 have one digit, some codes have two, every other one has
# three; 28, 83 and 89 are spare, and no code starts with 0. A library knows that and
# much more, but takes too long to load for a list; the tests compare
# this table with one.
_COUNTRY_CODE = re.compile(
    r"[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|(?!28|83|89)[2-9]\d\d"
)

MASKED_WIDTH = 8
"""Width of a masked phone number in columns."""


def masked(number: PlainText) -> str:
    """Return a number such as ``+91..051``, in the width that columns rely on.

    A short number is ``...``, none at all is ``-``, and a SIP endpoint is ``sip..``.
    """
    if not number:
        return "-"
    match = _DIGITS.fullmatch(_SEPARATORS.sub("", number))
    if match is None:
        return "sip.." if _is_endpoint(number) else "..."
    digits = match[1]
    if len(digits) < _SHORTEST:
        return "..."
    return f"+{country_code(digits):.<4}{digits[-3:]}"


def masked_readings(readings: Iterable[Reading]) -> tuple[str, ...]:
    """Return the numbers that were meant, masked; or the end of the digits as typed."""
    every = tuple(readings)
    meant = [masked(PlainText(each.digits)) for each in every if each.is_meant]
    # Nobody knows whether the digits begin with a country code.
    return tuple(dict.fromkeys(meant)) or tuple(
        dict.fromkeys(f"...{each.digits[-3:]}" for each in every)
    )


def named_readings(readings: Iterable[Reading]) -> tuple[PlainText, ...]:
    """Return the numbers that were meant, or what was typed, with their countries."""
    every = tuple(readings)
    meant = [reading_words(each) for each in every if each.is_meant]
    return tuple(dict.fromkeys(meant)) or tuple(
        PlainText(f"{each} as typed") for each in masked_readings(every)
    )


def reading_words(reading: Reading) -> PlainText:
    """Return a number that was searched or met, such as ``+91..051 (India)``."""
    if reading.certainty is Certainty.AS_TYPED:
        return PlainText(f"...{reading.digits[-3:]} as typed")
    words = masked(PlainText(reading.digits))
    country = COUNTRIES.get(reading.region, "")
    return PlainText(f"{words} ({country})" if country else words)


def country_code(digits: str) -> str:
    """Return the country calling code that digits start with, or nothing."""
    match = _COUNTRY_CODE.match(digits)
    return match[0] if match else ""


def _is_endpoint(text: str) -> bool:
    return "@" in text or any(character.isalpha() for character in text)


_OUTCOMES = {
    ExpiryOutcome.EXPIRED: ("expired", Sign.DONE),
    ExpiryOutcome.ALREADY_EXPIRED: ("already", Sign.ALREADY),
    ExpiryOutcome.NOT_FOUND: ("not found", Sign.ABSENT),
    ExpiryOutcome.REFUSED: ("refused", Sign.FAILED),
    ExpiryOutcome.FAILED: ("failed", Sign.FAILED),
    ExpiryOutcome.OPEN: ("open", Sign.FAILED),
    ExpiryOutcome.UNKNOWN: ("unknown", Sign.UNKNOWN),
    ExpiryOutcome.NOT_SENT: ("not sent", Sign.NOTE),
}
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_HOURS_ALONE = timedelta(hours=48)
"""Age from which days say it better."""


def state_words(checked: CheckedSession) -> str:
    """Return the state, and the reason where there is one."""
    if checked.state is CheckState.NOT_CHECKED and checked.reason:
        return f"{checked.state.value} ({checked.reason})"
    return checked.state.value


def state_flag(state: CheckState) -> str:
    """Return the character before a state that asks for attention."""
    return "!" if state is CheckState.IN_CALL else " "


def outcome_word(outcome: ExpiryOutcome | None) -> str:
    """Return the kind of an outcome as the log says it; None is still on its way."""
    return "sending" if outcome is None else _OUTCOMES[outcome][0]


def outcome_sign(outcome: ExpiryOutcome | None) -> Sign:
    """Return the sign of an outcome; None is still on its way."""
    return Sign.RETRY if outcome is None else _OUTCOMES[outcome][1]


def calls(session: MaskingSession | None) -> str:
    """Return the number of call legs for a column, or ``-`` where Plivo gave none."""
    if session is None or session.total_call_count is None:
        return "-"
    return str(session.total_call_count)


def calls_in_words(session: MaskingSession | None) -> str:
    """Return ``2 legs`` or ``1 leg``, or nothing where Plivo gave no number.

    Plivo counts legs: a conversation of two people has two.
    """
    if session is None or session.total_call_count is None:
        return ""
    count = session.total_call_count
    return "1 leg" if count == 1 else f"{count} legs"


def calls_words(session: MaskingSession, now: datetime) -> str:
    """Return how many call legs there were, and how long ago the last call ended."""
    words = calls_in_words(session) or "-"
    if session.last_interaction_time is not None:
        words += f"   last {age(session.last_interaction_time, now)} ago"
    return words


def created_words(created: datetime | None, now: datetime) -> str:
    """Return when a session was created, and how long ago that was."""
    if created is None:
        return "-"
    return f"{day_and_second(created)}   {age(created, now)} ago"


def ending_words(expiry: datetime | None, now: datetime) -> str:
    """Return when a session ends by itself, or has ended."""
    if expiry is None:
        return "-"
    when = day_and_second(expiry)
    if expiry <= now:
        return f"{when}   ended {age(expiry, now)} ago"
    return f"{when}   in {age(now, expiry)}, by itself"


def ends_in(expiry_time: datetime | None, now: datetime) -> str:
    """Return when a session ends by itself: ``21 min``, ``2 h``, ``5 d``, ``ended``."""
    if expiry_time is None:
        return "-"
    return "ended" if expiry_time <= now else age(now, expiry_time)


def ends(checked: CheckedSession, now: datetime) -> str:
    """Return when a checked session ends; one that is expired has ended."""
    if checked.state is CheckState.EXPIRED:
        return "ended"
    return ends_in(checked.session.expiry_time if checked.session else None, now)


def age(earlier: datetime, later: datetime) -> str:
    """Return the time between two moments in one unit, rounded down."""
    span = max(later - earlier, timedelta(0))
    if span < _MINUTE:
        return f"{span.seconds} s"
    if span < _HOUR:
        return f"{span // _MINUTE} min"
    return f"{span // _HOUR} h" if span < _HOURS_ALONE else f"{span.days} d"


def checked_ago(checked_at: datetime | None, now: datetime) -> str:
    """Return how old a check is, such as ``checked 8 s ago``."""
    if checked_at is None:
        return CheckState.NOT_CHECKED.value
    return f"checked {age(checked_at, now)} ago"


def parties(session: MaskingSession | None) -> str:
    """Return both parties, masked, the second one always in the same column."""
    if session is None:
        return ""
    first = masked(session.first_party)
    return f"{first:<{MASKED_WIDTH}} {masked(session.second_party)}"


def origin_words(origin: Origin | None) -> str:
    """Return what led to a session: ``pasted``, or what was searched and when."""
    if origin is None or not origin.is_search:
        return "pasted"
    what = origin.searched if origin.is_for_all else f"found for {origin.searched}"
    return f"{what} at {shown_time(origin.at):%H:%M}"


def origin_short(origin: Origin | None) -> str:
    """Return the same for a narrow column."""
    return origin.short if origin is not None and origin.is_search else "pasted"


def strays_words(count: int, search: Origin | None) -> str:
    """Return a warning of ticked sessions that the last search has not found."""
    if not count or search is None:
        return ""
    which = "1 session is" if count == 1 else f"{count} sessions are"
    return f"{which} not from the last search ({search.searched})."


def undone_words(ticks: int, rows: int, *, is_search: bool = False) -> str:
    """Return what an undo has put back, and what it never can."""
    if is_search:
        noun = "row" if rows == 1 else "rows"
        return f"Took the search back: {rows} {noun}."
    kinds = ((ticks, "tick"), (rows, "row"))
    parts = [f"{n} {noun}{'' if n == 1 else 's'}" for n, noun in kinds if n]
    back = " and ".join(parts) or "nothing"
    return f"Put back {back}. Expired sessions cannot be brought back."


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
