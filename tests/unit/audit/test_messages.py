import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from masking_console.audit.messages import (
    SYSLOG_BYTES,
    AuditEntry,
    Severity,
    audit_entry,
    syslog_message,
)
from masking_console.audit.targets import messages
from masking_console.journal.seals import FIRST_SEAL, SealedRow, seal
from masking_console.models.account import AuthToken
from masking_console.models.journal_entry import JournalEntry, JournalEvent
from masking_console.presentation.guide import FOLDER

NOW = datetime(2026, 3, 4, 12, 5, 2, 45, tzinfo=UTC)
UUID = "c28b77d4-21e7-43bd-9447-04bfee92e651"
JOURNAL = "ab" * 32


def row_of(
    entry: JournalEntry, sequence: int = 1, before: str = FIRST_SEAL
) -> SealedRow:
    content = msgspec.json.encode(entry, order="deterministic").decode()
    copies = (entry.event.value, entry.batch_id, entry.session_uuid)
    return SealedRow(sequence, *copies, content, before, seal(before, content))


def entry(
    event: JournalEvent = JournalEvent.SESSION_SETTLED, **more: object
) -> JournalEntry:
    fields = {
        "event": event,
        "at": NOW,
        "batch_id": "B-20260304-120502",
        "version": 3,
        "session_uuid": UUID,
        "operator": "asha",
        "host": "desk-7",
        **more,
    }
    return msgspec.convert(fields, JournalEntry)


def many(count: int) -> JournalEntry:
    sessions = [f"c28b77d4-21e7-43bd-9447-{number:012x}" for number in range(count)]
    event = JournalEvent.BATCH_CONFIRMED
    return entry(event, session_uuid="", sessions=sessions, ticket="OPS-4812")


def whole(lines: Iterable[str]) -> Iterator[dict[str, object]]:
    """Put parts together, by nothing but the documented fields."""
    parts: list[str] = []
    for line in lines:
        told = json.loads(line)
        if told.get("part", 1) == 1:
            parts = []
        parts.append(told.get("sealed", ""))
        if len(parts) == told.get("parts", 1):
            yield {**told, "sealed": "".join(parts)}


def prove(lines: Iterable[str]) -> list[dict[str, object]]:
    """Recompute the chain from the lines that were emitted, and from nothing else."""
    before, seen = FIRST_SEAL, []
    for number, told in enumerate(whole(lines), 1):
        assert told["sequence"] == number
        assert told["previous_seal"] == before
        text = f"{before}\n{told['sealed']}"
        assert told["seal"] == sha256(text.encode()).hexdigest()
        before = str(told["seal"])
        seen.append(told)
    return seen


def chain(entries: Sequence[JournalEntry]) -> list[AuditEntry]:
    rows: list[SealedRow] = []
    for number, each in enumerate(entries, 1):
        before = rows[-1].seal if rows else FIRST_SEAL
        rows.append(row_of(each, number, before))
    return [audit_entry(row, rows[0].seal) for row in rows]


def test_a_line_has_the_documented_fields_and_nothing_that_is_empty() -> None:
    settled = entry(
        outcome="expired",
        evidence="reply",
        http_status=200,
        api_id="6cf7a1e2",
        elapsed_ms=61,
        attempt=1,
        account_name="acme-prod",
        auth_id_tail="MA...44T",
        ticket="OPS-4812",
        reason="Wrong number was shown",
    )
    row = row_of(settled, 7)

    told = json.loads(audit_entry(row, JOURNAL).line())

    assert told == {
        "sequence": 7,
        "journal": JOURNAL[:16],
        "event": "session.settled",
        "at": "2026-03-04T12:05:02.000045Z",
        "batch": "B-20260304-120502",
        "version": 3,
        "session": UUID,
        "attempt": 1,
        "outcome": "expired",
        "evidence": "reply",
        "http_status": 200,
        "api_id": "6cf7a1e2",
        "elapsed_ms": 61,
        "operator": "asha",
        "host": "desk-7",
        "account": "acme-prod",
        "auth_id_tail": "MA...44T",
        "ticket": "OPS-4812",
        "reason": "Wrong number was shown",
        "previous_seal": FIRST_SEAL,
        "seal": row.seal,
        "sealed": row.content,
    }


def test_the_chain_is_proved_by_the_emitted_lines_alone() -> None:
    entries = chain([many(2), entry(detail="é 日本 😀"), entry(outcome="expired")])

    told = prove(each.line() for each in entries)

    assert told[0]["event"] == "batch.confirmed"
    assert told[0]["sessions"] == 2


def test_a_batch_of_a_thousand_sessions_leaves_in_messages_that_prove_the_chain() -> (
    None
):
    entries = chain([many(1000), entry()])

    sent = [message for each in entries for message in messages(each, 10)]

    assert len(sent) > 4
    assert all(len(message) <= SYSLOG_BYTES for message in sent)
    told = prove(
        message.decode().partition(" - {")[2].join(["{", ""]) for message in sent
    )
    assert told[0]["ticket"] == "OPS-4812"
    assert len(json.loads(str(told[0]["sealed"]))["sessions"]) == 1000


