"""The proof of a team's history: every chain, every anchor, and the copy on this disk.

Nothing that the server computes is believed: all seals are computed here. Whoever
rewrites rows on the server meets the journals that hold them, and the anchors that
other journals name; whoever rewrites a journal meets the server.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from masking_console.journal.entry_reader import read_journal_id, read_rows
from masking_console.journal.failures import in_our_words
from masking_console.journal.seals import (
    FIRST_SEAL,
    SealedRow,
    entry_of,
    seal,
    verify_rows,
)
from masking_console.models.history import Finding
from masking_console.models.plain_text import plain_text
from masking_console.models.team_report import TeamReport
from masking_console.team.connection import TeamServer
from masking_console.team.schema import check_version

_AT_ONCE = 5_000
_ROWS = """
SELECT chain::text, sequence, event, batch_id, session_uuid, content,
    previous_seal, seal
FROM team.entry WHERE (chain, sequence) > (%s::uuid, %s)
ORDER BY chain, sequence LIMIT %s
"""
_ANCHORS = """
SELECT sequence, content, previous_seal, seal FROM team.anchor
WHERE sequence > %s ORDER BY sequence LIMIT %s
"""
_OWNERS = "SELECT chain::text, shipped_by FROM team.chain"
_BEFORE_ALL = "00000000-0000-0000-0000-000000000000"

_Head = tuple[str, int]
"""A chain and the number of an entry of it."""


class _AnchorContent(msgspec.Struct):
    """The text of an anchor."""

    anchor: int
    at: str
    heads: list[tuple[str, int, str]]


def verify_team(
    server: TeamServer, journal_path: Path, tell: Callable[[int], None]
) -> TeamReport:
    """Return whether the history on the server is whole, and equal to the one here.

    Args:
        server: the team's server.
        journal_path: the journal of this computer.
        tell: is told how many entries were read.

    Raises:
        TeamError: the server cannot be used.
        JournalError: the journal cannot be read.
    """
    check_version(server)
    work = _Verification(server, tell)
    # The journal first: what is shipped meanwhile is on the server only later.
    ours = _own_seals(journal_path, work)
    work.read_anchors()
    work.read_chains(ours)
    return work.report()


@dataclass(slots=True)
class _Verification:
    """What was seen so far."""

    server: TeamServer
    tell: Callable[[int], None]
    findings: list[Finding] = field(default_factory=list)
    anchors: dict[int, str] = field(default_factory=dict)
    heads: dict[_Head, tuple[str, int]] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    entries: int = 0
    chains: int = 0
    compared: int = 0
    last_anchor: str = ""

    def read_anchors(self) -> None:
        """Check that each anchor seals the one before, and note the heads it names."""
        before, number = FIRST_SEAL, 0
        for sequence, content, previous_seal, own_seal in self._anchor_rows():
            number += 1
            is_sound = seal(previous_seal, content) == own_seal
            if sequence != number or previous_seal != before or not is_sound:
                self._find(f"Anchor {sequence} is not the one that was made.")
            number, before = sequence, own_seal
            self.anchors[sequence] = own_seal
            self._note_heads(sequence, content)
        if number:
            self.last_anchor = f"{number} {before}"

    def _note_heads(self, number: int, content: str) -> None:
        try:
            told = msgspec.json.decode(content, type=_AnchorContent)
        except msgspec.MsgspecError:
            self._find(f"Anchor {number} cannot be read.")
            return
        for chain, sequence, own_seal in told.heads:
            self.heads[chain, sequence] = (own_seal, number)

    def read_chains(self, ours: "_OwnSeals") -> None:
        """Check each chain, and hold it to the anchors and to the journal here."""
        owners = dict(self.server.ask(_OWNERS))
        for chain, rows in groupby(self._chain_rows(), key=lambda each: each[0]):
            self.chains += 1
            name = _name_of(chain, owners.get(chain, "nobody"))
            found = verify_rows(self._seen(chain, ours, (row for _chain, row in rows)))
            self.findings += (
                Finding(each.name, f"{name}: {each.words}", each.reason)
                for each in found.findings
            )
        for (chain, sequence), (_seal, anchor) in self.heads.items():
            name = _name_of(chain, owners.get(chain, "nobody"))
            what = f"entry {sequence}, which anchor {anchor} names, is missing"
            self._find(f"{name}: {what} or was changed.")
        for text, where in self.named.items():
            self._hold_to_anchors(text, where)
        self.compared = ours.compared
        for words in ours.differences():
            self._find(words)

    def _seen(
        self, chain: str, ours: "_OwnSeals", rows: Iterable[SealedRow]
    ) -> Iterator[SealedRow]:
        """Yield the rows, and look at each of them."""
        for row in rows:
            self.entries += 1
            if self.entries % _AT_ONCE == 0:
                self.tell(self.entries)
            head = self.heads.get((chain, row.sequence))
            if head is not None and head[0] == row.seal:
                del self.heads[chain, row.sequence]
            self.note_anchor(row, f"entry {row.sequence} of chain {chain[:8]}")
            ours.compare(chain, row)
            yield row

    def note_anchor(self, row: SealedRow, where: str) -> None:
        """Note the anchor that an entry names, if it does."""
        if '"anchor":"' in row.content and (entry := entry_of(row)) and entry.anchor:
            self.named.setdefault(entry.anchor, where)

    def _hold_to_anchors(self, text: str, where: str) -> None:
        number, _space, own_seal = text.partition(" ")
        known = self.anchors.get(int(number)) if number.isdecimal() else None
        if known != own_seal:
            shown = plain_text(number, limit=20)
            words = f"Anchor {shown} is not the one that {where} names."
            self._find(words)

    def _anchor_rows(self) -> Iterator[tuple[int, str, str, str]]:
        last = 0
        while rows := self.server.ask(_ANCHORS, (last, _AT_ONCE)):
            yield from map(_anchor_row, rows)
            last = rows[-1][0]

    def _chain_rows(self) -> Iterator[tuple[str, SealedRow]]:
        chain, sequence = _BEFORE_ALL, 0
        while rows := self.server.ask(_ROWS, (chain, sequence, _AT_ONCE)):
            for each in rows:
                yield each[0], SealedRow(*each[1:])
            chain, sequence = rows[-1][:2]

    def _find(self, words: str) -> None:
        self.findings.append(Finding("", words))

    def report(self) -> TeamReport:
        """Return what was found."""
        return TeamReport(
            chains=self.chains,
            entries=self.entries,
            compared=self.compared,
            last_anchor=self.last_anchor,
            findings=tuple(self.findings),
        )


@dataclass(slots=True)
class _OwnSeals:
    """The seals of the journal on this computer, to hold the server to."""

    chain: str = ""
    seals: dict[int, str] = field(default_factory=dict)
    compared: int = 0
    _changed: list[int] = field(default_factory=list)
    _only_there: list[int] = field(default_factory=list)

    def compare(self, chain: str, row: SealedRow) -> None:
        """Hold a row of the server to the one here."""
        if chain.replace("-", "") != self.chain:
            return
        own_seal = self.seals.get(row.sequence)
        self.compared += 1
        if own_seal is None:
            self._only_there.append(row.sequence)
        elif own_seal != row.seal:
            self._changed.append(row.sequence)

    def differences(self) -> Iterator[str]:
        """Yield what differs, in sentences."""
        if self._changed:
            first, count = self._changed[0], len(self._changed)
            yield (
                f"Entry {first} of this computer is another one on the server; "
                f"{count} differ."
            )
        # What a console here has written since the journal was read is no difference.
        gone = [each for each in self._only_there if each < max(self.seals, default=0)]
        if self._only_there and not self.seals:
            gone = self._only_there
        if gone:
            yield f"Entry {gone[0]} is on the server, and not on this computer."


def _own_seals(path: Path, work: _Verification) -> _OwnSeals:
    if not path.exists():
        return _OwnSeals()

    def read() -> _OwnSeals:
        found = _OwnSeals(read_journal_id(path))
        for row in read_rows(path):
            found.seals[row.sequence] = row.seal
            work.note_anchor(row, f"entry {row.sequence} of this computer")
        return found

    return in_our_words(read, "read")


def _anchor_row(values: tuple[Any, ...]) -> tuple[int, str, str, str]:
    sequence, content, previous_seal, own_seal = values
    return sequence, content, previous_seal, own_seal


def _name_of(chain: str, owner: str) -> str:
    return f"Chain {chain[:8]} of {plain_text(owner, limit=64)}"
