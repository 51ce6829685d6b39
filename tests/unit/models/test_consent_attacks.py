"""Ways around the rule of a yes, on a clock that only the tests move."""

import pytest

from masking_console.models.consent import Consent, Refusal, Silence
from tests.unit.models.test_consent import BACKSPACE, DOWN, ENTER, PASTE, Review, paced


@pytest.mark.parametrize("before", [[BACKSPACE], [DOWN, BACKSPACE], [PASTE, BACKSPACE]])
@pytest.mark.parametrize("gap", [0.045, 0.16])
def test_backspace_in_an_empty_field_is_no_silence(
    before: list[str], gap: float
) -> None:
    inputs = paced([*before, "2", ENTER], 0.1, *[gap] * len(before), 0.16)
    review = Review("2").play(inputs)

    assert review.yes_at is None
    assert Refusal.TOO_SOON in review.refusals


def test_backspace_before_the_first_frame_lets_no_phrase_in() -> None:
    silence = Silence()
    consent = Consent("2", silence)
    silence.note(1.0)
    consent.backspace()
    silence.note(1.1)
    assert consent.character("2") is Refusal.TOO_SOON


def test_backspace_does_not_take_a_chain_up_again_that_something_else_has_cut() -> None:
    review = Review("12")
    for what, at in (("1", 1.0), (DOWN, 5.0), (BACKSPACE, 5.1), ("1", 5.2)):
        review.hear(what, at)
    assert review.refusals == [Refusal.TOO_SOON]


@pytest.mark.parametrize("gap", [0.005, 0.033])
def test_a_burst_of_enters_behind_a_key_for_looking_is_no_yes(gap: float) -> None:
    burst = [(3.1 + number * gap, ENTER) for number in range(3)]
    review = Review("2").play([(1.0, "2"), (3.0, DOWN), *burst])

    assert review.refusals[0] is Refusal.INTERRUPTED
    assert review.yes_at is None
