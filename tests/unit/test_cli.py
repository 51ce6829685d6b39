import asyncio
import csv
import io
import json
import os
import pwd
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from masking_console import __version__
from masking_console.cli import help_text
from masking_console.journal import search_table
from masking_console.models.expiry import ExpirySummary
from masking_console.operations import read_history
from masking_console.operations.read_history import ReadHistory
from masking_console.practice import server
from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.command_line import run
from tests.support.runs import bench, open_ids, quick_account

KNOWN = "c28b77d4-21e7-43bd-9447-04bfee92e651"


def test_version_and_help_need_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--version")
    assert (code, err) == (0, "")
    assert __version__ in out
    code, out, err = run(capsys, "--help")
    assert (code, err) == (0, "")
    for word in ("--practice", "--account", "--file", "practice-server", "UUID"):
        assert word in out
    assert run(capsys, "--practice", "--help")[0] == 0
    assert run(capsys, "-h")[1] == out


def test_the_help_that_is_kept_is_what_the_commands_say() -> None:
    # If not: uv run python -m masking_console.cli.help_text
    assert help_text.kept() == help_text.made()


def test_the_manual_that_is_kept_is_what_the_commands_and_the_guide_say() -> None:
    # If not: uv run python -m masking_console.cli.help_text
    kept = Path(help_text.MANUAL).read_text(encoding="utf-8")

    assert kept == help_text.manual(help_text.whole_guide())


def test_the_manual_has_every_command_and_no_request_that_man_does_not_know() -> None:
    lines = Path(help_text.MANUAL).read_text(encoding="utf-8").splitlines()
    requests = {line.split()[0] for line in lines if line.startswith((".", "'"))}

    assert requests == {".TH", ".SH", ".SS", ".PP", ".TP", ".B", ".br"}
    sections = [line for line in lines if line.startswith(".SS")]
    for command in ("expire", "find", "history verify", "config show"):
        assert any(line.startswith(f".SS {command}") for line in sections)
    assert help_text.escaped(".x -y \\") == "\\&.x \\-y \\e"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], '"nonsense": This is not a session id.'),
        (["--no-such-option"], "No such option"),
        (["--file", "missing.txt"], "missing.txt does not exist"),
        (["--api-url", "http://api.plivo.com"], "must be https://"),
        (["practice-server", "--port", "70000"], "Port 70000"),
        (["practice-server", "--port", "x"], "not a valid integer"),
        (["history", "--since", "yesterday"], "Write the date as 2026-03-04."),
        (["history", "--format", "xml"], "is not one of"),
        (["history", "--outcome", "nonsense"], 'No outcome "nonsense". Outcomes: expi'),
        (["history", "--outcome", ""], "Which outcome? Outcomes: expired, already"),
        (["history", "verify", "--rebuild-search"], "There is no journal yet."),
        ([KNOWN], "needs a terminal"),
        (["--practice"], "needs a terminal"),
    ],
)
def test_bad_input_is_one_sentence_on_standard_error(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    code, out, err = run(capsys, *arguments)

    assert (code, out) == (1, "")
    assert err.startswith("masking-console: ")
    assert words in err


def test_a_file_of_ids_is_read_before_the_terminal_is_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "ids.txt"
    path.write_text(KNOWN, encoding="utf-8")

    assert "needs a terminal" in run(capsys, "--file", str(path), KNOWN.upper())[2]


def test_ctrl_c_on_the_command_line_is_stopped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "serve", interrupted)

    assert run(capsys, "practice-server")[0] == 130


def test_the_practice_server_ends_with_success(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[SimulatedAccount] = []

    def serve(
        _port: int, announce: Callable[[str], None], account: SimulatedAccount
    ) -> None:
        served.append(account)
        announce("hello")

    monkeypatch.setattr(server, "serve", serve)

    assert run(capsys, "practice-server") == (0, "hello\n", "")
    assert run(capsys, "practice-server", "--strict") == (0, "hello\n", "")
    assert [each._conduct.refuses_unknown for each in served] == [False, True]


@pytest.fixture
async def practised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, ExpirySummary]:
    """A journal of practice mode with one batch in it."""
    monkeypatch.setenv("MASKING_CONSOLE_STATE_DIR", str(tmp_path))
    simulated = quick_account()
    async with bench(
        simulated, tmp_path, journal_path=tmp_path / "practice-journal.db"
    ) as opened:
        await opened.run(open_ids(simulated, 3))
        return tmp_path / "practice-journal.db", opened.summary


