"""Tokens from commands: what one may print, how it may fail, what is never told."""

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from masking_console.credentials.token_command import TokenCommands, _Room
from masking_console.credentials.waiting import saying
from masking_console.errors import TokenCommandError
from masking_console.models.account import (
    AccountName,
    AccountSource,
    AuthId,
    AuthToken,
    CommandAccount,
)

AUTH_ID = AuthId("MAACME00000000007Q2X")
SECRET = "a-secret-that-nobody-may-see"


def account(*command: str) -> CommandAccount:
    return CommandAccount(AccountName("acme"), AUTH_ID, command)


def shell(body: str) -> CommandAccount:
    return account("/bin/sh", "-c", body)


def commands(
    of: CommandAccount,
    environment: Mapping[str, str] = os.environ,
    seconds: float = 20.0,
) -> TokenCommands:
    return TokenCommands([of], environment, seconds)


async def problem(of: CommandAccount, seconds: float = 20.0) -> str:
    with pytest.raises(TokenCommandError) as caught:
        await commands(of, seconds=seconds).load(of)
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return str(caught.value)


@pytest.mark.parametrize("end", ["", "\\n", "\\r\\n"])
async def test_one_printed_word_is_the_token(end: str) -> None:
    of = shell(f"printf '{SECRET}{end}'")
    found = await commands(of).load(of)

    assert found.auth_token.matches(AuthToken(SECRET))
    assert (found.name, found.auth_id) == ("acme", AUTH_ID)
    assert found.source is AccountSource.COMMAND
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f"echo {SECRET} >&2; exit 3", "ended with status 3"),
        (f"echo {SECRET}; exit 1", "ended with status 1"),
        ("true", "printed nothing"),
        (f"echo {SECRET} more", "printed something that is no token"),
        (f"echo {SECRET}; echo {SECRET}", "printed something that is no token"),
        ("printf 'caf\\303\\251'", "printed something that is no token"),
        (
            f"while echo {SECRET}; do :; done",
            "printed something too long to be a token",
        ),
        ("kill -9 $$", "was ended by signal 9"),
    ],
)
async def test_a_command_that_gives_no_token_is_named_and_nothing_that_it_said(
    body: str, words: str
) -> None:
    said = await problem(shell(body))

    assert said == (
        f"The token_command of ACME gave no token: /bin/sh {words}. "
        "Run it yourself to see why; it stands in config.toml."
    )


async def test_a_program_that_is_not_there_or_cannot_be_run_is_named(
    tmp_path: Path,
) -> None:
    plain = tmp_path / "plain"
    plain.write_text("no program", encoding="utf-8")
    assert "is not there" in await problem(account(str(tmp_path / "none")))
    assert "is not there" in await problem(account(str(plain / "below")))
    assert "may not be run; check its rights" in await problem(account(str(plain)))
    plain.chmod(0o700)
    assert "cannot be run" in await problem(account(str(plain)))


async def test_a_command_hears_no_input_and_knows_no_token_of_ours() -> None:
    environment = {
        **os.environ,
        "PLIVO_AUTH_TOKEN": SECRET,
        "plivo_auth_id": "x",
        "VAULT_ADDR": "here",
    }
    of = shell(
        'read -r line; echo "[$line]$PLIVO_AUTH_TOKEN$plivo_auth_id$VAULT_ADDR[$PWD]"'
    )
    found = await commands(of, environment).load(of)
    assert found.auth_token.matches(AuthToken("[]here[/]"))


@pytest.mark.parametrize(
    "body",
    ["sleep 60", "sleep 60 & echo token", "trap '' TERM; sleep 60; sleep 60"],
    ids=["late", "leaves something that writes", "does not want to end"],
)
async def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(
    tmp_path: Path, body: str
) -> None:
    note = tmp_path / "group"
    began = time.monotonic()
    said = await problem(shell(f"echo $$ > {note}; {body}"), seconds=0.3)

    assert "has not answered within 0.3 s" in said
    assert time.monotonic() - began < 20
    group = int(note.read_text(encoding="utf-8"))
    for _ in range(200):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            break
        await asyncio.sleep(0.02)
    else:
        pytest.fail("something of it still runs")


async def test_who_stops_waiting_ends_the_command_and_a_word_says_that_it_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("masking_console.credentials.waiting.WORD_SECONDS", 0.0)
    note, of_words = tmp_path / "pid", asyncio.Queue[str]()
    of = shell(f"echo $$ > {note}; exec sleep 60")
    with saying(of_words.put_nowait):
        waiting = asyncio.create_task(commands(of).load(of))
    async with asyncio.timeout(20):
        words = await of_words.get()
        while not (note.exists() and note.read_text(encoding="utf-8").strip()):
            await asyncio.sleep(0.02)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert words == "Waiting for /bin/sh. It may ask for something elsewhere."
    pid = int(note.read_text(encoding="utf-8"))
    async with asyncio.timeout(20):
        while Path(f"/proc/{pid}").exists():
            await asyncio.sleep(0.02)


async def test_a_command_that_cannot_be_ended_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def late(*_: object) -> None:
        raise TimeoutError

    monkeypatch.setattr("masking_console.credentials.token_command.asked", late)
    assert "does not end" in await problem(shell("true"))


def test_the_room_shows_nothing_and_is_cleared(tmp_path: Path) -> None:
    room, path = _Room(), tmp_path / "output"
    path.write_text(SECRET, encoding="utf-8")
    with path.open("rb", buffering=0) as pipe:
        room.fill(pipe)
    assert room.holds_token
    assert SECRET not in repr(room) + repr(room._room)
    room.clear()
    assert bytes(room._room).strip(b"\0") == b""


def test_an_account_is_found_in_any_letters_and_shows_its_program_alone() -> None:
    of = account("/usr/bin/op", "read", "op://vault/secret")
    found = commands(of)
    assert found.find("ACME") is of
    assert found.find("other") is None
    assert found.accounts == (of,)
    assert of.program == "/usr/bin/op"
    assert "vault" not in repr(of)


async def test_what_the_system_refuses_is_told_without_the_arguments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_more(*_: object) -> None:
        raise OSError(24, f"too many files for {SECRET}")

    monkeypatch.setattr(os, "pipe", no_more)
    said = await problem(account("/bin/sh", SECRET))
    assert "/bin/sh cannot be run, or does not end." in said
    assert SECRET not in said
