"""Examination of the server for a lead: its rights, and the shipped journals."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from masking_console.models.plain_text import plain_text
from masking_console.team.connection import TeamServer
from masking_console.team.schema import VERSION, read_version

_LARGEST_SKEW = timedelta(seconds=60)
_ENTRIES = "('chain', 'entry', 'anchor', 'anchored_head')"
_TRIGGERS = 6
"""Triggers of the schema: one that refuses changes for each table, two of entries."""

_WHO = """
SELECT session_user::text, current_database()::text,
    current_setting('server_version'), clock_timestamp(),
    inet_client_addr() IS NULL OR (SELECT s.ssl FROM pg_stat_ssl s
        WHERE s.pid = pg_backend_pid())
"""
_ROLE = """
SELECT
    pg_has_role(session_user, 'masking_console_operator', 'USAGE'),
    r.rolsuper OR r.rolbypassrls
        OR pg_has_role(session_user, 'masking_console_owner', 'MEMBER')
FROM pg_roles r WHERE r.rolname = session_user
"""
_TABLES = f"""
SELECT
    (SELECT coalesce(string_agg(DISTINCT g.rolname || ' on ' || c.relname, ', '), '')
        FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
        JOIN pg_roles g ON g.oid = a.grantee
        WHERE c.relnamespace = 'team'::regnamespace AND c.relname IN {_ENTRIES}
            AND a.privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER')
            AND a.grantee <> c.relowner),
    (SELECT count(*) FILTER (WHERE t.tgenabled IN ('O', 'A'))
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = 'team'::regnamespace AND NOT t.tgisinternal),
    (SELECT count(*) FILTER (WHERE c.relrowsecurity AND c.relforcerowsecurity)
        FROM pg_class c WHERE c.relnamespace = 'team'::regnamespace),
    (SELECT count(*) FROM pg_constraint c
        WHERE c.conname IN ('entry_is_sealed', 'entry_says_its_columns')
            AND c.convalidated),
    (SELECT r.rolcanlogin FROM pg_roles r WHERE r.rolname = 'masking_console_owner')
"""  # noqa: S608 - of our own names
_CHAINS = """
SELECT c.chain::text, c.shipped_by, last.sequence, last.shipped_at
FROM team.chain c LEFT JOIN LATERAL (
    SELECT e.sequence, e.shipped_at FROM team.entry e WHERE e.chain = c.chain
    ORDER BY e.sequence DESC LIMIT 1
) last ON true
ORDER BY last.shipped_at DESC NULLS LAST, c.chain
"""


@dataclass(frozen=True, slots=True)
class Checked:
    """One line of an examination."""

    is_well: bool
    """Whether it is as it should be."""
    words: str
    """Finding in a sentence."""


@dataclass(frozen=True, slots=True)
class ChainStatus:
    """Progress of shipping one journal."""

    chain: str
    """Its name."""
    shipped_by: str
    """The login role that ships it."""
    entries: int
    """Number of entries on the server."""
    shipped_at: datetime | None
    """Time of the last one; None where none came."""


def examine(server: TeamServer, now: datetime) -> tuple[Checked, ...]:
    """Return what a login role finds on the server: connection, rights, guards.

    Raises:
        TeamError: the server cannot be used.
    """
    version = read_version(server)
    found = [*_connection(server, now), _schema(version)]
    if version == VERSION:
        found += [*_rights(server), *_guards(server)]
    return tuple(found)


def read_chains(server: TeamServer) -> tuple[ChainStatus, ...]:
    """Return how far each journal has been shipped, the latest first.

    Raises:
        TeamError: the server cannot be used.
    """
    return tuple(
        ChainStatus(chain, plain_text(who, limit=64), entries or 0, at)
        for chain, who, entries, at in server.ask(_CHAINS)
    )


def _connection(server: TeamServer, now: datetime) -> tuple[Checked, ...]:
    who, database, version, clock, is_private = server.ask(_WHO)[0]
    place = plain_text(f"{who} on {database}, PostgreSQL {version}", limit=200)
    skew = abs(clock.astimezone(UTC) - now)
    return (
        Checked(True, f"Connected as {place}."),
        Checked(
            bool(is_private),
            "The connection is a local socket or in TLS."
            if is_private
            else "The connection has no TLS.",
        ),
        Checked(
            skew <= _LARGEST_SKEW,
            f"The server's clock and this one differ by {skew.total_seconds():.0f} s.",
        ),
    )


def _schema(version: int | None) -> Checked:
    if version is None:
        return Checked(False, "There is no schema. A lead has to make it.")
    if version == VERSION:
        return Checked(True, f"The schema is {version}, as this console needs it.")
    step = "team upgrade" if version < VERSION else "update this masking-console"
    words = f"The schema is {version}, and this console needs {VERSION}: {step}"
    return Checked(False, words)


def _rights(server: TeamServer) -> tuple[Checked, ...]:
    is_operator, is_mighty = server.ask(_ROLE)[0]
    return (
        Checked(
            bool(is_operator),
            "This role may ship: it is a masking_console_operator."
            if is_operator
            else "This role may not ship: GRANT masking_console_operator TO it.",
        ),
        Checked(
            not is_mighty,
            "This role can change no entry."
            if not is_mighty
            else "This role is a superuser, passes by row security, or is an owner: "
            "no operator should be.",
        ),
    )


def _guards(server: TeamServer) -> tuple[Checked, ...]:
    values: tuple[Any, ...] = server.ask(_TABLES)[0]
    granted, triggers, secured, constraints, owner_logs_in = values
    is_guarded = (triggers, secured, constraints) == (_TRIGGERS, 2, 2)
    return (
        Checked(
            not granted,
            "Nobody was granted UPDATE, DELETE, TRUNCATE or TRIGGER on entries."
            if not granted
            else f"Rights that nobody should have: {plain_text(granted, limit=300)}.",
        ),
        Checked(
            is_guarded,
            "Triggers, seals and row security are in force."
            if is_guarded
            else f"Not all guards are in force: {triggers} of {_TRIGGERS} triggers, "
            f"{secured} of 2 tables with row security, {constraints} of 2 checks.",
        ),
        Checked(
            not owner_logs_in,
            "The owner of the schema cannot log in."
            if not owner_logs_in
            else "The owner of the schema can log in: "
            "ALTER ROLE masking_console_owner NOLOGIN.",
        ),
    )
