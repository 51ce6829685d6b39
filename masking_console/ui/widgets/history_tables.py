"""Two lists of the history: the batches, and the sessions of one of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from masking_console.errors import InputError
from masking_console.models.expiry import ExpiryOutcome
from masking_console.models.history import BatchRecord, SessionRecord
from masking_console.models.history_query import HistoryQuery
from masking_console.models.session_uuid import SessionUuid
from masking_console.presentation.display import shown_time
from masking_console.presentation.history import counts, end_words, session_line
from masking_console.ui.keys.acts import key_of
from masking_console.ui.widgets.row_cells import Cell, Column
from masking_console.ui.widgets.rows_view import RowsView

_COUNTS = (
    Column("total", 5, right=True),
    Column("+", 4, right=True),
    Column("=", 4, right=True),
    Column("?", 4, right=True),
    Column("!", 4, right=True, gap=2),
)
_WIDE = (
    Column("time", 16, gap=2),
    Column("account", 14, gap=2),
    Column("ticket", 14, gap=2),
    Column("by", 10),
    *_COUNTS,
    Column("end", 12),
)
_NARROW = (
    Column("time", 11),
    Column("account", 10),
    Column("ticket", 10),
    Column("by", 7),
    *_COUNTS,
    Column("end", 11),
)
_WIDE_FROM = 94
_WIDE_SESSION = (Column("session", 36, gap=2), Column("outcome", 40))
_NARROW_SESSION = (Column("session", 8, gap=2), Column("outcome", 40))
_OFF = frozenset({ExpiryOutcome.EXPIRED, ExpiryOutcome.ALREADY_EXPIRED})


class BatchTable(RowsView[str, BatchRecord]):
    """All batches that match the filter, newest first."""

    has_header = True
    empty_text = "Nothing was expired from this computer yet."

    def __init__(
        self,
        since: datetime,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        """Make a table that goes back so far, until a filter asks for more."""
        super().__init__({}, id=id)
        self._since = since
        self.records: Mapping[str, BatchRecord] = {}
        """Every batch, by its id, newest first."""
        self.problem = ""
        """Why the filter cannot be used; empty when it can."""

    def show(self, records: Sequence[BatchRecord]) -> None:
        """Show these batches."""
        self.rows = self.records = {each.batch_id: each for each in records}
        self.refilter()

    @property
    def matching(self) -> tuple[BatchRecord, ...]:
        """What is shown."""
        return tuple(self.records[key] for key in self.keys)

    def refilter(self) -> None:
        query, self.problem = HistoryQuery(since=self._since), ""
        try:
            if self.filter_text:
                query = HistoryQuery.of(self.filter_text)
        except InputError as error:
            self.problem = str(error)
        if self.filter_text:
            key = key_of("rows.clear_filter", self)
            self.empty_text = f"No batch matches. Press {key} to show all."
        self.show_keys(
            [key for key, each in self.records.items() if query.matches(each)]
        )
        self.post_message(self.CursorMoved(self))

    def layout_of(self, width: int) -> Sequence[Column]:
        return _WIDE if width >= _WIDE_FROM else _NARROW

    def cells(self, row: BatchRecord, columns: Sequence[Column]) -> Sequence[Cell]:
        total, off, already, unknown, failed = counts(row)
        time_format = "%Y-%m-%d %H:%M" if columns is _WIDE else "%m-%d %H:%M"
        is_odd = unknown or failed or not row.end
        return (
            Cell(f"{shown_time(row.began_at):{time_format}}"),
            Cell(row.account_name.upper()),
            Cell(row.ticket or "-"),
            Cell(row.operator),
            Cell(str(total)),
            Cell(str(off)),
            Cell(str(already)),
            Cell(str(unknown), "rows-view--warn" if unknown else ""),
            Cell(str(failed), "rows-view--bad" if failed else ""),
            Cell(end_words(row), "rows-view--warn" if is_odd else "rows-view--dim"),
        )


class BatchSessions(RowsView[SessionUuid, SessionRecord]):
    """The sessions of the batch under the cursor, with what became of each."""

    empty_text = "No batch."

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__({}, id=id)

    def show(self, record: BatchRecord | None) -> None:
        """Show the sessions of this batch."""
        sessions = record.sessions if record is not None else ()
        rows = {each.session_uuid: each for each in sessions}
        self.rows = rows
        self.show_keys(list(rows))

    def layout_of(self, width: int) -> Sequence[Column]:
        return _WIDE_SESSION if width >= _WIDE_FROM else _NARROW_SESSION

    def cells(self, row: SessionRecord, columns: Sequence[Column]) -> Sequence[Cell]:
        look = "rows-view--good" if row.outcome in _OFF else "rows-view--warn"
        uuid = row.session_uuid
        name = uuid if columns is _WIDE_SESSION else uuid.short
        return (Cell(name), Cell(session_line(row), look))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "ask_filter":
            return False
        return super().check_action(action, parameters)
