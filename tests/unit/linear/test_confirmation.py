"""The set that a dry run has shown, and no other, is what `--confirm` confirms."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from masking_console.errors import RefusedError
from masking_console.linear.plan import (
    confirmed_at_prompt,
    confirmed_by_option,
    digest,
    full_phrase,
    option_phrase,
)
from masking_console.models.account import AuthId
from masking_console.models.expiry import ExpiryPlan
from masking_console.models.masking_session import CheckedSession, CheckState
from masking_console.models.session_uuid import SessionUuid
from masking_console.practice.exchange import practice_account
from masking_console.practice.stored_session import IN_PROGRESS
from tests.support.linear_runs import named, run_linear, sent
from tests.support.runs import open_ids, quick_account

S = CheckState


def uuid(number: int) -> SessionUuid:
    return SessionUuid(f"{number:08x}-21e7-43bd-9447-04bfee92e651")


def rows(*numbers: int, state: CheckState = S.ACTIVE) -> tuple[CheckedSession, ...]:
    return tuple(CheckedSession(uuid(number), state) for number in numbers)


def plan(
    planned: tuple[CheckedSession, ...], left_out: tuple[CheckedSession, ...] = ()
) -> ExpiryPlan:
    return ExpiryPlan(practice_account(), planned, left_out)


def refusal(of: ExpiryPlan, answer: str) -> str:
    with pytest.raises(RefusedError) as caught:
        confirmed_by_option(of, answer)
    words = str(caught.value)
    assert "Nothing was sent." in words
    return words


def test_the_letters_stand_for_the_account_and_the_set_in_any_order() -> None:
    account = practice_account()
    letters = digest(account, [uuid(1), uuid(2)])

    assert re.fullmatch("[a-z]{6}", letters)
    assert letters == digest(account, [uuid(2), uuid(1)])
    other = replace(account, auth_id=AuthId("MAXXXXXXXXXXXXXXXXXX"))
    sets: tuple[list[SessionUuid], ...] = ([uuid(1)], [uuid(2)], [uuid(1), uuid(3)], [])
    different = {digest(account, each) for each in sets}
    different |= {letters, digest(other, [uuid(1), uuid(2)])}
    assert len(different) == len(sets) + 2


def test_number_and_account_are_enough_where_only_expired_ones_are_left_out() -> None:
    done = rows(7, 8, state=S.EXPIRED)

    assert confirmed_by_option(plan(rows(1, 2)), "2 Practice").plan.count == 2
    assert confirmed_by_option(plan(rows(1), done), " 1  practice ").plan.count == 1


@pytest.mark.parametrize("state", [s for s in CheckState if s is not S.EXPIRED])
def test_with_anything_else_left_out_the_set_must_be_named(state: CheckState) -> None:
    partly = plan(rows(1, 2), rows(7, state=state))

    words = refusal(partly, "2 practice")
    assert "1 session is left out, so --confirm must name the set." in words
    assert "--dry-run prints" in words
    # The letters are told by the dry run alone, which shows the set as well.
    phrase = option_phrase(partly.account, partly.sessions)
    assert phrase.split()[2] not in words
    assert confirmed_by_option(partly, phrase.upper()).plan is partly
    assert "2 sessions are left out" in refusal(
        plan(rows(1), rows(7, 8, state=state)), "1 practice"
    )


@pytest.mark.parametrize(
    "answer", ["", "2", "2 env", "3 practice", "practice", "y", "2 practice a b", "2 2"]
)
def test_another_answer_is_refused_with_what_to_write(answer: str) -> None:
    assert refusal(plan(rows(1, 2)), answer).endswith('Write --confirm "2 practice".')
    partly = plan(rows(1, 2), rows(7, state=S.IN_CALL))
    assert refusal(partly, answer).endswith(
        "Write --confirm with what --dry-run prints."
    )


@pytest.mark.parametrize("wrong", ["3 practice", "2 env", "x practice", "٢ practice"])
def test_the_right_letters_do_not_make_up_for_a_wrong_number_or_account(
    wrong: str,
) -> None:
    two = plan(rows(1, 2))
    letters = digest(two.account, [uuid(1), uuid(2)])

    assert "The plan is 2 sessions on PRACTICE" in refusal(two, f"{wrong} {letters}")


@pytest.mark.parametrize(
    ("shown", "planned", "left_out", "words"),
    [
        # They have changed places: the number is the same.
        (
            [1],
            rows(2),
            rows(1, state=S.IN_CALL),
            "00000001 is left out now (IN CALL), 00000002 would go now.",
        ),
        (
            [1, 2],
            rows(1),
            rows(2, state=S.EXPIRED),
            "00000002 is left out now (expired).",
        ),
        ([1], rows(1, 2), (), "00000002 would go now."),
        (
            [1, 2, 3],
            rows(3, 4),
            rows(1, 2, state=S.NOT_FOUND),
            (
                "00000001 is left out now (not on this account), "
                "00000002 is left out now (not on this account), 00000004 would go now."
            ),
        ),
        # It is about an id that is not asked for any more.
        ([9], rows(1), (), "now 00000001 would go."),
    ],
)
def test_a_changed_set_is_refused_and_the_difference_named(
    shown: list[int],
    planned: tuple[CheckedSession, ...],
    left_out: tuple[CheckedSession, ...],
    words: str,
) -> None:
    letters = digest(practice_account(), map(uuid, shown))

    said = refusal(plan(planned, left_out), f"{len(shown)} practice {letters}")
    assert said == (
        f"The set is not the one that was confirmed: {words} "
        "Nothing was sent. Look again with --dry-run."
    )


def test_a_large_set_that_changed_beyond_telling_is_cut_short() -> None:
    many = plan(rows(*range(1000)))

    words = refusal(many, "1000 practice aaaaaa")
    assert "00000009 and 990 more would go." in words
    assert "0000000a" not in words


def test_people_at_the_prompt_go_on_typing_number_and_account() -> None:
    partly = plan(rows(1, 2), rows(7, state=S.IN_CALL))

    assert full_phrase(partly) == "2 practice"
    assert confirmed_at_prompt(partly, "2 practice").plan is partly
    with pytest.raises(RefusedError, match="--dry-run prints"):
        confirmed_at_prompt(partly, "3 practice")


def test_two_that_change_places_after_the_dry_run_send_nothing(tmp_path: Path) -> None:
    simulated = quick_account()
    first, second = open_ids(simulated, 2)

    def put(uuid: SessionUuid, word: str) -> None:
        session = simulated.session(uuid)
        assert session is not None
        simulated.put(replace(session, open_word=word))

    put(second, IN_PROGRESS)
    dry = run_linear(simulated, tmp_path, [first, second], is_dry_run=True)
    assert f'--confirm "{named([first])}"' in dry.out
    put(first, IN_PROGRESS)
    put(second, "active")

    without = run_linear(simulated, tmp_path, [first, second], confirm="1 practice")
    ran = run_linear(simulated, tmp_path, [first, second], confirm=named([first]))

    assert (without.code, ran.code) == (5, 5)
    assert f"{first.short} is left out now (IN CALL)" in ran.err
    assert f"{second.short} would go now." in ran.err
    assert sent(simulated) == []
    put(first, "active")
    put(second, IN_PROGRESS)
    again = run_linear(simulated, tmp_path, [first, second], confirm=named([first]))
    assert (again.code, sent(simulated)) == (7, [first])
