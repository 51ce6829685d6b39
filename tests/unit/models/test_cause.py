import pytest

from masking_console.errors import InputError
from masking_console.models.cause import Cause


def test_what_was_typed_is_made_plain() -> None:
    cause = Cause.of(" OPS-4812 ", "stale\x1b[31m masking")

    assert cause.ticket == "OPS-4812"
    assert "\x1b" not in cause.reason


@pytest.mark.parametrize(
    "text",
    ["OPS-4812", "INC0012345678", "123456789", "2026-03-04 12:05", "",
     "since 2026-03-04, twice", "c28b77d4-21e7"],
)  # fmt: skip
def test_tickets_and_dates_are_no_phone_numbers(text: str) -> None:
    assert Cause.of(text, text).reason == text


@pytest.mark.parametrize(
    "text",
    ["+91 90034-59051", "00919003459051", "call (900) 345-9051 x", "+14155550123"],
)
def test_a_phone_number_stays_out(text: str) -> None:
    for ticket, reason in ((text, ""), ("", text)):
        with pytest.raises(InputError, match="Leave the phone number out"):
            Cause.of(ticket, reason)


def test_too_long_is_said() -> None:
    with pytest.raises(InputError, match="at most 40"):
        Cause.of("x" * 41, "")
    with pytest.raises(InputError, match="at most 120"):
        Cause.of("", "x" * 121)
