"""The journal's tables, and how an older file becomes a current one."""

import sqlite3
from collections.abc import Mapping

from masking_console.errors import JournalError
from masking_console.journal.search_table import create_tables
from masking_console.models.journal_entry import SCHEMA_VERSION, JournalEvent

_VERSION_1 = (
    """
    CREATE TABLE entries (
        sequence INTEGER PRIMARY KEY,
        event TEXT NOT NULL,
        batch_id TEXT NOT NULL,
        session_uuid TEXT NOT NULL,
        content TEXT NOT NULL,
        previous_seal TEXT NOT NULL,
        seal TEXT NOT NULL UNIQUE
    ) STRICT
    """,
    "CREATE INDEX entries_by_batch ON entries (batch_id, sequence)",
    "CREATE INDEX entries_by_session ON entries (session_uuid, sequence)",
    f"""
    CREATE UNIQUE INDEX batch_ids ON entries (batch_id)
    WHERE event = '{JournalEvent.BATCH_CONFIRMED.value}'
    """,
    """
    CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
    """,
    # INSERT OR REPLACE removes a row without asking the trigger for removals.
    """
    CREATE TRIGGER entries_are_never_replaced BEFORE INSERT ON entries
    WHEN EXISTS (
        SELECT 1 FROM entries WHERE sequence = NEW.sequence OR seal = NEW.seal
    )
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
    """,
    """
    CREATE TRIGGER entries_are_never_removed BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
    """,
)
_VERSION_2 = ("CREATE INDEX entries_by_event ON entries (event, sequence)",)
_VERSION_5 = (
    "CREATE TABLE identity (journal_id TEXT NOT NULL) STRICT",
    "INSERT INTO identity VALUES (lower(hex(randomblob(16))))",
    """
    CREATE TRIGGER identity_is_never_changed BEFORE UPDATE ON identity
    BEGIN SELECT RAISE(ABORT, 'the journal keeps its name'); END
    """,
)
_STEPS: Mapping[int, tuple[str, ...]] = {
    1: _VERSION_1,
    2: _VERSION_2,
    3: (),
    4: (),
    5: _VERSION_5,
}
"""What leads to each version from the one before; entries are never rewritten.

The tables of `search_table`, which came with 4, are made wherever they are missing."""


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Create or extend the tables, inside a transaction of the caller.

    Raises:
        JournalError: the file was written by a newer version of this program.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise JournalError(
            "The journal was written by a newer masking-console. Update this one."
        )
    for step in range(version + 1, SCHEMA_VERSION + 1):
        for statement in _STEPS[step]:
            connection.execute(statement)
    create_tables(connection)
    if version != SCHEMA_VERSION:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