@pytest.mark.parametrize(
    ("variable", "command"),
    [
        ("MASKING_CONSOLE_STATE_DIR", ("history",)),
        ("MASKING_CONSOLE_CONFIG_DIR", ("config", "path")),
        ("MASKING_CONSOLE_STATE_DIR", (KNOWN,)),
    ],
)
def test_a_folder_that_is_no_absolute_path_is_one_sentence(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    command: tuple[str, ...],
) -> None:
    monkeypatch.setenv(variable, "~/x\x1b[31m")

    code, out, err = run(capsys, *command)

    assert (code, out) == (1, "")
    words = f"{variable} must be an absolute path, written in full, and is"
    assert err == f'masking-console: {words} "~/x\ufffd[31m".\n'


def test_the_history_is_printed_in_every_form(
    capsys: pytest.CaptureFixture[str], practised: tuple[Path, ExpirySummary]
) -> None:
    batch_id = practised[1].batch.batch_id
    ids = [each.session_uuid for each in practised[1].results]

    for form in ("table", "report", "csv", "json", "jsonl"):
        code, out, err = run(capsys, "history", "--practice", "--format", form)
        assert (code, err) == (0, "")
        assert batch_id in out
        assert all(uuid in out for uuid in ids) is (form != "table")
    assert batch_id not in run(capsys, "history")[1]
    assert batch_id in run(capsys, "history", "--practice", "--session", ids[1])[1]
    nothing = run(capsys, "history", "--practice", "--ticket", "OPS")[1]
    assert nothing.count("\n") == 2, "its head and the seal"


def test_the_history_of_a_session_is_one_line_an_event(
    capsys: pytest.CaptureFixture[str], practised: tuple[Path, ExpirySummary]
) -> None:
    batch_id = practised[1].batch.batch_id
    uuid, *others = [each.session_uuid for each in practised[1].results]
    ask = ("history", "--practice", "--session", uuid)

    head, *lines, seal = run(capsys, *ask)[1].splitlines()

    assert head.startswith(f"Session {uuid}")
    assert [line.split("  ")[1].strip() for line in lines] == [
        "confirmed", "sending", "expired", "batch ended: completed",
    ]  # fmt: skip
    for line in lines:
        assert f"batch {batch_id}, 1 of 3 sessions" in line
        assert f"by {pwd.getpwuid(os.getuid()).pw_name}" in line
        assert "on PRACTICE (" in line
    assert "attempt 1, Plivo's answer, 200, api " in lines[2]
    assert seal.split()[-1] == lines[-1].split()[-1]
    for form in ("report", "csv", "json", "jsonl"):
        out = run(capsys, *ask, "--format", form)[1]
        assert uuid in out
        assert not any(other in out for other in others)
    assert "1 of 3 sessions of this batch" in run(capsys, *ask, "--format", "report")[1]
    (row,) = csv.DictReader(io.StringIO(run(capsys, *ask, "--format", "csv")[1]))
    assert row["batch_sessions"] == "3"
    told = json.loads(run(capsys, *ask, "--format", "json")[1])
    assert told["batches"][0]["batch_sessions"] == 3
    assert [each["event"] for each in told["events"]] == [
        "batch.confirmed", "expire.intended", "session.settled", "batch.ended",
    ]  # fmt: skip
    line = json.loads(run(capsys, *ask, "--format", "jsonl")[1])
    assert line["batch_sessions"] == 3
    nothing = run(capsys, "history", "--practice", "--session", KNOWN)[1]
    assert nothing.startswith("No such session in the journal.\n")


def test_the_report_of_the_history_is_that_of_the_console(
    capsys: pytest.CaptureFixture[str], practised: tuple[Path, ExpirySummary]
) -> None:
    path, summary = practised
    history = ReadHistory(path)
    record = asyncio.run(history.batch(summary))

    written = asyncio.run(history.save_report(record))
    again = asyncio.run(history.save_report(record))

    assert written == again == path.parent / "exports" / f"{record.batch_id}.txt"
    assert written.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in written.parent.iterdir()] == [written.name]
    out = run(capsys, "history", "--practice", "--format", "report")[1]
    assert out == written.read_text(encoding="utf-8")


