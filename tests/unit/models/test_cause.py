import pytest

from masking_console.errors import InputError
from masking_console.models.account import AuthToken
from masking_console.models.cause import Cause, CauseRules, TicketPattern


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
    cause = Cause.of("", f"asked by {text}")
    assert cause.was_changed
    assert "(number)" in cause.reason
    assert "59051" not in cause.reason
    assert "looks like a phone number" in CauseRules().problem(Cause.of(text, ""))


@pytest.mark.parametrize("text", ["a1B2" * 10, "Basic dXNlcjpwYXNzd29yZA=="])
def test_a_token_is_no_ticket(text: str) -> None:
    assert "looks like a token" in CauseRules().problem(Cause.of(text, ""))


def test_what_a_ticket_looks_like_here_decides_but_for_a_token_of_ours() -> None:
    held = AuthToken("c29tZXNlY3JldG9mb3Vycw")
    rules = CauseRules(ticket_patterns=(TicketPattern.of(r"\w{1,40}"),))

    assert CauseRules().problem(Cause.of("4155550123", ""))
    assert rules.problem(Cause.of("4155550123", "")) == ""
    words = rules.problem(Cause.of("c29tZXNlY3JldG9mb3Vycw", ""))
    assert words == "This ticket holds a token. The journal keeps none."
    assert not held.is_empty


def test_too_long_is_said() -> None:
    with pytest.raises(InputError, match="at most 40"):
        Cause.of("x" * 41, "")
    with pytest.raises(InputError, match="at most 120"):
        Cause.of("", "x" * 121)
