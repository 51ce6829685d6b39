import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.cells import cell_len

from masking_console.models.plain_text import PlainText
from masking_console.presentation.display import (
    LogLine,
    Sign,
    day_and_minute,
    day_and_second,
    glyph,
    hour_and_minute,
    hour_to_second,
    show_as,
    zone_name,
)
from masking_console.settings import Settings, SignStyle, TimeZone

NOW = datetime(2026, 3, 4, 22, 4, 31, tzinfo=UTC)


@pytest.fixture
def in_india(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    show_as(Settings(Path(os.devnull), time_zone=TimeZone.LOCAL))
    yield
    monkeypatch.undo()
    time.tzset()
    show_as(Settings(Path(os.devnull)))


@pytest.fixture
def with_symbols() -> Iterator[None]:
    show_as(Settings(Path(os.devnull), signs=SignStyle.UNICODE))
    yield
    show_as(Settings(Path(os.devnull)))


def test_times_are_in_utc_unless_told_otherwise() -> None:
    assert hour_to_second(NOW) == "22:04:31"
    assert hour_and_minute(NOW) == "22:04 UTC"
    assert day_and_minute(NOW) == "2026-03-04 22:04"
    assert day_and_second(NOW) == "2026-03-04 22:04:31 UTC"
    assert zone_name() == "UTC"


@pytest.mark.usefixtures("in_india")
def test_local_times_say_how_far_they_are_from_utc() -> None:
    assert hour_to_second(NOW) == "03:34:31"
    assert hour_and_minute(NOW) == "03:34 +05:30"
    assert day_and_minute(NOW) == "2026-03-05 03:34"
    assert day_and_second(NOW) == "2026-03-05 03:34:31 +05:30"
    assert zone_name() == "+05:30"


@pytest.mark.usefixtures("with_symbols")
def test_every_symbol_takes_one_column_and_stands_in_the_log() -> None:
    glyphs = [glyph(sign) for sign in Sign]

    assert [cell_len(each) for each in glyphs] == [1] * len(glyphs)
    assert len(set(glyphs)) == len(glyphs)
    line = LogLine(NOW, Sign.DONE, "expired", PlainText("it is off"))
    assert line.line.startswith("22:04:31 ✓ expired")


def test_signs_are_plain_unless_told_otherwise() -> None:
    assert [glyph(sign) for sign in Sign] == [sign.value for sign in Sign]
