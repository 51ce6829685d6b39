"""The proof of a team's history: every chain, every anchor, and the copy on this disk.

Nothing that the server computes is believed: all seals are computed here. Whoever
rewrites rows on the server meets the journals that hold them, and the anchors that
other journals name; whoever rewrites a journal meets the server.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
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
from masking_console.models.journal_entry import Finding
from masking_console.models.plain_text import plain_text
from masking_console.models.team import TeamReport
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
    work = _Verification(server, tell, _own_chain(journal_path))
    # In this order, because consoles may be at work: what an anchor names is there
    # already, and what is on the server is in its journal already.
    work.read_anchors()
    work.read_chains()
    if journal_path.exists():
        in_our_words(lambda: work.compare_with(journal_path), "read")
    heads = dict(work.heads)
    work.read_anchors()
    work.hold_to_anchors(heads)
    return work.report()


@dataclass(slots=True)
class _Verification:
    """State of a verification."""

    server: TeamServer
    tell: Callable[[int], None]
    own_chain: str
    findings: list[Finding] = field(default_factory=list)
    anchors: dict[int, str] = field(default_factory=dict)
    heads: dict[_Head, tuple[str, int]] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    own_seals: dict[int, str] = field(default_factory=dict)
    entries: int = 0
    chains: int = 0
    compared: int = 0
    last_anchor: tuple[int, str] = (0, FIRST_SEAL)

    def read_anchors(self) -> None:
        """Check that each new anchor seals the one before, and note what it names."""
        number, before = self.last_anchor
        for sequence, content, previous_seal, own_seal in self._anchor_rows(number):
            number += 1
            is_sound = seal(previous_seal, content) == own_seal
            if sequence != number or previous_seal != before or not is_sound:
                self._find(f"Anchor {sequence} is not the one that was made.")
            number, before = sequence, own_seal
            self.anchors[sequence] = own_seal
            self._note_heads(sequence, content)
        self.last_anchor = number, before

    def _note_heads(self, number: int, content: str) -> None:
        try:
            told = msgspec.json.decode(content, type=_AnchorContent)
        except msgspec.MsgspecError:
            self._find(f"Anchor {number} cannot be read.")
            return
        for chain, sequence, own_seal in told.heads:
            self.heads[chain, sequence] = (own_seal, number)

    def read_chains(self) -> None:
        """Check each chain, and cross out the heads that are where anchors say."""
        self.owners = dict(self.server.ask(_OWNERS))
        for chain, rows in groupby(self._chain_rows(), key=lambda each: each[0]):
            self.chains += 1
            found = verify_rows(self._seen(chain, (row for _chain, row in rows)))
            self.findings += (
                Finding(each.name, f"{self._name(chain)}: {each.words}", each.reason)
                for each in found.findings
            )

    def _seen(self, chain: str, rows: Iterable[SealedRow]) -> Iterator[SealedRow]:
        """Yield the rows, and look at each of them."""
        is_own = chain.replace("-", "") == self.own_chain
        for row in rows:
            self.entries += 1
            if self.entries % _AT_ONCE == 0:
                self.tell(self.entries)
            head = self.heads.get((chain, row.sequence))
            if head is not None and head[0] == row.seal:
                del self.heads[chain, row.sequence]
            if is_own:
                self.own_seals[row.sequence] = row.seal
            self.note_anchor(row, f"entry {row.sequence} of chain {chain[:8]}")
            yield row

    def compare_with(self, path: Path) -> None:
        """Hold the server's copy of a journal to the journal."""
        self.compared = len(self.own_seals)
        changed: list[int] = []
        for row in read_rows(path):
            self.note_anchor(row, f"entry {row.sequence} of this computer")
            there = self.own_seals.pop(row.sequence, row.seal)
            if there != row.seal:
                changed.append(row.sequence)
        if changed:
            self._find(
                f"Entry {changed[0]} of this computer is another one on the server; "
                f"{len(changed)} differ."
            )
        if self.own_seals:
            gone = min(self.own_seals)
            self._find(f"Entry {gone} is on the server, and not on this computer.")

    def hold_to_anchors(self, heads: Mapping[_Head, tuple[str, int]]) -> None:
        """Say which heads are not there, and which anchors are not those named."""
        for (chain, sequence), (_seal, anchor) in heads.items():
            what = f"entry {sequence}, which anchor {anchor} names, is missing"
            self._find(f"{self._name(chain)}: {what} or was changed.")
        for text, where in self.named.items():
            number, _space, own_seal = text.partition(" ")
            known = self.anchors.get(int(number)) if number.isdecimal() else None
            if known != own_seal:
                shown = plain_text(number, limit=20)
                self._find(f"Anchor {shown} is not the one that {where} names.")

    def note_anchor(self, row: SealedRow, where: str) -> None:
        """Note the anchor that an entry names, if it does."""
        if '"anchor":"' in row.content and (entry := entry_of(row)) and entry.anchor:
            self.named.setdefault(entry.anchor, where)

    def _anchor_rows(self, last: int) -> Iterator[tuple[int, str, str, str]]:
        while rows := self.server.ask(_ANCHORS, (last, _AT_ONCE)):
            yield from map(_anchor_row, rows)
            last = rows[-1][0]

    def _chain_rows(self) -> Iterator[tuple[str, SealedRow]]:
        chain, sequence = _BEFORE_ALL, 0
        while rows := self.server.ask(_ROWS, (chain, sequence, _AT_ONCE)):
            for each in rows:
                yield each[0], SealedRow(*each[1:])
            chain, sequence = rows[-1][:2]

    def _name(self, chain: str) -> str:
        owner = plain_text(self.owners.get(chain, "nobody"), limit=64)
        return f"Chain {chain[:8]} of {owner}"

    def _find(self, words: str) -> None:
        self.findings.append(Finding("", words))

    def report(self) -> TeamReport:
        """Return what was found."""
        return TeamReport(
            chains=self.chains,
            entries=self.entries,
            compared=self.compared,
            last_anchor="{} {}".format(*self.last_anchor) if self.anchors else "",
            findings=tuple(self.findings),
        )


def _own_chain(path: Path) -> str:
    """Return the name of the journal here; empty where there is none."""
    return in_our_words(lambda: read_journal_id(path), "read") if path.exists() else ""


def _anchor_row(values: tuple[Any, ...]) -> tuple[int, str, str, str]:
    sequence, content, previous_seal, own_seal = values
    return sequence, content, previous_seal, own_seal
