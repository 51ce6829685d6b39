"""The policy holds in the operation, whatever a face has let by."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from masking_console.errors import RefusedError, Remedy
from masking_console.models.account import AccountName, AuthId
from masking_console.models.cause import CauseRules, TicketPattern
from masking_console.models.expiry import ConfirmationRules, ConfirmedPlan, ExpiryPlan
from masking_console.models.masking_session import (
    AccountDoubt,
    CheckedSession,
    CheckState,
)
from masking_console.models.plain_text import PlainText
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.expire_sessions import ExpireSessions
from masking_console.operations.policy import (
    USABLE_FOR,
    Policy,
    Writes,
    WriteState,
)
from masking_console.operations.wiring import build_operations
from masking_console.practice.exchange import practice_account
from masking_console.settings import Settings, ShowNumbers
from tests.support.runs import (
    AT_ONCE,
    Bench,
    bench,
    open_ids,
    plan_of,
    policy_for,
    quick_account,
)

OPS = TicketPattern.of(r"OPS-\d+", "like OPS-4812")
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
MISSING = tuple(
    CheckedSession(SessionUuid(f"{n:08x}-0000-4000-8000-000000000000"), state, None)
    for n, state in enumerate([CheckState.NOT_FOUND] * 4)
)


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(quick_account(), tmp_path) as opened:
        yield opened


async def carry_out(
    opened: Bench, confirmed: ConfirmedPlan, policy: Policy | None = None
) -> None:
    """Call the operation directly, as a face does that asks nothing."""
    operation = ExpireSessions(
        policy or opened.policy, opened.connections, opened.journal, AT_ONCE
    )
    await operation.run(confirmed, opened.control, opened.events.append)


def plan_for(opened: Bench, count: int = 1) -> ExpiryPlan:
    return plan_of(opened.account, open_ids(opened.simulated, count))


@pytest.mark.parametrize(
    ("count", "settings", "words"),
    [
        (1, {"read_only": True}, "This console is read-only."),
        (
            3,
            {"confirmation": ConfirmationRules(max_batch=2)},
            "3 sessions are more than 2, the most for one batch.",
        ),
        (
            1,
            {"confirmation": ConfirmationRules(count_from=1)},
            'The rules here ask for "1" to confirm this.',
        ),
        (
            3,
            {"confirmation": ConfirmationRules(name_from=3)},
            'The rules here ask for "3 practice" to confirm this.',
        ),
        (
            1,
            {"protected": frozenset({AccountName("Practice")})},
            'The rules here ask for "1 practice" to confirm this.',
        ),
        (
            1,
            {"cause_rules": CauseRules(ticket_required=True)},
            "A ticket is required. Give one first.",
        ),
        (
            1,
            {"cause_rules": CauseRules(ticket_required=True, ticket_patterns=(OPS,))},
            "A ticket is required. Give one first. It looks like OPS-4812.",
        ),
    ],
)
async def test_a_plan_that_breaks_a_rule_is_neither_written_down_nor_sent(
    tmp_path: Path, count: int, settings: dict[str, object], words: str
) -> None:
    simulated = quick_account()
    async with bench(simulated, tmp_path, **settings) as opened:
        with pytest.raises(RefusedError) as caught:
            await opened.run(open_ids(simulated, count))

        assert str(caught.value) == f"{words} Nothing was sent."
        assert not opened.settings.journal_path.exists()
    assert simulated.requests == ()


def old(plan: ExpiryPlan, age: timedelta) -> ExpiryPlan:
    at = datetime.now(UTC) - age
    return replace(
        plan, sessions=tuple(replace(each, checked_at=at) for each in plan.sessions)
    )


def unchecked(plan: ExpiryPlan) -> ExpiryPlan:
    (checked,) = plan.sessions
    return replace(plan, sessions=(replace(checked, checked_at=None),))


def on_wrong_account(plan: ExpiryPlan) -> ExpiryPlan:
    return replace(plan, left_out=MISSING)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (
            lambda plan: old(plan, USABLE_FOR + timedelta(seconds=1)),
            "This list was checked more than 10 minutes ago.",
        ),
        (unchecked, "A session of this list was never checked."),
        (on_wrong_account, "4 of 5 sessions are not on PRACTICE."),
    ],
)
async def test_a_plan_of_old_checks_or_of_another_account_is_not_sent(
    opened: Bench, broken: Callable[[ExpiryPlan], ExpiryPlan], words: str
) -> None:
    plan = broken(plan_for(opened))
    with pytest.raises(RefusedError) as caught:
        await carry_out(opened, plan.confirm(plan.phrase))

    assert str(caught.value) == f"{words} Nothing was sent."
    assert opened.simulated.requests == ()
    assert not opened.settings.journal_path.exists()


async def test_what_a_person_said_of_the_account_is_enough(opened: Bench) -> None:
    plan = replace(on_wrong_account(plan_for(opened)), is_account_confirmed=True)
    await carry_out(opened, plan.confirm(plan.phrase))
    assert opened.summary.is_clean


async def test_ids_that_are_something_else_as_well_say_nothing_of_the_account(
    opened: Bench,
) -> None:
    ids = frozenset(each.session_uuid for each in MISSING)
    plan = replace(on_wrong_account(plan_for(opened)), named_otherwise=ids)
    await carry_out(opened, plan.confirm(plan.phrase))
    assert opened.summary.is_clean


async def test_checks_that_are_just_recent_enough_are_sent(opened: Bench) -> None:
    plan = old(plan_for(opened), USABLE_FOR - timedelta(seconds=30))
    await carry_out(opened, plan.confirm(plan.phrase))
    assert opened.summary.is_clean


async def test_nothing_is_sent_while_writes_are_off(opened: Bench) -> None:
    policy = policy_for(opened.settings, opened.account)
    policy.writes.turn_off()
    plan = plan_for(opened)
    with pytest.raises(RefusedError, match=r"^Writes are off\. Nothing was sent") as it:
        await carry_out(opened, plan.confirm(plan.phrase), policy)

    assert it.value.remedy is Remedy.TURN_WRITES_ON
    assert opened.simulated.requests == ()


async def test_nothing_is_sent_without_an_account_in_use(opened: Bench) -> None:
    plan = plan_for(opened)
    with pytest.raises(RefusedError, match="Choose an account first") as caught:
        await carry_out(opened, plan.confirm(plan.phrase), Policy(opened.settings))

    assert caught.value.remedy is Remedy.CHOOSE_ACCOUNT
    assert opened.simulated.requests == ()


async def test_a_list_of_another_account_than_the_one_in_use_is_not_sent(
    opened: Bench,
) -> None:
    other = replace(opened.account, auth_id=AuthId("MA" + "X" * 18))
    plan = plan_for(opened)
    with pytest.raises(RefusedError, match="reviewed for another account"):
        await carry_out(
            opened, plan.confirm(plan.phrase), policy_for(opened.settings, other)
        )
    assert opened.simulated.requests == ()


async def test_a_session_in_a_call_needs_number_and_account(opened: Bench) -> None:
    (uuid,) = open_ids(opened.simulated, 1)
    plan = plan_of(opened.account, [uuid], CheckState.IN_CALL)
    with pytest.raises(RefusedError, match="Type 1 practice"):
        plan.confirm("y")
    with pytest.raises(RefusedError, match="was not confirmed"):
        ConfirmedPlan(plan, "y")
    assert opened.simulated.requests == ()


@pytest.mark.parametrize(
    "state", [state for state in CheckState if not state.can_be_ticked]
)
def test_a_session_that_is_not_open_stands_in_no_plan(state: CheckState) -> None:
    row = CheckedSession(MISSING[0].session_uuid, state, None, NOW)
    with pytest.raises(RefusedError, match="Only sessions that were checked"):
        ExpiryPlan(practice_account(), (row,))


async def test_a_ticket_that_fits_no_pattern_sends_nothing_and_one_that_fits_does(
    tmp_path: Path,
) -> None:
    simulated = quick_account()
    rules = CauseRules(ticket_patterns=(OPS,))
    async with bench(simulated, tmp_path, cause_rules=rules) as opened:
        plan = plan_of(opened.account, open_ids(simulated, 1))
        wrong = replace(plan, ticket=PlainText("tuesday"))
        with pytest.raises(RefusedError, match=r"It must look like OPS-4812\. Nothing"):
            await carry_out(opened, wrong.confirm(wrong.phrase))
        assert not opened.sent("DELETE")

        right = replace(plan, ticket=PlainText("OPS-1"))
        await carry_out(opened, right.confirm(right.phrase))
        assert opened.summary.is_clean


async def test_a_stricter_confirmation_than_the_rules_ask_for_is_enough(
    tmp_path: Path,
) -> None:
    simulated = quick_account()
    loose = ConfirmationRules(count_from=10, name_from=10)
    async with bench(simulated, tmp_path, confirmation=loose) as opened:
        summary = await opened.run(open_ids(simulated, 2))

    assert summary.is_clean


def test_a_confirmed_plan_takes_newer_checks_only_where_nothing_has_changed() -> None:
    row = CheckedSession(MISSING[0].session_uuid, CheckState.ACTIVE, None, NOW)
    confirmed = ExpiryPlan(practice_account(), (row,)).confirm("y")
    later = replace(row, checked_at=NOW + timedelta(minutes=2))
    assert confirmed.checked_again([later]).plan.sessions == (later,)
    for changed in ([], [replace(later, state=CheckState.IN_CALL)], [later, later]):
        with pytest.raises(RefusedError, match="has changed"):
            confirmed.checked_again(changed)


@pytest.mark.parametrize(
    ("missing", "present", "doubted"),
    [(0, 1, False), (1, 0, True), (1, 1, False), (2, 1, True), (4, 4, False)],
)
def test_most_sessions_elsewhere_are_a_doubt(
    missing: int, present: int, *, doubted: bool
) -> None:
    here = [
        replace(
            each, session_uuid=SessionUuid(f"f{each.session_uuid[1:]}"), state=state
        )
        for each, state in zip(MISSING, [CheckState.ACTIVE] * present, strict=False)
    ]
    doubt = AccountDoubt.of([*MISSING[:missing], *here])
    expected = AccountDoubt(missing, missing + present) if doubted else None
    assert doubt == expected


class Switch:
    """The write switch with a clock of its own."""

    def __init__(self, settings: Settings) -> None:
        self.now = NOW
        self.writes = Writes(settings, lambda: self.now)


def test_writes_go_off_by_themselves_on_an_idle_protected_account_only() -> None:
    switch = Switch(Settings(Path("journal.db"), idle_writes_off_minutes=5))
    ordinary = practice_account()
    for account, goes_off in [
        (ordinary, False),
        (replace(ordinary, protected=True), True),
    ]:
        switch.writes.use(account)
        switch.writes.turn_on()
        switch.now += timedelta(minutes=5, seconds=-1)
        assert not switch.writes.turn_off_when_idle()
        switch.now += timedelta(seconds=1)
        assert switch.writes.turn_off_when_idle() is goes_off
        assert (switch.writes.state is WriteState.OFF) is goes_off


def test_writes_cannot_be_turned_on_without_an_account_or_in_a_read_only_console() -> (
    None
):
    switch = Switch(Settings(Path("journal.db")))
    switch.writes.turn_on()
    assert switch.writes.state is WriteState.OFF

    locked = Switch(Settings(Path("journal.db"), read_only=True))
    locked.writes.use(practice_account())
    locked.writes.turn_on()
    assert locked.writes.state is WriteState.READ_ONLY


async def test_numbers_that_are_never_shown_are_not_recorded_as_shown(
    tmp_path: Path,
) -> None:
    settings = Settings(
        tmp_path / "journal.db", practice=True, show_numbers=ShowNumbers.NEVER
    )
    operations = build_operations(settings, {}, quick_account())
    try:
        assert operations.practice_account is not None
        with pytest.raises(RefusedError, match="never shows numbers"):
            await operations.record_numbers_shown(operations.practice_account)
    finally:
        operations.close()


@pytest.mark.parametrize("name", ["Staging", "staging"])
async def test_a_protected_account_waits_for_the_server_of_the_team(
    opened: Bench, name: str
) -> None:
    settings = replace(opened.settings, protected=frozenset({AccountName(name)}))
    account = replace(opened.account, name=AccountName("staging"))
    plan = replace(plan_for(opened), account=replace(account, protected=True))
    policy = policy_for(settings, account)

    with pytest.raises(RefusedError, match=r"It is away\. A protected account waits"):
        policy.enforce(plan.confirm(plan.phrase), team_problem="It is away.")
    policy.enforce(plan.confirm(plan.phrase))
    other = plan_for(opened)
    opened.policy.enforce(other.confirm(other.phrase), team_problem="It is away.")
