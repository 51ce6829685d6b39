"""Spellings of numbers, against the library's own example numbers and plans."""

import itertools
import unicodedata

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from masking_console.errors import InputError
from masking_console.models.phone_number import (
    COUNTRIES,
    MOST_DIGITS,
    MOST_READINGS,
    Certainty,
    Reading,
    number_in,
    plain_spelling,
    readings_of,
)

# Trunk prefixes 0, 1, 8 and none; zeros that stay (IT); area codes in brackets (BR).
TWELVE = ["IN", "GB", "US", "DE", "FR", "IT", "ES", "BR", "JP", "RU", "AU", "SG"]
KINDS = [PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE]
FORMATS = [
    PhoneNumberFormat.E164,
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.RFC3966,
]
MARKS = [
    "\u200e{}",
    "\u202a{}\u202c",
    "\u2068{}\u2069",
    "\ufeff{}",
    "'{}'",
    "<{}>",
    "☎ {}",
]
SPACES = ["\u00a0", "\u2009", "\u202f", "\u3000", "\t"]
DASHES = [
    "\u2010",
    "\u2011",
    "\u2012",
    "\u2013",
    "\u2014",
    "\u2212",
    "\uff0d",
    "\u00ad-",
]


def example(region: str, kind: int) -> phonenumbers.PhoneNumber:
    found = phonenumbers.example_number_for_type(region, kind)
    assert found is not None
    return found


def e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164).removeprefix("+")


def read(text: str, country: str = "") -> tuple[Reading, ...]:
    return readings_of(number_in(plain_spelling(text)), country)


def first(text: str, country: str = "") -> str:
    reading, *_others = read(text, country)
    assert reading.certainty is Certainty.VALID
    assert reading.is_meant
    return reading.digits


EXAMPLES = [
    pytest.param(region, example(region, kind), id=f"{region}-{kind}")
    for region, kind in itertools.product(TWELVE, KINDS)
]


@pytest.mark.parametrize(("region", "number"), EXAMPLES)
def test_every_international_spelling_is_read_without_a_country(
    region: str, number: phonenumbers.PhoneNumber
) -> None:
    assert phonenumbers.region_code_for_number(number) == region
    digits, code = e164(number), str(number.country_code)
    inner = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    rest = inner.removeprefix(f"+{code}").strip()
    spellings = [phonenumbers.format_number(number, each) for each in FORMATS]
    spellings += [mark.format(inner) for mark in MARKS]
    spellings += [inner.replace(" ", space) for space in SPACES]
    spellings += [inner.replace(" ", dash) for dash in DASHES]
    spellings += [
        f"00{code} {rest}",
        f"00 {code} {rest}",
        f"011 {code} {rest}",
        f"0011 {code} {rest}",
        f"+00{code}{rest}",
        f"(+{code}) {rest}",
        f"+{code}(0){rest}" if code != "39" else inner,
        f"00{code} (0) {rest}" if code != "39" else inner,
        f"Tel.: {inner}",
        f"phone {inner}",
        f"tel:%2B{digits}",
        "".join(chr(ord(each) + 0xFEE0) if each != " " else each for each in inner),
        f"\u2795{digits}",
        f"{digits}+",
    ]
    spellings += [f"{inner}{each}" for each in [" ext. 51", " x51", ";ext=51", ",,51#"]]
    for spelling in spellings:
        assert first(spelling) == digits, spelling
        assert read(spelling)[0].region == region


@pytest.mark.parametrize(("region", "number"), EXAMPLES)
def test_a_national_spelling_is_read_where_the_country_is_known(
    region: str, number: phonenumbers.PhoneNumber
) -> None:
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    digits = "".join(filter(str.isdecimal, national))

    for spelling in (
        national,
        digits,
        national.replace(" ", "\u00a0"),
        f"{national} x7",
    ):
        found = read(spelling, region)
        assert e164(number) in [each.digits for each in found if each.is_meant], (
            spelling
        )
        # What was typed is always among them, as it stands.
        assert digits in [each.digits for each in found]


