"""The audit on the screen, in the commands, and in every face that writes entries."""

import asyncio
import json
from pathlib import Path

import pytest

from masking_console import paths
from masking_console.journal.journal import Journal
from masking_console.models.expiry import RunEnd
from masking_console.models.journal_entry import AuditState
from masking_console.models.session_uuid import EXAMPLE, SessionUuid
from masking_console.operations.wiring import build_operations
from masking_console.practice.exchange import practice_account
from masking_console.presentation.history import audit_line, audit_notice
from masking_console.settings import AuditRules, Settings, checked_audit_target
from tests.support.command_line import run
from tests.support.runs import plan_of


def configure(out: Path) -> None:
    paths.config_dir().mkdir()
    paths.config_path().write_text(f'[audit]\nto = ["{out}"]\n', encoding="utf-8")


def cut_the_end() -> str:
    """Lose the note of the last entry; return what a verification calls that."""
    path = paths.journal_path(practice=False)
    journal = Journal(path)
    asyncio.run(journal.open())
    asyncio.run(journal.acknowledge("1-abc", "one"))
    journal.close()
    path.with_name("journal.db-head").unlink()
    journal = Journal(path)
    asyncio.run(journal.open())
    journal.close()
    return "2-"


@pytest.mark.parametrize(
    ("state", "line"),
    [
        (AuditState("syslog", 7, 7), "Audit to syslog: all 7 entries have left."),
        (AuditState("syslog", 6, 7), "Audit to syslog: 1 entry waits of 7."),
        (
            AuditState("syslog", 3, 7, "no answer in time"),
            "Audit to syslog: 4 entries wait of 7 (no answer in time).",
        ),
    ],
)
def test_how_far_a_target_got_is_said(state: AuditState, line: str) -> None:
    assert audit_line(state) == line


@pytest.mark.parametrize(
    ("states", "notice"),
    [
        ((), ""),
        ((AuditState("a", 1, 15),), ""),
        ((AuditState("a", 0, 1, "x"), AuditState("b", 5, 5)), "audit: 1 entry waiting"),
        ((AuditState("a", 1, 15, "refused"),), "audit: 14 entries waiting"),
    ],
)
def test_the_header_speaks_only_of_what_does_not_get_on(
    states: tuple[AuditState, ...], notice: str
) -> None:
    assert audit_notice(states) == notice


def test_verify_says_how_far_the_mark_got_and_an_acknowledgement_leaves_at_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "audit.jsonl"
    configure(out)
    begins = cut_the_end()

    words = run(capsys, "history", "verify")[1]
    assert f"Audit to {out}: 2 entries wait of 2." in words
    (name,) = [
        line.split()[0] for line in words.splitlines() if line.startswith(begins)
    ]
    code, words, _ = run(capsys, "history", "acknowledge", name, "--reason", "a test")

    assert (code, "Written down" in words) == (0, True)
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [line["event"] for line in lines] == [
        "journal.acknowledged",
        "journal.note",
        "journal.acknowledged",
    ]
    assert lines[2]["reason"] == "a test"
    words = run(capsys, "history", "verify")[1]
    assert f"Audit to {out}: all 3 entries have left." in words


async def test_a_ticket_that_a_command_adds_leaves_at_once_and_says_by_whom(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "audit.jsonl"
    configure(out)
    config = paths.config_path().read_text(encoding="utf-8")
    named = f'operator_name = "Marta K."\n{config}'
    paths.config_path().write_text(named, encoding="utf-8")
    journal = Journal(paths.journal_path(practice=False))
    plan = plan_of(practice_account(), [SessionUuid(EXAMPLE)])
    batch = await journal.begin_batch(plan.confirm("y"))
    await journal.end_batch(batch, RunEnd.STOPPED)
    await asyncio.to_thread(journal.close)

    add = ("history", "add-ticket", batch.batch_id, "OPS-4812")
    code = (await asyncio.to_thread(run, capsys, *add))[0]

    assert code == 0
    last = json.loads(out.read_text(encoding="utf-8").splitlines()[-1])
    assert (last["event"], last["ticket"]) == ("batch.ticket_added", "OPS-4812")
    assert last["operator_name"] == "Marta K."


def test_a_wrong_configuration_stops_no_proof(
    capsys: pytest.CaptureFixture[str],
) -> None:
    paths.config_dir().mkdir()
    paths.config_path().write_text("nonsense", encoding="utf-8")

    code, out, err = run(capsys, "history", "verify")

    assert code == 0
    assert "nothing to prove" in out
    assert "is not valid TOML" in err


def test_the_journal_of_practice_mode_is_sent_nowhere(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    configure(tmp_path / "audit.jsonl")

    assert "Audit" not in run(capsys, "history", "--practice", "verify")[1]
    assert "Audit" not in run(capsys, "history", "verify", "--practice")[1]


@pytest.mark.parametrize("practice", [False, True])
async def test_whatever_a_face_writes_leaves_but_not_in_practice(
    tmp_path: Path, practice: bool
) -> None:
    out = tmp_path / "audit.jsonl"
    rules = AuditRules((checked_audit_target(str(out)),))
    settings = Settings(tmp_path / "state" / "j.db", practice=practice, audit=rules)
    operations = build_operations(settings, {})
    await operations.record_numbers_shown(practice_account())

    await asyncio.to_thread(operations.close, 30.0)

    assert out.exists() is not practice
    assert len(operations.audit_states()) == (0 if practice else 1)
