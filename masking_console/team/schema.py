"""The schema on the server: numbered files of plain SQL, each run once, in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from masking_console.errors import Remedy, TeamError
from masking_console.team.connection import TeamServer

VERSION = 3
"""The schema that this console needs: the number of the last file."""
_NOTE = "INSERT INTO team.version (version) VALUES"


@dataclass(frozen=True, slots=True)
class Step:
    """One file of SQL."""

    version: int
    """Its number."""
    name: str
    """The file's name."""
    sql: str
    """Its text."""


def steps(after: int = -1) -> tuple[Step, ...]:
    """Return the files behind a version, in order; 0 makes the roles and the schema."""
    folder = resources.files("masking_console.team") / "sql"
    files = sorted(
        (each for each in folder.iterdir() if each.name.endswith(".sql")),
        key=lambda each: each.name,
    )
    found = (
        Step(int(each.name[:3]), each.name, each.read_text(encoding="utf-8"))
        for each in files
    )
    return tuple(step for step in found if step.version > after)


def script_of(wanted: Sequence[Step]) -> str:
    """Return one script that runs some files, for a transaction or to be read first."""
    parts: list[str] = []
    is_owner = False
    for step in wanted:
        if step.version and not is_owner:
            parts.append("SET ROLE masking_console_owner;")
            is_owner = True
        parts.append(f"-- {step.name}\n{step.sql.rstrip()}")
        parts += [f"{_NOTE} ({step.version});"] if step.version else []
    if is_owner:
        parts.append("RESET ROLE;")
    return "\n\n".join(parts) + "\n"


def read_version(server: TeamServer) -> int | None:
    """Return the version of the server's schema, or None where it has none.

    Raises:
        TeamError: the server cannot be used.
    """
    query = "SELECT to_regclass('team.version') IS NOT NULL"
    if not server.ask(query)[0][0]:
        return None
    found = server.ask("SELECT coalesce(max(version), 0) FROM team.version")
    return int(found[0][0])


def check_version(server: TeamServer) -> None:
    """Do nothing, unless the schema is another than this console needs.

    Raises:
        TeamError: it is older or newer, or the server cannot be used.
    """
    version = read_version(server)
    if version == VERSION:
        return
    if version is None:
        words, remedy = "it has no schema", Remedy.SET_UP_TEAM
    elif version < VERSION:
        words, remedy = "its schema is older", Remedy.UPGRADE_TEAM
    else:
        words, remedy = "its schema is newer", Remedy.UPDATE_CONSOLE
    raise TeamError(f"The team's server cannot be used ({words}).", remedy)


def waiting_steps(server: TeamServer) -> tuple[Step, ...]:
    """Return the files that the server's schema lacks.

    Raises:
        TeamError: its schema is newer, or the server cannot be used.
    """
    version = read_version(server)
    if version is not None and version > VERSION:
        check_version(server)
    return steps(-1 if version is None else version)
