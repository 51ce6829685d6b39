import asyncio
import ctypes
import os
import pwd
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from masking_console.journal.consoles import (
    posix_user,
    process_user,
    sudo_user,
    windows_user,
)
from masking_console.journal.journal import Journal
from masking_console.journal.reading import read_contents
from masking_console.models.history import BatchRecord, who
from masking_console.models.history_query import HistoryQuery
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import practice_account
from tests.support.runs import plan_of

NOW = datetime(2026, 3, 4, 12, 5, 2, tzinfo=UTC)
UUID = SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651")
OWN = pwd.getpwuid(os.getuid()).pw_name


async def written(path: Path, operator_name: str = "") -> BatchRecord:
    journal = Journal(path, lambda: NOW, operator_name)
    await journal.begin_batch(plan_of(practice_account(), [UUID]).confirm("y"))
    await asyncio.to_thread(journal.close)
    (record,) = read_contents(path).batches
    return record


@pytest.mark.parametrize("name", ["LOGNAME", "USER", "LNAME", "USERNAME"])
async def test_the_environment_does_not_say_who_did_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "ceo")
    monkeypatch.delenv("SUDO_USER", raising=False)

    record = await written(tmp_path / "j.db")

    assert (record.operator, record.by) == (OWN, OWN)


async def test_the_user_behind_sudo_stands_beside_the_user_of_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "marta")

    record = await written(tmp_path / "j.db")

    assert (record.operator, record.sudo_user) == (OWN, "marta")
    assert record.by == f"{OWN} (sudo by marta)"
    for name in (OWN, "Marta"):
        assert HistoryQuery(operator=name).matches(record)
    assert not HistoryQuery(operator="mart").matches(record)


async def test_a_configured_name_is_an_addition_and_no_replacement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)

    record = await written(tmp_path / "j.db", "Marta K. +44 7700 900123")

    assert record.operator == OWN
    assert record.by == f"{OWN} (Marta K. (number))"


def test_who_did_it_is_said_with_all_that_is_known() -> None:
    assert who("root", "marta", "Marta K.") == "root (sudo by marta, Marta K.)"
    assert who("root") == "root"


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 54_321)
    assert process_user() == "uid 54321"
    assert posix_user(os.geteuid()) == OWN
    assert sudo_user({}) == ""


def windows(name: str | None) -> Callable[[Any, Any], int]:
    """Return a substitute for Windows' own function."""

    def get_user_name(buffer: ctypes.Array[ctypes.c_wchar], _length: object) -> int:
        assert len(buffer) > len(name or "")
        if name is not None:
            buffer.value = name
        return int(name is not None)

    return get_user_name


def test_on_windows_it_is_the_user_of_the_token() -> None:
    assert windows_user(windows("marta.k")) == "marta.k"
    assert windows_user(windows(None)) == "unknown"
