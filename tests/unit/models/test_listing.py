from datetime import UTC, datetime

import pytest

from masking_console.errors import InputError
from masking_console.models.listing import ListEnd, Wanted
from masking_console.models.masking_session import MaskingSession, SessionStatus
from masking_console.models.phone_number import LONGEST_SPELLING
from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import SessionUuid

UUID = SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651")


def session(status: SessionStatus = SessionStatus.ACTIVE) -> MaskingSession:
    return MaskingSession(
        UUID,
        status,
        PlainText(status.value),
        PlainText("919003459051"),
        PlainText("+14155550123"),
        PlainText("911150"),
        None,
        None,
        None,
        None,
    )


def digits(wanted: Wanted) -> list[str]:
    return [reading.digits for reading in wanted.readings]


@pytest.mark.parametrize(
    "spelling",
    [
        "919003459051",
        "+91 90034-59051",
        "00919003459051",
        " 91.900.345.9051 ",
        "+91 (90034) 59051",
        "91/9003459051",
    ],
)
def test_a_number_is_read_in_any_spelling(spelling: str) -> None:
    wanted = Wanted.of(spelling)

    assert digits(wanted)[0] == "919003459051"
    assert wanted.matches(session())
    assert wanted.finds_all_states
    assert wanted.matches(session(SessionStatus.EXPIRED))
    assert "9003459051" not in repr(wanted)
    assert "9003459051" not in repr(wanted.readings)


def test_every_number_of_a_session_is_one_to_find_it_by() -> None:
    assert Wanted.of("14155550123").matches(session())
    assert not Wanted.of("14155550124").matches(session())


def test_a_country_says_what_a_national_spelling_means() -> None:
    assert not Wanted.of("09003459051").matches(session())
    wanted = Wanted.of("09003459051", "IN")

    assert digits(wanted) == ["919003459051", "09003459051"]
    assert wanted.matches(session())
    reading = wanted.reading_of(session())
    assert reading is not None
    assert (reading.digits, reading.region) == ("919003459051", "IN")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Wanted()),
        (" \n", Wanted()),
        (f" {UUID.upper()} ", Wanted(session_uuid=UUID)),
        (f"\u202a'{UUID}'\u202c", Wanted(session_uuid=UUID)),
        (f"urn:uuid:{UUID}", Wanted(session_uuid=UUID)),
        (UUID.replace("-", ""), Wanted(session_uuid=UUID)),
        (UUID.replace("-", "\u2011"), Wanted(session_uuid=UUID)),
        ("C28B77D4", Wanted(uuid_part="c28b77d4")),
        ("c28b77d4-21", Wanted(uuid_part="c28b77d4-21")),
        ("c28b77d421e743bd9447", Wanted(uuid_part="c28b77d4-21e7-43bd-9447")),
    ],
)
def test_an_id_or_a_part_of_one_is_wanted_as_well(text: str, wanted: Wanted) -> None:
    assert Wanted.of(text) == wanted
    assert wanted.matches(session())


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("6113-", "6113"),
        ("61130623-", "61130623"),
        ("61130623-4512-4890", "61130623-4512-4890"),
        ("face", "face"),
    ],
)
def test_digits_are_the_beginning_of_an_id_only_where_a_dash_says_so(
    text: str, part: str
) -> None:
    assert Wanted.of(text) == Wanted(uuid_part=part)
    assert digits(Wanted.of("61130623")) == ["61130623"]


@pytest.mark.parametrize(
    "text",
    [
        *[
            "abc",
            "ops-4812",
            "12345",
            "00 123",
            "c28b!",
            "\u200e",
            "()",
            "1-800-FLOWERS",
        ],
        "+91 98123 45678 or +91 98123 45679",
        "1" * (LONGEST_SPELLING + 1),
        "c28b77d4-" + "0" * 30,
    ],
)
def test_what_is_neither_says_what_to_type(text: str) -> None:
    with pytest.raises(InputError, match="country code"):
        Wanted.of(text)


def test_two_numbers_are_not_taken_for_one() -> None:
    with pytest.raises(InputError, match="at most 15 digits"):
        Wanted.of("+91 98123 45678 +91 98123 45679")


def test_a_part_of_another_id_does_not_match() -> None:
    assert not Wanted.of("d28b77d4").matches(session())
    assert not Wanted.of("d28b77d4-21e7-43bd-9447-04bfee92e651").matches(session())


def test_an_empty_search_is_for_what_is_open() -> None:
    assert not Wanted().finds_all_states
    assert Wanted().matches(session())
    assert not Wanted().matches(session(SessionStatus.EXPIRED))
    assert Wanted.of("c28b77d4").matches(session(SessionStatus.EXPIRED))


def test_a_list_is_complete_only_when_all_of_it_is_proved() -> None:
    now = datetime(2026, 3, 4, tzinfo=UTC)
    assert ListEnd(now, now, 3, 3).is_complete
    assert not ListEnd(now, now, 3, 2).is_complete
    assert not ListEnd(now, now, 3, 3, ("Window 1 failed.",)).is_complete
    assert not ListEnd(now, now, 3, 3, is_reading_sure=False).is_complete
