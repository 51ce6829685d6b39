"""`masking-console expire` in a process of its own, ended or asked at any moment.

Whatever happens, the journal and the account must tell the same afterwards.
"""

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from masking_console.models.expiry import ExpiryOutcome, RunEnd
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import PRACTICE_AUTH_ID, PRACTICE_TOKEN
from tests.support.campaigns import campaign, share
from tests.support.practice_service import (
    DEAF_SECONDS,
    PATIENCE_SECONDS,
    program_environment,
    serving,
    type_as_a_person,
)
from tests.support.runs import open_ids
from tests.support.terminal import Terminal
from tests.support.watched_runs import WatchedAccount, agree, batches, intents, resume

U = ExpiryOutcome
COUNT = 20
# Under nohup or in the background of a script these are ignored, and inherited so.
_START = (
    "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL);"
    "signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from masking_console.cli import main; main()"
)


def signed_in(folder: Path, **more: str) -> dict[str, str]:
    return program_environment(
        folder,
        PLIVO_AUTH_ID=str(PRACTICE_AUTH_ID),
        PLIVO_AUTH_TOKEN=PRACTICE_TOKEN,
        **more,
    )


def command(url: str, ids: Sequence[SessionUuid], *more: str) -> list[str]:
    program = [sys.executable, "-c", _START, "expire", *ids]
    return [*program, "--account", "env", "--api-url", url, *more]


@contextmanager
def expiring(
    url: str, folder: Path, ids: Sequence[SessionUuid], *more: str
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command(url, ids, "--confirm", f"{len(ids)} env", *more),
        env=signed_in(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@campaign
@pytest.mark.parametrize("seed", share("kills without a screen", range(6), 2))
def test_a_kill_leaves_nothing_unknown_after_the_next_start(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - moments, no secrets
    account = WatchedAccount(chance.randrange(1, COUNT))
    ids = open_ids(account, COUNT)
    with serving(account) as url:
        with expiring(url, tmp_path, ids) as process:
            assert account.nth_has_come.wait(PATIENCE_SECONDS)
            process.send_signal(signal.SIGKILL)
            assert process.wait(PATIENCE_SECONDS) == -signal.SIGKILL
        resume(account, url, tmp_path)

    (record,) = batches(tmp_path)
    agree(account, record, ids)
    assert record.unknown == ()
    assert set(intents(tmp_path, record).values()) == {1}
    assert record.end in {RunEnd.INTERRUPTED.value, RunEnd.COMPLETED.value}


@pytest.mark.parametrize(
    ("name", "end"),
    [("SIGINT", "stopped"), ("SIGTERM", "signal"), ("SIGHUP", "terminal closed")],
)
def test_a_signal_stops_after_what_is_in_flight_with_130(
    tmp_path: Path, name: str, end: str
) -> None:
    account = WatchedAccount(5)
    ids = open_ids(account, COUNT)
    with (
        serving(account) as url,
        expiring(url, tmp_path, ids, "--format", "jsonl") as process,
    ):
        assert account.nth_has_come.wait(PATIENCE_SECONDS)
        process.send_signal(getattr(signal, name))
        out, err = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 130
    assert "Stopping after what is in flight." in err
    (record,) = batches(tmp_path)
    agree(account, record, ids)
    assert record.end == end
    assert record.unknown == ()
    lines = [json.loads(line) for line in out.splitlines()]
    told = {e["session_uuid"]: e["outcome"] for e in lines if e["event"] == "outcome"}
    for each in record.sessions:
        assert told.get(each.session_uuid, "not sent") == each.outcome.value
    assert lines[-1]["event"] == "summary"
    assert lines[-1]["exit_code"] == 130
    assert lines[-1]["batch"] == record.batch_id


def test_a_reader_that_goes_away_ends_nothing(tmp_path: Path) -> None:
    account = WatchedAccount()
    ids = open_ids(account, 5)
    with serving(account) as url, expiring(url, tmp_path, ids) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
        assert process.wait(PATIENCE_SECONDS) == 0

    (record,) = batches(tmp_path)
    agree(account, record, ids)
    assert (record.end, record.off) == (RunEnd.COMPLETED.value, 5)
    assert "Standard output is closed." in err
    assert "Traceback" not in err
    assert "Exception" not in err


def test_without_a_terminal_it_refuses_and_says_what_to_write(tmp_path: Path) -> None:
    account = WatchedAccount()
    ids = open_ids(account, 2)
    with serving(account) as url:
        done = subprocess.run(
            command(url, ids),
            env=signed_in(tmp_path),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            start_new_session=True,
        )

    assert done.returncode == 5
    assert done.stderr.splitlines()[-1].endswith('Write --confirm "2 env".')
    assert "\x1b" not in done.stdout + done.stderr
    assert account.deletes == []


def test_a_person_confirms_on_the_terminal_and_a_paste_does_not(
    tmp_path: Path,
) -> None:
    account = WatchedAccount()
    ids = open_ids(account, 2)
    with (
        serving(account) as url,
        Terminal(
            command(url, ids), environment=signed_in(tmp_path), size=(120, 40)
        ) as terminal,
    ):
        terminal.wait_for("Type 2 env to go ahead:", timeout=PATIENCE_SECONDS)
        time.sleep(DEAF_SECONDS)
        terminal.send("2 env\n")
        terminal.wait_for("Faster than a person types.", timeout=PATIENCE_SECONDS)
        assert account.deletes == []
        terminal.wait_for(
            lambda text: text.count("to go ahead:") == 2, timeout=PATIENCE_SECONDS
        )
        time.sleep(DEAF_SECONDS)
        type_as_a_person(terminal, *"2 env")
        type_as_a_person(terminal, "\r")
        terminal.wait_for(
            lambda text: "Done." in text or text.count("to go ahead:") == 3,
            timeout=PATIENCE_SECONDS,
        )
        if "Done." not in terminal.screen_text():
            # On a machine that is held up, keys of a person come at once.
            time.sleep(DEAF_SECONDS)
            type_as_a_person(terminal, *"2 env")
            type_as_a_person(terminal, "\r")
        terminal.wait_for("Done. 2 sessions are expired.", timeout=PATIENCE_SECONDS)
        assert terminal.wait_exit() == 0
        terminal.wait_output_end()
        assert b"\x1b" not in terminal.raw_output

    assert account.deletes == ids


def test_ctrl_c_at_the_question_sends_nothing(tmp_path: Path) -> None:
    account = WatchedAccount()
    ids = open_ids(account, 2)
    with (
        serving(account) as url,
        Terminal(
            command(url, ids), environment=signed_in(tmp_path), size=(120, 40)
        ) as terminal,
    ):
        terminal.wait_for("Type 2 env to go ahead:", timeout=PATIENCE_SECONDS)
        terminal.send("\x03")
        assert terminal.wait_exit() == 130
        terminal.wait_for("Stopped. Nothing was sent.")

    assert account.deletes == []
