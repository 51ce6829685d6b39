"""What an operator looks for in the history."""

from dataclasses import dataclass
from datetime import UTC, datetime

from masking_console.errors import InputError
from masking_console.models.history import BatchRecord


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """What to look for; an empty field asks for nothing."""

    batch: str = ""
    """The beginning of a batch id."""
    session: str = ""
    """The beginning of a session UUID."""
    ticket: str = ""
    """A part of the ticket."""
    account: str = ""
    """The name of the account."""
    operator: str = ""
    """Who did it."""
    outcome: str = ""
    """The beginning of an outcome of at least one session, such as ``unknown``."""
    since: datetime | None = None
    """The earliest beginning."""
    words: tuple[str, ...] = ()
    """Each stands somewhere: in ticket, reason, account, operator or an id."""

    @classmethod
    def of(cls, text: str) -> "HistoryQuery":
        """Return what a person typed: words, and ``field:value`` for a field.

        Raises:
            InputError: a field that there is not, or a date that is none.
        """
        fields: dict[str, str] = {}
        words: list[str] = []
        for word in text.split():
            name, colon, value = word.partition(":")
            if not colon:
                words.append(word)
            elif name in _FIELDS:
                fields[name] = value
            else:
                raise InputError(f"No field {name}. Fields: {', '.join(_FIELDS)}.")
        since = fields.pop("since", "")
        return cls(
            **fields,
            since=parse_date(since) if since else None,
            words=tuple(words),
        )

    def matches(self, record: BatchRecord) -> bool:
        """Whether the batch is one that is looked for."""
        return (
            record.batch_id.casefold().startswith(self.batch.casefold())
            and _holds_ticket(record, self.ticket.casefold())
            and self.account.casefold() in {"", record.account_name.casefold()}
            and self.operator.casefold() in {"", record.operator.casefold()}
            and (self.since is None or record.began_at >= self.since)
            and self._matches_a_session(record)
            and all(_holds(record, word.casefold()) for word in self.words)
        )

    def _matches_a_session(self, record: BatchRecord) -> bool:
        if not (self.session or self.outcome):
            return True
        return any(
            each.session_uuid.startswith(self.session.casefold())
            and each.outcome.value.startswith(self.outcome.casefold())
            for each in record.sessions
        )


_FIELDS = ("batch", "session", "ticket", "account", "operator", "outcome", "since")


def _holds_ticket(record: BatchRecord, part: str) -> bool:
    return not part or any(part in each.casefold() for each in record.tickets)


def parse_date(text: str) -> datetime:
    """Return the beginning of a day such as ``2026-03-04``, in UTC.

    Raises:
        InputError: it is no date.
    """
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise InputError("Write the date as 2026-03-04.") from None


def _holds(record: BatchRecord, word: str) -> bool:
    texts = (*record.tickets, record.reason, record.account_name, record.operator)
    return (
        any(word in text.casefold() for text in texts)
        or record.batch_id.casefold().startswith(word)
        or any(each.session_uuid.startswith(word) for each in record.sessions)
    )