def test_an_old_journal_says_why_it_takes_long_until_it_is_prepared(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("MASKING_CONSOLE_STATE_DIR", str(tmp_path))
    fixture = Path(__file__).parents[1] / "fixtures" / "journal-of-version-3.db"
    for ending in ("", "-head"):
        shutil.copy(f"{fixture}{ending}", tmp_path / f"journal.db{ending}")
    monkeypatch.setattr(read_history, "_LONG", 39)
    monkeypatch.setattr(search_table, "AT_ONCE", 15)

    _code, before, err = run(capsys, "history")
    assert "Reading all 40 entries of the journal" in err
    code, out, err = run(capsys, "history", "verify", "--rebuild-search")

    assert code == 0
    assert "The journal is whole: 40 entries" in out
    assert [line.split(":")[1] for line in err.splitlines()] == [
        " 37 % of 40 entries.", " 75 % of 40 entries.", " 100 % of 40 entries.",
    ]  # fmt: skip
    assert run(capsys, "history") == (0, before, "")


def test_history_verify_says_where_the_journal_was_changed(
    capsys: pytest.CaptureFixture[str], practised: tuple[Path, ExpirySummary]
) -> None:
    path, _summary = practised
    code, out, err = run(capsys, "history", "--practice", "verify")
    assert (code, err) == (0, "")
    assert f"{path}\nThe journal is whole: 8 entries" in out
    assert run(capsys, "history", "verify", "--practice")[1] == out
    assert "nothing to prove" in run(capsys, "history", "verify")[1]

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("DROP TRIGGER entries_are_never_removed")
        other.execute("DELETE FROM entries WHERE sequence = 3")
    code, out, err = run(capsys, "history", "--practice", "verify")
    assert (code, err) == (1, "")
    assert out.startswith(f"{path}\nThe journal is NOT whole.\n3-")
    assert "  Entry 3 is missing.\n" in out


def test_a_history_that_cannot_be_read_is_one_sentence(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MASKING_CONSOLE_STATE_DIR", str(tmp_path))
    (tmp_path / "journal.db").write_bytes(b"no database" * 1000)

    code, out, err = run(capsys, "history")

    assert (code, out) == (1, "")
    assert "cannot be read (its file is damaged)" in err


@pytest.mark.usefixtures("practised")
def test_history_verify_holds_the_journal_to_old_reports(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    reports = []
    for form in ("report", "csv", "json", "jsonl", "table"):
        reports.append(str(tmp_path / f"kept.{form}"))
        out = run(capsys, "history", "--practice", "--format", form)[1]
        Path(reports[-1]).write_text(out, encoding="utf-8")
    ask = ("history", "--practice", "verify", "--against", *reports)

    code, out, err = run(capsys, *ask)
    assert (code, err) == (0, "")
    assert out.count("in the journal; up to entry 8 it says what it said then.") == 5

    Path(reports[0]).write_text(f"Journal seal {'a' * 64}\n", encoding="utf-8")
    code, out, err = run(capsys, *ask)
    assert (code, err) == (1, "")
    assert "kept.report: 1 of 1 seals are NOT in this journal: aaaaaaaaaaaa..." in out
    code, _, err = run(capsys, "history", "verify", "--practice", *reports)
    assert (code, "Write --against before the reports." in err) == (1, True)


def test_a_finding_is_acknowledged_on_the_command_line(
    capsys: pytest.CaptureFixture[str], practised: tuple[Path, ExpirySummary]
) -> None:
    path, _summary = practised
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("DROP TRIGGER entries_are_never_removed")
        other.execute("DELETE FROM entries WHERE sequence = 3")
    name = run(capsys, "history", "--practice", "verify")[1].splitlines()[2].split()[0]

    for practice in (("--practice", "acknowledge"), ("acknowledge", "--practice")):
        code, out, err = run(
            capsys, "history", *practice, name, "--reason", "restored by hand"
        )
        assert (code, err) == (0, "")
        assert out.startswith(f"Written down: {name} is known.")

    code, out, _ = run(capsys, "history", "--practice", "verify")
    assert code == 0
    assert "Entry 3 is missing. Acknowledged: restored by hand" in out
    code, _, err = run(capsys, "history", "--practice", "acknowledge", "9-x")
    assert (code, "Say why" in err) == (1, True)


def test_a_ticket_is_added_on_the_command_line(
    capsys: pytest.CaptureFixture[str], practised: tuple[Path, ExpirySummary]
) -> None:
    _path, summary = practised
    batch = summary.batch.batch_id
    add = ("history", "add-ticket", "--practice")

    code, out, err = run(
        capsys, *add, batch, "OPS-4812", "--reason", "call 447700900123"
    )

    assert (code, err) == (0, "")
    assert out.startswith("Numbers and tokens were taken out of the reason.")
    assert f"OPS-4812 is added to {batch}." in out
    code, out, _ = run(capsys, *add, batch, "OPS-4813")
    assert (code, out) == (0, f"OPS-4813 is added to {batch}.\n")
    _, out, _ = run(capsys, "history", "--practice", "--format", "report")
    assert "Ticket added: OPS-4812: call (number) (" in out
    assert "Ticket added: OPS-4813 (" in out
    _, out, _ = run(capsys, "history", "--practice", "--ticket", "4813")
    assert batch in out
    assert run(capsys, "history", "--practice", "verify")[0] == 0

    code, _, err = run(capsys, *add, "B-20000101-000000", "OPS-1")
    assert (code, "history lists them" in err) == (1, True)
    code, _, err = run(capsys, *add, batch, "+447700900123")
    assert (code, "looks like a phone number" in err) == (1, True)
    code, _, err = run(capsys, *add, batch, "")
    assert (code, "A ticket is required" in err) == (1, True)
