"""The keys of `config.toml`: type, default, words, and how several places combine."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import Meta

from masking_console.models.cause import LONGEST_HINT, LONGEST_PATTERN
from masking_console.models.expiry import ConfirmationRules
from masking_console.settings import (
    PLIVO_API_URL,
    HistoryScope,
    ShowNumbers,
    SignStyle,
    TeamRequire,
    TimeZone,
)

_RULES = ConfirmationRules()
_BOOLEAN = "true or false"


class Combine(Enum):
    """The one value of a key that several places give: the stricter one.

    The places are the system's file, the operator's own, the environment, the options.
    """

    SMALLER = "smaller"
    """The smallest number."""
    TRUE = "true"
    """True, if any of them says so: for a key whose true forbids something."""
    EARLIER = "earlier"
    """The first member of an enum, which goes from strict to loose."""
    UNITED = "united"
    """All entries of all lists."""
    MATCHED = "matched"
    """All of them count, each for itself; the system's is shown."""
    LOCKED = "locked"
    """The system's, if it gives one; else the nearest to the operator."""
    OWN = "own"
    """The operator's; the system's file cannot give it."""
    EACH = "each"
    """A table whose keys combine each in its own way."""


class Confirm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers of sessions from which the operator must type more."""

    count_from: Annotated[
        int,
        Combine.SMALLER,
        Meta(ge=1, le=26, description="a whole number from 1 to 26"),
    ] = _RULES.count_from
    """Sessions from which their number is typed."""
    name_from: Annotated[
        int,
        Combine.SMALLER,
        Meta(ge=1, le=100, description="a whole number from confirm.count_from to 100"),
    ] = _RULES.name_from
    """Sessions from which the account's name is typed as well."""


class OwnAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account whose token a command prints."""

    auth_id: str
    """Plivo's name for it."""
    token_command: Annotated[tuple[str, ...], Meta(min_length=1, max_length=100)]
    """An absolute program and its arguments."""


class Facility(Enum):
    """The facilities of syslog under which an audit is kept."""

    USER = "user"
    """1: of users."""
    AUTH = "auth"
    """4: security."""
    AUTHPRIV = "authpriv"
    """10: security, for few eyes."""
    AUDIT = "audit"
    """13: audits."""
    LOCAL0 = "local0"
    """16: as the network decides."""
    LOCAL1 = "local1"
    """17, likewise."""
    LOCAL2 = "local2"
    """18, likewise."""
    LOCAL3 = "local3"
    """19, likewise."""
    LOCAL4 = "local4"
    """20, likewise."""
    LOCAL5 = "local5"
    """21, likewise."""
    LOCAL6 = "local6"
    """22, likewise."""
    LOCAL7 = "local7"
    """23, likewise."""

    @property
    def number(self) -> int:
        """Return its number in RFC 5424."""
        named = {"user": 1, "auth": 4, "authpriv": 10, "audit": 13}
        return named.get(self.value) or 16 + int(self.value[-1])


class Audit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Targets to which every entry of the journal is sent."""

    to: Annotated[
        tuple[str, ...],
        Combine.LOCKED,
        Meta(
            max_length=8,
            description='a list such as ["/var/log/audit.jsonl"], ["syslog"] or '
            '["syslog+tls://host:6514"]',
        ),
    ] = ()
    """The targets; each gets every entry."""
    facility: Annotated[
        Facility,
        Combine.LOCKED,
        Meta(description='"user", "auth", "authpriv", "audit" or "local0" to "local7"'),
    ] = Facility.AUTHPRIV
    """The facility of syslog messages."""


class Team(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The PostgreSQL server on which a team keeps one history."""

    service: Annotated[
        str,
        Combine.LOCKED,
        Meta(
            pattern=r"^[A-Za-z0-9_.-]{0,60}$",
            description='the name of a service in pg_service.conf, such as "masking"',
        ),
    ] = ""
    """The service by which libpq finds the server; empty for no team."""
    require: Annotated[
        TeamRequire, Combine.EARLIER, Meta(description='"intent" or "nothing"')
    ] = TeamRequire.NOTHING
    """Entry that must be on the server before a DELETE leaves."""
    token_command: Annotated[
        tuple[str, ...],
        Combine.LOCKED,
        Meta(
            max_length=100,
            description='a command such as ["/usr/bin/op", "read", "op://db/password"]',
        ),
    ] = ()
    """An absolute program and its arguments, which prints the password."""


