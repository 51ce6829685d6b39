"""Words of a drill: its beginning, its clock, and its debrief."""

from masking_console.models.drill import Debrief, Drill
from masking_console.presentation.display import Sign, glyph


def drill_heading(drill: Drill) -> str:
    """Return the heading of a drill."""
    return f"Drill: {drill.title}"


def clock_words(drill: Drill, seconds: float) -> str:
    """Return the clock of a drill, as in the header."""
    minutes, rest = divmod(int(seconds), 60)
    return f"DRILL {drill.name} {minutes}:{rest:02}"


def debrief_words(found: Debrief) -> str:
    """Return what was done, what was missed and why it matters, one line each."""
    drill = found.drill
    minutes, rest = divmod(int(found.seconds), 60)
    lines = [f"It took {minutes} min {rest} s."]
    if drill.is_handed_over:
        lines.append(_handed_over(found))
    elif drill.wanted:
        words = f"{found.done} of {len(drill.wanted)} that were meant are expired."
        if len(drill.wanted) == 1:
            words = "The session that was meant is expired."
            if not found.is_all_done:
                words = "The session that was meant is not expired."
        lines.append(_judged(words, is_well=found.is_all_done))
    if drill.forbidden:
        lines.append(_harm(found))
    if found.unsettled:
        count = found.unsettled
        words = f"{count} {'is' if count == 1 else 'are'} unknown or open: look again."
        lines.append(_judged(words, is_well=False))
    return "\n".join([*lines, "", drill.why])


def _handed_over(found: Debrief) -> str:
    if not found.was_stopped:
        return _judged("The list was not stopped by you.", is_well=False)
    words = f"Stopped by you: {found.done} expired, {found.not_sent} not sent."
    return _judged(words, is_well=found.is_all_done)


def _harm(found: Debrief) -> str:
    if not found.harmed:
        return _judged("Nothing was expired that was not meant.", is_well=True)
    is_one = found.harmed == 1
    words = "1 session was expired that was not meant. It cannot be brought back."
    if not is_one:
        words = f"{found.harmed} were expired that were not meant."
    return _judged(words, is_well=False)


def _judged(words: str, *, is_well: bool) -> str:
    return f"{glyph(Sign.DONE if is_well else Sign.FAILED)} {words}"
