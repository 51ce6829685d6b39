"""Spellings of numbers and tokens that must go, and tickets that must stay."""

import base64
import unicodedata
from urllib.parse import quote

import phonenumbers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from masking_console.errors import InputError
from masking_console.models.account import AuthId, AuthToken, known_tokens
from masking_console.models.cause import Cause, CauseRules
from masking_console.models.free_text import (
    fit_to_keep,
    holds_known_token,
    without_tokens,
)
from masking_console.models.plain_text import plain_text

TICKETS = [
    "OPS-4812", "INC0012345678", "SR-2026-11-25-0042", "CHG0030001234", "RITM0010001",
    "SCTASK0012345678", "inc0012345678", "HD-2026-0000123456", "TKT-20261125-0001",
    "#48213", "00012345", "123456789", "JIRA-12345", "ABC123-77", "2026-03-04/17",
    "REQ#0000123456", "5003h00002ABCDEFAA", "CASE-2026_000123", "PROJ-1",
    "c28b77d4-21e7-43bd-9447-04bfee92e651", "B-20260304-120502-2",
]  # fmt: skip
OWN_WORDS = [
    "since 2026-03-04, twice",
    "2026-03-04 12:05",
    "25.11.2026 12:05:22 and 14:05",
    "2026-11-25T10:15:30.123456+00:00",
    "Wed, 25 Nov 2026 10:15:30 GMT",
    "1,234,567,890 requests",
    "Rate limit of 300 in 5 s, 10.20.130.140",
    "a new open session for the same numbers: 12345678-1234-4234-9234-123456789012",
    "Basic authorization failed",
    "bearer of bad news",
    "Ünïcödé “quoted” text… 12 of 34, 50 %, &amp; =C3",
    "the token is refused: expired",
    "the damaged journal is kept as journal-damaged-20260304-120502-2.db",
    "\\ud800 %FF &#1114112;",
]
NUMBERS = ["919003459051", "14155550123", "442079460018", "4930123456789"]
NATIONAL = ["9003459051", "(900) 345-9051", "020 7946 0018", "0900 345 9051"]
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
WIDE = str.maketrans("0123456789", "".join(map(chr, range(0xFF10, 0xFF1A))))
SEPARATORS = [
    "", " ", "\u00a0", "-", "\u2010", "\u2011", "\u2013", ".", "_", "/", " - ", "\t",
    "\u202f", "\u200b", "·", "%20", "%C2%A0", "&nbsp;", "&#45;", "\\u2011",
]  # fmt: skip
PREFIXES = [
    "+", "00", "%2B", "%2b", "%252B", "&#43;", "&#x2B;", "&plus;", "\uff0b", "\\u002b",
    "\u2795", "\\u{2b}", "\\x2B", "=2B", "tel:+", "+\u200e", "(+", "+ ", "",
]  # fmt: skip
SECRET = "Zk3vQ9xT7mLw2RbY5cHn8JpD4sGf6KaE1uWoXiNy"
AUTH_ID = AuthId("MAACME00000000007Q2X")


def digits_of(text: str) -> str:
    return "".join(str(unicodedata.digit(each)) for each in text if each.isdecimal())


@pytest.mark.parametrize("text", TICKETS + OWN_WORDS)
def test_tickets_and_words_of_our_own_stay_as_they_are(text: str) -> None:
    assert fit_to_keep(f"{text}") == text
    assert fit_to_keep(f"see {text} again") == f"see {text} again"


@pytest.mark.parametrize("ticket", TICKETS)
def test_a_real_ticket_is_accepted(ticket: str) -> None:
    assert CauseRules().problem(Cause.of(ticket, "")) == ""


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_a_number_is_found_in_every_spelling(data: st.DataObject) -> None:
    number = data.draw(st.sampled_from(NUMBERS))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(number) - 1), max_size=5)))
    parts = [number[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
    spelled = data.draw(st.sampled_from(SEPARATORS)).join(parts)
    if data.draw(st.booleans()):
        # The references in a separator have digits that stay ASCII.
        script = data.draw(st.sampled_from([ARABIC, WIDE]))
        spelled = data.draw(st.sampled_from(["", " ", "\u00a0", "-"])).join(
            part.translate(script) for part in parts
        )
    spelled = data.draw(st.sampled_from(PREFIXES)) + spelled
    before = data.draw(st.sampled_from(["", "call ", "asked by\u00a0", "für "]))
    behind = data.draw(st.sampled_from(["", " again", ", twice", "; INC0012345678"]))

    kept = fit_to_keep(before + spelled + behind)

    assert "(number)" in kept
    assert kept.startswith(before)
    assert kept.endswith(behind)
    left = kept.removesuffix(behind).replace("(number)", "")
    assert len(digits_of(left)) < 5, kept


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)), st.booleans())
def test_a_national_spelling_of_any_country_is_found(
    region: str, is_said: bool
) -> None:
    number = phonenumbers.example_number_for_type(
        region, phonenumbers.PhoneNumberType.MOBILE
    )
    if number is None:
        return
    form = phonenumbers.PhoneNumberFormat.NATIONAL
    if is_said:
        form = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    spelled = phonenumbers.format_number(number, form)

    kept = fit_to_keep(f"call {spelled} now")

    is_long = len(digits_of(spelled)) >= 10
    assert (kept == "call (number) now") == (is_said or is_long)