@given(st.text(max_size=3000), st.integers(900, 4000))
def test_no_part_is_longer_than_asked_or_cut_within_a_character(
    text: str, most: int
) -> None:
    told = AuditEntry({"sequence": 1}, text, Severity.INFO, None)

    lines = told.lines(most)

    assert all(len(line) <= most and line.isascii() for line in lines)
    assert not any(re.search(r"[\x00-\x1f\x7f]", line) for line in lines)
    assert "".join(str(json.loads(line).get("sealed", "")) for line in lines) == text


def test_a_message_of_syslog_has_the_header_of_rfc_5424() -> None:
    told = audit_entry(row_of(entry(host="böse host\n")), JOURNAL)

    message = syslog_message(told, told.line(), 10)

    head, _, body = message.decode("ascii").partition(" {")
    assert head == (
        "<86>1 2026-03-04T12:05:02.000045Z b_se_host_ masking-console "
        "- session.settled -"
    )
    assert json.loads("{" + body)["sequence"] == 1


def test_what_the_journal_says_of_itself_is_a_warning() -> None:
    told = audit_entry(row_of(entry(JournalEvent.JOURNAL_CUT, host="")), JOURNAL)

    assert syslog_message(told, "{}", 1).startswith(
        b"<12>1 2026-03-04T12:05:02.000045Z - "
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"content": "call +91 98765 43210"}, {"batch", "session", "event", "seal"}),
        (
            {
                "event": "+919876543210",
                "batch_id": "+919876543210",
                "session_uuid": "x",
                "previous_seal": "x",
                "seal": "+919876543210",
            },
            set(),
        ),
    ],
)
def test_a_damaged_entry_leaves_as_one_without_the_text_nobody_vouches_for(
    changes: dict[str, Any], told: set[str]
) -> None:
    damaged = replace(row_of(entry(), 3), **changes)

    found = audit_entry(damaged, JOURNAL)

    fields = json.loads(found.line())
    assert fields["damaged"] is True
    assert fields["sequence"] == 3
    assert told <= set(fields)
    assert "98765" not in found.line()
    assert found.severity is Severity.ERROR
    assert syslog_message(found, found.line(), 10).startswith(
        b"<83>1 - - masking-console "
    )


def test_a_number_that_an_older_version_wrote_stays_on_this_computer() -> None:
    row = row_of(entry(detail="call from +91 98765 43210", version=2))

    told = json.loads(audit_entry(row, JOURNAL).line())

    assert told["withheld"] is True
    assert told["detail"] == "call from (number)"
    assert "sealed" not in told
    assert told["seal"] == row.seal


@pytest.mark.parametrize("name", ["ticket", "operator_name", "sudo_user"])
def test_a_token_that_an_older_version_wrote_stays_on_this_computer(name: str) -> None:
    secret = "aTokenThatNobodyElseMaySee0123456789abcd"
    token = AuthToken(secret)
    row = row_of(msgspec.structs.replace(entry(), **{name: secret}))

    found = audit_entry(row, JOURNAL)

    assert "NobodyElse" not in found.line()
    assert json.loads(found.line())["withheld"] is True
    assert not token.is_empty, "it is known as long as somebody holds it"


def test_the_proof_in_the_guide_proves_parts_and_finds_what_was_changed() -> None:
    guide = (FOLDER / "audit.md").read_text(encoding="utf-8")
    (proof,) = re.findall(r"```python\n(import hashlib.*?)```", guide, re.DOTALL)
    lines = [
        line
        for each in chain([many(1000), entry(), entry(outcome="expired")])
        for line in each.lines(SYSLOG_BYTES)
    ]

    def proved(text: Sequence[str]) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", proof]
        given = "\n".join(text)
        return subprocess.run(
            command, input=given, capture_output=True, text=True, check=False
        )

    assert len(lines) > 4
    sound = proved(lines)
    assert (sound.returncode, sound.stdout, sound.stderr) == (0, "", "")
    changed = [*lines[:-1], lines[-1].replace('\\"expired\\"', '\\"unknown\\"')]
    assert proved(changed).stdout == "not proved: 3\n"
    assert "gap before entry 3" in proved([*lines[:-2], lines[-1]]).stderr


def test_the_guide_names_every_field_that_leaves() -> None:
    guide = (FOLDER / "audit.md").read_text(encoding="utf-8")
    names = {
        "batch_id": "batch",
        "session_uuid": "session",
        "account_name": "account",
    }
    for name in JournalEntry.__struct_fields__:
        assert re.search(
            rf"^\|.*`{names.get(name, name)}`.*\|.*\|$", guide, re.MULTILINE
        )
