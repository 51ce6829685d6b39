from datetime import UTC, datetime

import pytest

from masking_console.errors import InputError
from masking_console.models.listing import ListEnd, Wanted
from masking_console.models.masking_session import MaskingSession, SessionStatus
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

    assert wanted.number == "919003459051"
    assert wanted.matches(session())
    assert not wanted.matches(session(SessionStatus.EXPIRED))
    assert "9003459051" not in repr(wanted)


def test_every_number_of_a_session_is_one_to_find_it_by() -> None:
    assert Wanted.of("14155550123").matches(session())
    assert not Wanted.of("14155550124").matches(session())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Wanted()),
        (f" {UUID.upper()} ", Wanted(session_uuid=UUID)),
        ("C28B77D4", Wanted(uuid_part="c28b77d4")),
        ("c28b77d4-21", Wanted(uuid_part="c28b77d4-21")),
    ],
)
def test_an_id_or_a_part_of_one_is_wanted_as_well(text: str, wanted: Wanted) -> None:
    assert Wanted.of(text) == wanted
    assert wanted.matches(session())


@pytest.mark.parametrize("text", ["abc", "ops-4812", "12345", "00 123", "c28b_"])
def test_what_is_neither_says_what_to_type(text: str) -> None:
    with pytest.raises(InputError, match="country code"):
        Wanted.of(text)


def test_a_part_of_another_id_does_not_match() -> None:
    assert not Wanted.of("d28b77d4").matches(session())


def test_a_list_is_complete_only_when_all_of_it_is_proved() -> None:
    now = datetime(2026, 3, 4, tzinfo=UTC)
    assert ListEnd(now, now, 3, 3).is_complete
    assert not ListEnd(now, now, 3, 2).is_complete
    assert not ListEnd(now, now, 3, 3, ("Window 1 failed.",)).is_complete