@pytest.mark.parametrize("region", TWELVE)
def test_without_a_country_a_national_spelling_is_never_read_as_that_country(
    region: str,
) -> None:
    number = example(region, PhoneNumberType.MOBILE)
    digits = phonenumbers.national_significant_number(number)

    found = read(digits)
    assert [each.digits for each in found] == [digits]
    assert not found[0].is_meant or found[0].certainty is Certainty.VALID
    assert found[0].region != region


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        # The five that were answered with "Complete" over another number.
        ("098123 45678", "IN", "919812345678"),
        ("9812345678", "IN", "919812345678"),
        ("+91 (0)98123 45678", "", "919812345678"),
        ("0091 (0)98123 45678", "", "919812345678"),
        ("011 91 98123 45678", "IN", "919812345678"),
        ("+44 (0)20 7946 0018", "", "442079460018"),
        ("020 7946 0018", "GB", "442079460018"),
        ("011 44 20 7946 0018", "GB", "442079460018"),
        ("tel:+14155550100", "", "14155550100"),
        ("tel:415-555-0100;phone-context=+1", "", "14155550100"),
        ("sms:+14155550100?body=hello", "", "14155550100"),
        ("\u200e919044818965", "", "919044818965"),
        ("+7 8 916 123 45 67", "", "79161234567"),
        ("8 916 123 45 67", "RU", "79161234567"),
        ("8~10 44 20 7946 0018", "RU", "442079460018"),
        ("+39 06 1234 5678", "", "390612345678"),
        ("+34 (0)912 345 678", "", "34912345678"),
        ("+44 [0] 20 7946 0018", "", "442079460018"),
        ("+44 (020) 7946 0018", "", "442079460018"),
        ("+91_98123_45678", "", "919812345678"),
        ("044'668'18'00", "CH", "41446681800"),
        ("+91-98123-45678 (WhatsApp)", "", "919812345678"),
        ("Mr. Rao: +91 98123 45678, urgent!", "", "919812345678"),
        ("(+91 98123 45678)", "", "919812345678"),
        ("https://wa.me/919812345678?text=hello", "", "919812345678"),
        ("0\ufe0f\u20e398123 45678", "IN", "919812345678"),
        ("+91 98123 45678 \U0001f64f", "", "919812345678"),
        ("٩١٩٨١٢٣٤٥٦٧٨", "", "919812345678"),
        ("१९", "", ""),
    ],
)
def test_what_a_person_reads_at_once_is_read(
    text: str, country: str, expected: str
) -> None:
    if not expected:
        with pytest.raises(InputError, match="whole number"):
            read(text, country)
        return
    assert first(text, country) == expected


def test_a_typed_country_code_is_believed_where_no_plan_has_the_number() -> None:
    (reading,) = read("\u2068+9190448189652\u2069")

    assert (reading.certainty, reading.region) == (Certainty.SAID, "IN")
    assert reading.is_meant
    # A zero that the library takes off may belong to it.
    kept, stripped = read("+91 0000 069350")
    assert (kept.digits, stripped.digits) == ("910000069350", "91000069350")
    # Several countries share the code: none is named.
    assert [each.region for each in read("+44 7700 900073")] == [""]
    # No country has this one.
    assert [each.is_meant for each in read("+999 1234567")] == [False]
    # A number without its area code is none to search the world for.
    assert not any(each.is_meant for each in read("+44 7946 0018"))
    assert not any(each.is_meant for each in read("7946 0018", "GB"))


def test_digits_that_only_may_be_a_number_are_not_said_to_have_been_meant() -> None:
    for text in ("447700900073", "020 7946 0018", "9812345678", "011 2345 6789"):
        assert not any(each.is_meant for each in read(text)), text


def test_valid_readings_come_before_possible_ones_and_all_are_searched() -> None:
    found = read("+011 44 20 7946 0018")

    assert len(found) == MOST_READINGS
    assert [each.certainty for each in found] == sorted(e.certainty for e in found)
    assert found[0].digits == "442079460018"
    assert [each.is_meant for each in found] == [True, False, False]
    # An Indian mobile number, and one of Singapore as it stands: both may be meant.
    singapore, indian = read("6591234567", "IN")
    assert (indian.digits, singapore.digits) == ("916591234567", "6591234567")
    assert indian.is_meant
    assert singapore.is_meant


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("123456", "whole number"),
        ("+1 234", "whole number"),
        ("1234567890123456", "at most 15 digits"),
        ("+91 98123 45678 / 98123 45679", "at most 15 digits"),
    ],
)
def test_only_too_few_and_too_many_digits_are_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(text)
    assert read("1234567")
    assert read("123456789012345")


def test_a_code_from_abroad_does_not_make_a_number_too_long() -> None:
    (reading,) = read("0011 49 1512 3456 789")
    assert reading.digits == "4915123456789"


@pytest.mark.parametrize(
    "text", ["", "abc", "ops-4812345", "1-800-FLOWERS", "+", "+()"]
)
def test_what_is_no_number_is_nothing(text: str) -> None:
    assert number_in(plain_spelling(text)) == ""


@given(st.text(max_size=60), st.sampled_from(["", *TWELVE]))
def test_any_text_is_read_or_refused(text: str, country: str) -> None:
    plain = plain_spelling(text)
    assert not any(unicodedata.category(each) in {"Cc", "Cf"} for each in plain)
    number = number_in(plain)
    if not number:
        return
    try:
        found = readings_of(number, country)
    except InputError:
        return
    assert 1 <= len(found) <= MOST_READINGS
    assert len({each.digits for each in found}) == len(found)
    assert all(7 <= len(each.digits) <= MOST_DIGITS for each in found)
    assert not any(each.digits in repr(each) for each in found)


@given(st.text("+0123456789 ()-.x,;#~/", max_size=200))
def test_a_long_row_of_marks_is_read_at_once(text: str) -> None:
    assert len(number_in(plain_spelling(text))) <= len(text)


def test_every_country_with_numbers_has_a_name() -> None:
    assert set(COUNTRIES) == phonenumbers.SUPPORTED_REGIONS
    assert len(set(COUNTRIES.values())) == len(COUNTRIES)
    assert all(name.isascii() and name[0].isupper() for name in COUNTRIES.values())