@pytest.mark.parametrize("number", NATIONAL)
def test_a_number_without_its_country_is_found(number: str) -> None:
    assert fit_to_keep(f"call {number}, 3 times") == "call (number), 3 times"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("12 calls from 9003459051", "12 calls from (number)"),
        ("tel9003459051", "tel(number)"),
        ("TEL-900-345-9051", "TEL-(number)"),
        ("user-9003459051", "user-(number)"),
        ("x9003459051", "x(number)"),
        ("acct-9003459051", "acct-(number)"),
        ("nr_9003459051", "nr_(number)"),
        ("ABC-900-345-9051", "ABC-(number)"),
        ("9 0 0 3 4 5 9 0 5 1 twice", "(number) twice"),
        ("+91 90034 59051 +14155550123", "(number) (number)"),
        ("000000000000", "000000000000"),
        ("+12 345", "+12 345"),
        ("12345678901234567890", "12345678901234567890"),
    ],
)
def test_what_stands_around_a_number_stays(text: str, kept: str) -> None:
    assert fit_to_keep(text) == kept


def spellings_of_a_token() -> list[str]:
    header = base64.b64encode(f"{AUTH_ID}:{SECRET}".encode()).decode()
    encoded = base64.b64encode(SECRET.encode()).decode()
    return [
        SECRET, SECRET.lower(), SECRET.upper(), SECRET[5:25], f"{AUTH_ID}:{SECRET}",
        SECRET.encode().hex(), encoded, header, f"Basic {header}", f"basic\t{header}",
        f'{{"Authorization": "Basic {header}"}}', f"https://{AUTH_ID}:{SECRET}@host/",
        header[30:60], base64.b64encode(f"x{SECRET}".encode()).decode(),
        base64.urlsafe_b64encode(f"{AUTH_ID}:{SECRET}".encode()).decode(),
        quote(SECRET), "".join(f"%{ord(each):02X}" for each in SECRET),
        "".join(f"&#{ord(each)};" for each in SECRET), "\u200b".join(SECRET),
        SECRET.translate({n: n + 0xFEE0 for n in range(0x21, 0x7F)}),
    ]  # fmt: skip


@pytest.mark.parametrize("spelled", spellings_of_a_token())
def test_a_token_of_this_process_is_found_in_every_spelling(spelled: str) -> None:
    held = AuthToken(SECRET)
    text = f"refused: {spelled} , try again"

    kept = fit_to_keep(text)

    assert held in known_tokens()
    assert "(token)" in kept
    assert kept.startswith("refused: ")
    assert kept.endswith(", try again")
    assert plain_text(without_tokens(text)) == kept
    assert SECRET[3:13] not in kept
    assert base64.b64encode(SECRET.encode()).decode()[:12] not in kept


@pytest.mark.parametrize("spelled", spellings_of_a_token()[6:10])
def test_a_token_of_somebody_else_is_found_by_its_shape(spelled: str) -> None:
    other = "Qm7pLx2VtR9cZw4KbJ6nHy8DsGf3TaEu5WoXiNy1"
    others = spelled
    if spelled.endswith("="):
        others = base64.b64encode(f"MAOTHER0000000000001:{other}".encode()).decode()
    assert "(token)" in fit_to_keep(f"Authorization: Basic {others}")
    for text in (other, f"token={other[:12]}", f"SAOTHER0000000000001:{other[:20]}"):
        assert fit_to_keep(f"it was {text} today").endswith("(token) today")


def test_an_escape_is_decoded_three_times_and_no_more() -> None:
    assert fit_to_keep("%25252B919003459051") == "(number)"
    assert fit_to_keep("%2525252B" + "1" * 7) == "%2525252B1111111"


def test_what_only_looks_encoded_stays() -> None:
    for text in ("TUE" + "a" * 40, "TUFB" * 9 + "-", "U0E=" + "TUF_" * 12):
        assert fit_to_keep(f"see {text} x").startswith("see ")
    text = "TUFB" + "!" * 3 + "A" * 30
    assert fit_to_keep(text) == text


def test_a_token_that_nobody_holds_any_more_is_forgotten() -> None:
    token = AuthToken("only-for-a-moment-123")
    assert holds_known_token("it was only-for-a-moment-123")
    del token
    assert not holds_known_token("it was only-for-a-moment-123")


def test_a_secret_too_short_to_be_one_hides_no_words() -> None:
    short, empty = AuthToken("abc"), AuthToken("")
    assert fit_to_keep("abcabcabcabc alphabet") == "abcabcabcabc alphabet"
    assert not list(short.places_in("abcabcabc"))
    assert not list(empty.places_in("abcabcabc"))


def test_places_that_stand_apart_are_told_apart() -> None:
    token = AuthToken("0123456789ab")
    text = "0123456789ab and 0123456789ab"
    assert list(token.places_in(text)) == [(0, 12), (17, 29)]
    assert list(token.places_in("İ0123456789ab")) == [(1, 13)]


def test_a_long_text_is_cut_and_never_in_the_middle_of_a_number() -> None:
    kept = fit_to_keep("x" * 180 + " +91 90034 59051", limit=190)
    assert kept == "x" * 180 + " (number)"
    assert len(fit_to_keep("word " * 5000)) == 500


def test_a_reason_is_changed_and_a_ticket_never_is() -> None:
    cause = Cause.of("+14155550123", "for +14155550123")
    assert (cause.ticket, cause.reason) == ("+14155550123", "for (number)")
    assert cause.was_changed
    assert not Cause.of("OPS-1", "two calls").was_changed
    with pytest.raises(InputError):
        Cause.of("x" * 41, "")
