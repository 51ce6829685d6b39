"""The configuration as it applies: every place that says something, the stricter wins.

The system's file, the operator's own, the environment and the options of the command
line are layers. A default is no rule: it counts only where no layer gives the key.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import msgspec

from masking_console.config_file import (
    ConfigFile,
    Source,
    problem,
    read_config,
    read_system_config,
)
from masking_console.config_keys import Combine, Values, keys_of
from masking_console.models.account import AccountName
from masking_console.models.cause import CauseRules, TicketPattern
from masking_console.models.expiry import ConfirmationRules
from masking_console.paths import open_guarded
from masking_console.settings import (
    ApiUrl,
    AuditRules,
    Settings,
    TeamRules,
    checked_api_url,
    checked_audit_target,
)

Table = TypeVar("Table", bound=msgspec.Struct)


def _strictest(values: Sequence[Any]) -> Any:  # noqa: ANN401 - members of any enum
    strict_to_loose = list(values[0].__class__)
    return min(values, key=strict_to_loose.index)


def _united(values: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return all entries once; account names differ by more than their letter case."""
    entries = (entry for value in reversed(values) for entry in reversed(value))
    return tuple(reversed({entry.casefold(): entry for entry in entries}.values()))


_STRICTER: Mapping[Combine, Callable[[Sequence[Any]], Any]] = {
    Combine.SMALLER: min,
    Combine.TRUE: any,
    Combine.EARLIER: _strictest,
    Combine.UNITED: _united,
}
"""The strictest of several values; for other keys it matters whose they are."""


@dataclass(frozen=True, slots=True)
class Layer(Generic[Table]):
    """One place that says something."""

    source: Source
    """Its source."""
    values: Table
    """Every key, also those that it does not give."""
    given: frozenset[str]
    """The dotted keys that it gives."""

    def table(self, name: str) -> "Layer[Any]":
        """Return the layer of a table in it."""
        before = f"{name}."
        inside = (each for each in self.given if each.startswith(before))
        keys = frozenset(each.removeprefix(before) for each in inside)
        return Layer(self.source, getattr(self.values, name), keys)


@dataclass(frozen=True, slots=True)
class Standing:
    """Source of the value of a key, and the limits of changing it."""

    sources: tuple[Source, ...] = (Source.DEFAULT,)
    """The places whose value it is; several for what is put together."""
    is_rule: bool = False
    """Whether the system's file gives it, so that it can only be made stricter."""
    is_locked: bool = False
    """Whether it cannot be changed at all."""
    lost: tuple[tuple[Source, Any], ...] = ()
    """The places that say something else, which does not count."""
    beside: tuple[tuple[Source, Any], ...] = ()
    """The places whose value counts as well, beside the one that is shown."""


def combined(
    layers: Sequence[Layer[Table]], table: type[Table]
) -> tuple[Table, Mapping[str, Standing]]:
    """Return the values of a table as they apply, and where each comes from.

    Args:
        layers: in the order of `Source`.
        table: the keys; each says how it combines.
    """
    values: dict[str, Any] = {}
    standings: dict[str, Standing] = {}
    for name, key in keys_of(table).items():
        if key.combine is Combine.EACH and key.table is not None:
            inner = [layer.table(name) for layer in layers]
            values[name], inside = combined(inner, key.table)
            standings |= {f"{name}.{each}": inside[each] for each in inside}
            continue
        given = [
            (layer.source, getattr(layer.values, name))
            for layer in layers
            if name in layer.given
        ]
        if given:
            values[name], standings[name] = _settled(key.combine, given)
        else:
            standings[name] = Standing()
    return table(**values), MappingProxyType(standings)