class History(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The history that is shown."""

    scope: Annotated[
        HistoryScope, Combine.LOCKED, Meta(description='"local" or "team"')
    ] = HistoryScope.LOCAL
    """Its scope, unless a command gives another."""


class Values(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every key of the file, with its default; the descriptions say what it may be."""

    share: Annotated[
        float,
        Combine.SMALLER,
        Meta(ge=0.05, le=1.0, description="a number from 0.05 to 1.0"),
    ] = 0.5
    """The part of Plivo's rate limit that this program takes."""
    max_batch: Annotated[
        int,
        Combine.SMALLER,
        Meta(ge=1, le=10_000, description="a whole number from 1 to 10000"),
    ] = _RULES.max_batch
    """More sessions than this are refused at once."""
    read_only: Annotated[bool, Combine.TRUE, Meta(description=_BOOLEAN)] = False
    """Whether nothing is ever expired."""
    api_url: Annotated[
        str,
        Combine.LOCKED,
        Meta(description="https://, or http:// to a loopback address"),
    ] = PLIVO_API_URL
    """URL of the API."""
    protected: Annotated[
        tuple[str, ...],
        Combine.UNITED,
        Meta(max_length=100, description='a list of account names such as ["acme"]'),
    ] = ()
    """Accounts on which writes are off at the start."""
    idle_writes_off: Annotated[
        int,
        Combine.SMALLER,
        Meta(ge=1, le=480, description="minutes, a whole number from 1 to 480"),
    ] = 15
    """Minutes without a key after which writes are off again."""
    time_zone: Annotated[
        TimeZone, Combine.OWN, Meta(description='"utc" or "local"')
    ] = TimeZone.UTC
    """Time zone of shown times; the journal and exports are in UTC."""
    signs: Annotated[
        SignStyle, Combine.OWN, Meta(description='"plain" or "unicode"')
    ] = SignStyle.PLAIN
    """Style of the sign of an outcome."""
    theme: Annotated[
        str,
        Combine.OWN,
        Meta(max_length=40, description="a name of at most 40 characters"),
    ] = ""
    """The name of the colors; empty for the default ones."""
    history_days: Annotated[
        int,
        Combine.OWN,
        Meta(ge=1, le=36_500, description="a whole number from 1 to 36500"),
    ] = 400
    """Days that the history shows without a filter; nothing is ever removed."""
    operator_name: Annotated[
        str,
        Combine.OWN,
        Meta(max_length=60, description="a name of at most 60 characters"),
    ] = ""
    """Your name in the journal, beside the user of the operating system."""
    ticket_required: Annotated[bool, Combine.TRUE, Meta(description=_BOOLEAN)] = False
    """Whether nothing is expired without a ticket."""
    ticket_pattern: Annotated[
        str,
        Combine.MATCHED,
        Meta(
            description="a regular expression for a whole ticket, "
            f"of at most {LONGEST_PATTERN} characters"
        ),
    ] = ""
    """Pattern of a ticket; empty for anything."""
    ticket_hint: Annotated[
        str,
        Combine.MATCHED,
        Meta(
            max_length=LONGEST_HINT,
            description='words such as "like OPS-4812", '
            f"of at most {LONGEST_HINT} characters",
        ),
    ] = ""
    """The words that say to people what the pattern of the same file says."""
    ticket_per_batch: Annotated[bool, Combine.TRUE, Meta(description=_BOOLEAN)] = False
    """Whether each batch is asked for its own ticket."""
    show_numbers: Annotated[
        ShowNumbers, Combine.EARLIER, Meta(description='"never", "ask" or "always"')
    ] = ShowNumbers.ASK
    """Condition for phone numbers in full."""
    country: Annotated[
        str,
        Combine.LOCKED,
        Meta(description='the two letters of a country such as "IN", or ""'),
    ] = ""
    """The country whose national phone numbers are read; there is no default."""
    confirm: Annotated[
        Confirm, Combine.EACH, Meta(description="a table with count_from and name_from")
    ] = Confirm()
    """Conditions for what the operator must type."""
    audit: Annotated[
        Audit, Combine.LOCKED, Meta(description="a table with to and facility")
    ] = Audit()
    """Targets to which every entry of the journal is sent."""
    team: Annotated[
        Team,
        Combine.EACH,
        Meta(description="a table with service, require and token_command"),
    ] = Team()
    """The server on which a team keeps one history."""
    history: Annotated[
        History, Combine.EACH, Meta(description="a table with scope")
    ] = History()
    """The history that is shown."""
    accounts: Annotated[
        dict[str, OwnAccount],
        Combine.OWN,
        Meta(description="a table for each account, with auth_id and token_command"),
    ] = {}
    """Accounts whose tokens come from commands, by their names."""
    keys: Annotated[
        dict[str, Any],
        Combine.OWN,
        Meta(description='a table of keys such as queue.check = "f5"'),
    ] = {}
    """Keys of your own, by the id of their binding."""


@dataclass(frozen=True, slots=True)
class Key:
    """The facts of one key that are not its value."""

    words: str
    """Its possible values."""
    combine: Combine
    """Combination of several places into one value."""
    table: type[msgspec.Struct] | None
    """The keys of a table of ours; None for a value."""


def keys_of(table: type[msgspec.Struct]) -> Mapping[str, Key]:
    """Return the keys of a table, without those of the tables in it."""
    hints = get_type_hints(table, include_extras=True)
    return {name: _key(hint) for name, hint in hints.items()}


def allowed(table: type[msgspec.Struct] | None = None) -> Mapping[str, str]:
    """Return every key of the file, dotted, with what its value may be."""
    return dict(_allowed(table or Values))


def _key(hint: Any) -> Key:  # noqa: ANN401 - whatever stands behind a name
    (meta,) = (each for each in hint.__metadata__ if isinstance(each, Meta))
    (combine,) = (each for each in hint.__metadata__ if isinstance(each, Combine))
    kind = hint.__origin__
    is_table = isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    return Key(str(meta.description), combine, kind if is_table else None)


def _allowed(
    table: type[msgspec.Struct], before: str = ""
) -> Iterator[tuple[str, str]]:
    for name, key in keys_of(table).items():
        yield f"{before}{name}", key.words
        if key.table is not None:
            yield from _allowed(key.table, f"{before}{name}.")
