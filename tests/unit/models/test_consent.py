"""A yes is a person's: the state machine on a clock that only the tests move."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking_console.models.consent import (
    ENTER_GAP_SECONDS,
    KEY_GAP_SECONDS,
    LOCK_SECONDS,
    SILENCE_AFTER_SECONDS,
    SILENCE_BEFORE_SECONDS,
    Consent,
    Refusal,
    Silence,
)
from tests.support.campaigns import campaign, examples

ENTER, BACKSPACE, DOWN, PASTE, CLICK = "\n", "\x7f", "<down>", "<paste>", "<click>"
"""Inputs that are no characters."""


@dataclass
class Review:
    """A review as a dialog drives it, and when it got its yes."""

    phrase: str = ""
    silence: Silence = field(default_factory=Silence)
    yes_at: float | None = None
    refusals: list[Refusal] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.consent = Consent(self.phrase, self.silence)
        self.consent.shown(0.0)

    def hear(self, what: str, at: float) -> None:
        """Take an input, after what was due before it."""
        self.wait(at)
        if self.yes_at is not None:
            return
        self.silence.note(at)
        for each in (self._refusal(what, at), self.consent.look()):
            if each is not None:
                self.refusals.append(each)

    def _refusal(self, what: str, at: float) -> Refusal | None:
        if what == PASTE:
            return self.consent.paste()
        if what == CLICK:
            return self.consent.agree(self.consent.press(by_mouse=True), at + 0.08)
        if what == ENTER if self.phrase else what == "y":
            press = self.consent.press()
            return self.consent.agree(press, press.at)
        if what == BACKSPACE:
            self.consent.backspace()
        elif self.phrase and len(what) == 1:
            return self.consent.character(what)
        return None

    def wait(self, at: float) -> None:
        """Let time go by."""
        left = self.consent.seconds_left(at)
        if self.consent.is_pending and left <= 0:
            refusal = self.consent.settle(at + left)
            if refusal is None:
                self.yes_at = at + left
            else:
                self.refusals.append(refusal)

    def play(self, inputs: Iterable[tuple[float, str]]) -> "Review":
        """Take inputs at their times, and wait for what is due in the end."""
        at = 0.0
        for at, what in inputs:
            self.hear(what, at)
        self.wait(at + 10)
        return self


def paced(text: Iterable[str], start: float, *gaps: float) -> list[tuple[float, str]]:
    """Return inputs with these gaps between them, the last one again and again."""
    at, found = start, list[tuple[float, str]]()
    for number, what in enumerate(text):
        found.append((at, what))
        at += gaps[min(number, len(gaps) - 1)]
    return found


@pytest.mark.parametrize("gap", [0.12, 0.15, 0.2, 0.3, 0.45, 0.6])
@pytest.mark.parametrize("lump", [0.0, 0.05])
@pytest.mark.parametrize("phrase", ["12", "240 acme-prod", "3", "1 vega", "11 yy"])
def test_a_person_at_any_pace_is_never_refused(
    phrase: str, gap: float, lump: float
) -> None:
    for look in (0.65, 0.9, 3.0):
        enter = [gap] * (len(phrase) - 1) + [max(gap, 0.2)]
        inputs = paced([*phrase, ENTER], look, *enter)
        if lump:
            # The link delivers only at the end of each lump.
            inputs = [(-(-at // lump) * lump, what) for at, what in inputs]
        review = Review(phrase).play(inputs)
        assert review.refusals == []
        assert review.yes_at == pytest.approx(inputs[-1][0] + SILENCE_AFTER_SECONDS)


@pytest.mark.parametrize("gap", [0.12, 0.3, 0.6])
def test_a_person_who_presses_enter_too_soon_presses_it_once_more(gap: float) -> None:
    inputs = paced(["1", "2", ENTER, ENTER], 1.0, gap, 0.12, gap)
    review = Review("12").play(inputs)

    assert review.refusals == [Refusal.ENTER_TOO_SOON]
    assert review.consent.text == "12"
    assert review.yes_at is not None


@pytest.mark.parametrize("what", ["y", CLICK])
def test_one_key_or_one_click_after_a_look_is_a_yes(what: str) -> None:
    review = Review().play([(0.6, what)])

    assert (review.refusals, review.yes_at is not None) == ([], True)
    early = Review().play([(0.59, what)])
    assert (early.refusals, early.yes_at) == ([Refusal.TOO_SOON], None)


def test_input_on_another_screen_counts_for_the_silence() -> None:
    silence = Silence()
    silence.note(-0.1)
    review = Review(silence=silence)
    review.hear("X", 0.3)
    review.hear("y", 0.8)
    review.wait(9.0)
    assert (review.refusals, review.yes_at) == ([Refusal.TOO_SOON], None)


def test_before_it_is_painted_nothing_is_a_yes() -> None:
    silence = Silence()
    consent = Consent("", silence)
    silence.note(100.0)
    assert consent.press().refusal is Refusal.TOO_SOON
    consent.shown(100.1)
    consent.shown(90.0)
    silence.note(100.6)
    assert consent.press().refusal is Refusal.TOO_SOON
    silence.note(101.3)
    assert consent.press().refusal is None


@pytest.mark.parametrize("delay", [0.25, 0.375, 0.5, 0.66])
@pytest.mark.parametrize("start", [0.1, 1.0])
def test_the_repeats_of_a_held_key_are_no_yes(delay: float, start: float) -> None:
    held = [(start, "y")]
    held += [(start + delay + number * 0.033, "y") for number in range(30)]
    review = Review().play(held)

    first_is_a_yes = start >= SILENCE_BEFORE_SECONDS and delay >= SILENCE_AFTER_SECONDS
    assert (review.yes_at is not None) == first_is_a_yes
    if first_is_a_yes:
        assert review.yes_at == pytest.approx(start + SILENCE_AFTER_SECONDS)


def test_the_enter_behind_a_phrase_may_be_held_down() -> None:
    held = [(1.4 + number * 0.03, ENTER) for number in range(20)]
    review = Review("12").play([*paced("12", 1.0, 0.2), *held])

    assert review.yes_at == pytest.approx(1.4 + SILENCE_AFTER_SECONDS)


def test_a_wrong_character_empties_the_field_and_locks_it_for_a_second() -> None:
    review = Review("12")
    for what, at in (("1", 1.0), ("3", 1.2), ("1", 2.1), ("2", 2.15)):
        review.hear(what, at)
    assert review.refusals == [Refusal.NOT_NEXT, Refusal.LOCKED, Refusal.LOCKED]
    assert review.consent.text == ""
    review.hear("1", 1.2 + LOCK_SECONDS + 0.6)
    assert review.consent.text == "1"


def test_enter_does_nothing_while_the_field_is_locked() -> None:
    review = Review("1")
    for what, at in (("x", 1.0), (ENTER, 1.5)):
        review.hear(what, at)
    assert review.refusals == [Refusal.NOT_NEXT, Refusal.LOCKED]


def test_characters_faster_than_a_person_types_lock_the_field() -> None:
    review = Review("12").play([(1.0, "1"), (1.0 + KEY_GAP_SECONDS / 2, "2")])

    assert (review.refusals, review.consent.text) == ([Refusal.TOO_FAST], "")


def test_keys_for_looking_ask_for_silence_again_and_never_lock() -> None:
    review = Review("12")
    for what, at in ((DOWN, 0.5), ("1", 1.2), (DOWN, 1.3), ("2", 1.95), (ENTER, 2.2)):
        review.hear(what, at)
    review.wait(9.0)
    assert (review.refusals, review.yes_at is not None) == ([], True)
    early = Review("12")
    for what, at in (("1", 1.2), (DOWN, 1.3), ("2", 1.5)):
        early.hear(what, at)
    assert early.refusals == [Refusal.TOO_SOON]


def test_enter_behind_a_key_for_looking_asks_for_the_whole_silence() -> None:
    review = Review("1")
    for what, at in (("1", 1.0), (DOWN, 1.2), (ENTER, 1.5)):
        review.hear(what, at)
    assert review.refusals == [Refusal.INTERRUPTED]
    assert review.consent.text == "1"
    review.hear(CLICK, 1.9)
    assert review.refusals[1:] == [Refusal.INTERRUPTED]
    review.hear(CLICK, 2.6)
    review.wait(9.0)
    assert review.yes_at is not None


def test_backspace_takes_one_character_back() -> None:
    inputs = paced(["1", "2", BACKSPACE, BACKSPACE, "1", "2", ENTER], 1.0, 0.2)
    review = Review("12").play(inputs)

    assert (review.refusals, review.yes_at is not None) == ([], True)


def test_half_a_phrase_is_no_yes_and_what_follows_its_enter_needs_silence() -> None:
    review = Review("12").play(paced(["1", ENTER, "2", ENTER], 1.0, 0.2))

    assert review.refusals[:2] == [Refusal.NOT_WHOLE, Refusal.TOO_SOON]
    assert review.yes_at is None


def test_a_paste_takes_back_a_yes_and_what_stands_in_the_field() -> None:
    one = Review().play([(1.0, "y"), (1.3, PASTE)])
    assert (one.yes_at, one.refusals) == (None, [Refusal.PASTED])
    typed = Review("12").play([*paced("12", 1.0, 0.2), (1.5, PASTE), (2.5, ENTER)])
    assert (typed.yes_at, typed.consent.text) == (None, "")
    assert typed.refusals == [Refusal.PASTED, Refusal.NOT_WHOLE]


def test_time_in_which_nobody_looked_is_no_silence() -> None:
    review = Review()
    review.hear("r", 1.0)
    review.silence.unproved_from(1.1)
    review.hear("y", 9.0)
    assert review.refusals == [Refusal.TOO_SOON]
    # It is unproved for that input alone.
    review.hear("y", 9.7)
    review.wait(20.0)
    assert review.yes_at is not None


def test_anything_right_behind_a_yes_takes_it_back() -> None:
    for what in ("e", DOWN, CLICK, "y"):
        review = Review().play([(1.0, "y"), (1.39, what)])
        assert review.yes_at is None
        assert review.refusals[-1] is Refusal.FOLLOWED
    assert Review().play([(1.0, "y"), (1.41, "e")]).yes_at is not None


def test_a_click_whose_press_was_followed_by_input_is_none() -> None:
    silence = Silence()
    consent = Consent("", silence)
    consent.shown(0.0)
    silence.note(1.0)
    press = consent.press(by_mouse=True)
    silence.note(1.1)
    assert consent.agree(press, 1.2) is Refusal.FOLLOWED
    assert not consent.is_pending
    assert consent.seconds_left(1.2) == 0.0
    assert consent.settle(9.0) is Refusal.FOLLOWED


def test_a_process_that_stood_still_cannot_vouch_for_the_silence() -> None:
    silence = Silence()
    consent = Consent("", silence)
    consent.shown(0.0)
    silence.note(1.0)
    assert consent.agree(consent.press(), 1.0) is None
    assert consent.settle(91.0) is Refusal.HELD_UP


TEXTS = st.one_of(
    st.text(st.sampled_from(f"yYvX12 e\n-3abn:{BACKSPACE}"), min_size=1, max_size=40),
    st.uuids().map(str),
    st.sampled_from(
        [
            "X-Country",
            "X-Forwarded-For-the-gateway",
            "yes please, any day",
            "2026-03-04T12:04:31Z y=1 \n12\n",
            '{"session_uuid": "c28b77d4"}\n',
            "12\n12\n",
            "y\ny\n",
        ]
    ),
)
GAPS = st.one_of(
    st.floats(0.005, 0.4), st.sampled_from([0.0, 0.045, 0.1, 0.16, 0.25, 0.4])
)


def rule_gives_yes(phrase: str, inputs: list[tuple[float, str]]) -> bool:
    """Return whether the rule, written down once more and naively, gives a yes."""
    times = [0.0, *(at for at, _ in inputs)]
    befores = [after - before for before, after in pairwise(times)]
    afters = [*befores[1:], 9.0][: len(befores)]
    is_quiet = [before >= SILENCE_BEFORE_SECONDS - 1e-6 for before in befores]
    if not phrase:
        return any(
            what == "y" and quiet and after >= SILENCE_AFTER_SECONDS - 1e-6
            for (_, what), quiet, after in zip(inputs, is_quiet, afters, strict=True)
        )
    starts = [number for number, quiet in enumerate(is_quiet) if quiet]
    return any(_types_it(phrase, inputs[start:]) for start in starts)


def _types_it(phrase: str, inputs: list[tuple[float, str]]) -> bool:
    text, typed_at = "", -9.0
    for at, what in inputs:
        if what == ENTER:
            if text == phrase and at - typed_at >= ENTER_GAP_SECONDS - 1e-6:
                return True
            continue
        if what == BACKSPACE:
            text = text[:-1]
        elif phrase[len(text) :].startswith(what) and (
            at - typed_at >= KEY_GAP_SECONDS - 1e-6
        ):
            text += what
        else:
            return False
        typed_at = at
    return False


@campaign
@settings(max_examples=examples("texts at any speed", 1500, 300), deadline=None)
@given(
    phrase=st.sampled_from(["", "", "3", "12", "1 e", "2 nb"]),
    parts=st.lists(st.tuples(TEXTS, GAPS, st.floats(0.0, 0.9)), max_size=4),
    jitter=st.randoms(use_true_random=False),
    lump=st.sampled_from([0.0, 0.0, 0.05]),
)
def test_no_text_at_any_speed_is_a_yes_that_the_rule_does_not_give(
    phrase: str,
    parts: list[tuple[str, float, float]],
    jitter: random.Random,
    lump: float,
) -> None:
    at, inputs = 0.0, list[tuple[float, str]]()
    for text, gap, pause in parts:
        at += pause
        for character in text:
            at += gap * jitter.uniform(0.7, 1.3)
            inputs.append((-(-at // lump) * lump if lump else at, character))
    review = Review(phrase).play(inputs)

    if not rule_gives_yes(phrase, inputs):
        assert review.yes_at is None
