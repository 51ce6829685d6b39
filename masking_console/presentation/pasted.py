"""What was found in a pasted text, in words."""

from collections.abc import Container, Iterable

from masking_console.models.account import Account
from masking_console.models.id_shapes import IncompleteReason
from masking_console.models.masking_session import CheckedSession
from masking_console.models.own_report import OwnReport
from masking_console.models.plain_text import PlainText
from masking_console.models.session_ids import PastedIds
from masking_console.models.session_uuid import EXAMPLE, SessionUuid

NOTHING_FOUND = f"No session ids in this text. A session id looks like {EXAMPLE}."

_REMEDIES = {
    IncompleteReason.CUT: "Paste {it} again.",
    IncompleteReason.WRAPPED: "Join the lines.",
    IncompleteReason.NO_DASHES: "Look for the id with its dashes.",
    IncompleteReason.OTHER_DASHES: "Write each dash as -.",
    IncompleteReason.ENCODED: "Write each dash as -.",
    IncompleteReason.GLUED: "Paste the id alone.",
    IncompleteReason.MISTYPED: "Compare {it} with the source.",
}


def pasted_words(
    pasted: PastedIds, new: int, account: Account | None = None
) -> tuple[str, ...]:
    """Return what is said of a text, line by line.

    Args:
        pasted: what was found in it.
        new: how many ids were not in the queue.
        account: the account in use.
    """
    lines = []
    if pasted.found:
        lines.append(_counts(pasted, new))
    elif not pasted.incomplete_count:
        lines.append(NOTHING_FOUND)
    lines += _incomplete(pasted)
    if pasted.ignored_names:
        names = pasted.ignored_names
        kinds = ", ".join(f"{count} {name}" for name, count in names[:3])
        rest = sum(count for _name, count in names[3:])
        more = f", {rest} more" if rest else ""
        lines.append(f"Ignored: {kinds}{more} (not a session id)")
    if pasted.broken_tables:
        lines.append(
            f"From line {pasted.broken_tables[0]} on, a quote stays open or a cell is "
            "too long: read as plain text. Look at each id."
        )
    for report in pasted.reports:
        lines += report_words(report, account)
    return tuple(lines)


def report_words(report: OwnReport, account: Account | None) -> tuple[str, ...]:
    """Return what is said of a report of this program that was pasted."""
    off = len(report.called_off)
    lines = [
        f"Report {report.batch_id}: every id in it is looked at again."
        + (f" {off} it calls off: left out if Plivo agrees." if off else "")
    ]
    if words := other_account(report, account):
        lines.append(words)
    return tuple(lines)


def other_account(report: OwnReport, account: Account | None) -> str:
    """Return a warning where a report is of another account than the one in use."""
    tail = report.auth_id_tail
    if account is None or not tail or tail == account.auth_id.tail:
        return ""
    return (
        f"This report is of {report.account.upper()} ({tail}), "
        f"not of {account.name.upper()}."
    )


def still_open(
    checked: Iterable[CheckedSession], called_off: Container[SessionUuid]
) -> str:
    """Return a warning where Plivo calls open what a pasted report calls off."""
    count = sum(
        each.state.can_be_ticked and each.session_uuid in called_off for each in checked
    )
    if not count:
        return ""
    which = "1 session is" if count == 1 else f"{count} sessions are"
    return f"{which} open, though a pasted report says off."


def called_off(pasted: PastedIds) -> frozenset[SessionUuid]:
    """Return the sessions that the reports in a text call off."""
    return frozenset().union(*(each.called_off for each in pasted.reports))


def offered_ticket(pasted: PastedIds) -> PlainText:
    """Return the ticket that all reports in a text name, or nothing."""
    tickets = {report.ticket for report in pasted.reports}
    return tickets.pop() if len(tickets) == 1 else PlainText("")


def _counts(pasted: PastedIds, new: int) -> str:
    counts = [_count(len(pasted.found), "id"), f"{new} new"]
    if pasted.repeated:
        counts.append(_count(pasted.repeated, "repeat"))
    if pasted.ignored_count:
        counts.append(f"{pasted.ignored_count} ignored")
    if pasted.decoded:
        kinds = ", ".join(f"{count} from {name}" for name, count in pasted.decoded)
        counts.append(f"decoded: {kinds}")
    return "   ".join(counts)


def _incomplete(pasted: PastedIds) -> list[str]:
    """Return what could not be read, where, why, and what helps; a line a reason."""
    lines = []
    for reason, count in pasted.incomplete_reasons:
        at = [str(each.line) for each in pasted.incomplete if each.reason is reason]
        where = f" (line {', '.join(at[:3])}{'...' if count > 3 else ''})" if at else ""  # noqa: PLR2004 - so many lines are named
        what = "incomplete" if reason is IncompleteReason.CUT else reason.value
        is_one = count == 1
        lines.append(
            f"{'1 id is' if is_one else f'{count} ids are'} {what}{where} and "
            f"{'was' if is_one else 'were'} left out. "
            + _REMEDIES[reason].format(it="it" if is_one else "them")
        )
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
