import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers.phonenumberutil import COUNTRY_CODE_TO_REGION_CODE

from masking_console.models.plain_text import PlainText, plain_text
from masking_console.presentation.sessions import MASKED_WIDTH, country_code, masked


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("919876543051", "+91..051"),
        ("+919876543051", "+91..051"),
        ("0091 98765 43051", "+91..051"),
        ("12025550204", "+1...204"),
        ("+1 (202) 555-0204", "+1...204"),
        ("351912345678", "+351.678"),
        ("79161234567", "+7...567"),
        ("2812345678", "+....678"),
        ("1234567", "+1...567"),
        ("123456", "..."),
        ("", "-"),
        ("sip:alice@phone.example", "sip.."),
        ("alice4711998877", "sip.."),
        ("\uff14" * 12, "..."),
    ],
)
def test_a_number_shows_country_code_and_last_three_digits(
    number: str, shown: str
) -> None:
    assert masked(plain_text(number)) == shown


@pytest.mark.parametrize(
    ("digits", "code"),
    [
        ("1", "1"),
        ("7495", "7"),
        ("2012", "20"),
        ("2712", "27"),
        ("2112", "211"),
        ("2912", "291"),
        ("3312", "33"),
        ("3512", "351"),
        ("3712", "371"),
        ("3912", "39"),
        ("4212", "421"),
        ("4912", "49"),
        ("5012", "501"),
        ("5912", "591"),
        ("6612", "66"),
        ("6712", "671"),
        ("8012", "801"),
        ("8612", "86"),
        ("8812", "881"),
        ("9612", "961"),
        ("9812", "98"),
        ("9912", "991"),
        ("0123", ""),
        ("2812", ""),
        ("8312", ""),
        ("8912", ""),
    ],
)
def test_a_country_code_is_known_by_its_first_digits(digits: str, code: str) -> None:
    assert country_code(digits) == code


@given(st.from_regex(r"\+?[1-9][0-9]{6,14}", fullmatch=True))
def test_a_long_number_never_shows_more_than_code_and_three_digits(
    number: str,
) -> None:
    digits = number.removeprefix("+")
    shown = masked(PlainText(number))
    assert len(shown) == MASKED_WIDTH
    assert shown.endswith(digits[-3:])
    assert len(shown[1:-3].strip(".")) <= 3
    assert digits.startswith(shown[1:-3].strip("."))


@given(st.text())
def test_any_other_text_shows_at_most_its_last_three_digits(text: str) -> None:
    shown = masked(plain_text(text))
    kept = [character for character in shown if character.isalnum()]
    assert shown in {"-", "...", "sip.."} or len(kept) <= 6


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,20}(@[a-z.]{1,20})?", fullmatch=True))
def test_an_endpoint_shows_nothing_of_its_name(text: str) -> None:
    assert masked(PlainText(text)) == "sip.."


@pytest.mark.parametrize("code", sorted(COUNTRY_CODE_TO_REGION_CODE))
def test_every_country_code_that_is_in_use_is_known(code: int) -> None:
    assert country_code(f"{code}55501234567") == str(code)
