"""The rules of the configuration hold in the operation, whatever a face has let by."""

from dataclasses import replace
from pathlib import Path

import pytest

from masking_console.errors import RefusedError
from masking_console.models.account import AccountName
from masking_console.models.cause import CauseRules
from masking_console.models.confirmation_rules import ConfirmationRules
from masking_console.models.plain_text import PlainText
from masking_console.models.ticket_pattern import TicketPattern
from masking_console.operations.expire_sessions import ExpireSessions
from masking_console.operations.wiring import build_operations
from masking_console.settings import Settings, ShowNumbers
from tests.support.runs import AT_ONCE, bench, open_ids, plan_of, quick_account

OPS = TicketPattern.of(r"OPS-\d+", "like OPS-4812")


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


async def test_a_ticket_that_fits_no_pattern_sends_nothing_and_one_that_fits_does(
    tmp_path: Path,
) -> None:
    simulated = quick_account()
    rules = CauseRules(ticket_patterns=(OPS,))
    async with bench(simulated, tmp_path, cause_rules=rules) as opened:
        operation = ExpireSessions(
            opened.settings, opened.connections, opened.journal, AT_ONCE
        )
        plan = plan_of(opened.account, open_ids(simulated, 1))
        wrong = replace(plan, ticket=PlainText("tuesday"))
        with pytest.raises(RefusedError, match=r"It must look like OPS-4812\. Nothing"):
            await operation.run(
                wrong.confirm(wrong.phrase), opened.control, opened.events.append
            )
        assert not opened.sent("DELETE")

        right = replace(plan, ticket=PlainText("OPS-1"))
        await operation.run(
            right.confirm(right.phrase), opened.control, opened.events.append
        )
        assert opened.summary.is_clean


async def test_a_stricter_confirmation_than_the_rules_ask_for_is_enough(
    tmp_path: Path,
) -> None:
    simulated = quick_account()
    loose = ConfirmationRules(count_from=10, name_from=10)
    async with bench(simulated, tmp_path, confirmation=loose) as opened:
        summary = await opened.run(open_ids(simulated, 2))

    assert summary.is_clean


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