def _settled(
    combine: Combine, given: Sequence[tuple[Source, Any]]
) -> tuple[Any, Standing]:
    """Return the value of a key that some layers give, and where it comes from."""
    is_rule = given[0][0] is Source.SYSTEM
    if combine in _STRICTER:
        value = _STRICTER[combine]([each for _source, each in given])
    else:
        # The system's, or else what is nearest to the operator.
        is_first = is_rule or combine is Combine.MATCHED
        value = given[0 if is_first else -1][1]
    if combine is Combine.UNITED:
        return value, Standing(tuple(source for source, _each in given), is_rule)
    if combine is Combine.MATCHED:
        return value, Standing((given[0][0],), is_rule, beside=tuple(given[1:]))
    source = next(source for source, each in given if each == value)
    return value, Standing(
        (source,),
        is_rule,
        is_locked=is_rule and combine is Combine.LOCKED,
        lost=tuple(each for each in given if each[1] != value),
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """Wishes of this call: its options, and the variables in place of them."""

    read_only: bool = False
    """Whether ``--read-only`` was given."""
    api_url: str | None = None
    """The base URL that was asked for."""
    is_url_from_environment: bool = False
    """Whether that came from the variable."""

    def layers(self) -> Iterator[Layer[Values]]:
        """Yield the wishes as layers."""
        if self.api_url is not None:
            is_variable = self.is_url_from_environment
            source = Source.ENVIRONMENT if is_variable else Source.FLAG
            url = checked_api_url(self.api_url)
            yield Layer(source, Values(api_url=url), frozenset({"api_url"}))
        if self.read_only:
            flags = Values(read_only=True)
            yield Layer(Source.FLAG, flags, frozenset({"read_only"}))


@dataclass(frozen=True, slots=True)
class Configuration:
    """All places together."""

    system: ConfigFile
    """The file of administrators."""
    user: ConfigFile
    """The operator's own."""
    values: Values
    """Every key, as it applies."""
    standings: Mapping[str, Standing]
    """Source of the value of each key, dotted but for tables that are locked."""

    @property
    def ticket_patterns(self) -> tuple[TicketPattern, ...]:
        """The patterns that a ticket must match, the system's first."""
        both = (self.system.ticket_pattern, self.user.ticket_pattern)
        return tuple(each for each in both if each is not None)

    @property
    def _team(self) -> TeamRules | None:
        """The team's server, where one is named."""
        team = self.values.team
        if not team.service:
            return None
        return TeamRules(team.service, team.require, team.token_command)

    def refuse_what_is_locked(self) -> None:
        """Refuse an option or a variable that asks for what the system's file locks.

        A file of the operator's own may be older than the rule, so it stops nothing.

        Raises:
            ConfigFileError: one does.
        """
        for name, standing in self.standings.items():
            asked = {source for source, _value in standing.lost}
            if not standing.is_locked or asked <= {Source.USER}:
                continue
            what = f"--{name.replace('_', '-')}"
            if Source.ENVIRONMENT in asked:
                what = f"MASKING_CONSOLE_{name.upper()}"
            raise problem(self.system.path, f"it sets {name}, and {what} cannot differ")

    def on(self, settings: Settings) -> Settings:
        """Return the settings with what the configuration says in them.

        Practice mode obeys all of it but for `read_only` and the URL: nothing of it
        leaves this computer, and who may only look can practice all the same.
        """
        values, practice = self.values, settings.practice
        return replace(
            settings,
            api_url=settings.api_url if practice else ApiUrl(values.api_url),
            read_only=settings.read_only or (values.read_only and not practice),
            share=values.share,
            confirmation=ConfirmationRules(
                count_from=values.confirm.count_from,
                name_from=values.confirm.name_from,
                max_batch=values.max_batch,
            ),
            protected=frozenset(map(AccountName, values.protected)),
            idle_writes_off_minutes=values.idle_writes_off,
            time_zone=values.time_zone,
            signs=values.signs,
            theme=values.theme,
            history_days=values.history_days,
            operator_name=values.operator_name.strip(),
            cause_rules=CauseRules(
                values.ticket_required, self.ticket_patterns, values.ticket_per_batch
            ),
            show_numbers=values.show_numbers,
            audit=AuditRules(
                tuple(map(checked_audit_target, dict.fromkeys(values.audit.to))),
                values.audit.facility.number,
            ),
            team=self._team,
            history_scope=values.history.scope,
            country=values.country,
            accounts=self.user.accounts,
            keymap=self.user.keymap,
        )


def read_configuration(
    user: Path,
    system: Path,
    asked: Asked = Asked(),
    open_system_file: Callable[[Path], int] = open_guarded,
) -> Configuration:
    """Return the configuration as it applies.

    Args:
        user: the operator's own file.
        system: the file of administrators.
        asked: the wishes of this call.
        open_system_file: see `read_system_config`.

    Raises:
        ConfigFileError: a file cannot be used.
        InputError: what was asked for cannot be used.
    """
    files = (read_system_config(system, open_system_file), read_config(user))
    layers = [Layer(each.source, each.values, each.given) for each in files]
    values, standings = combined([*layers, *asked.layers()], Values)
    return Configuration(*files, values, standings)
