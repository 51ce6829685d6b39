"""How a plan is confirmed without a screen: number and account, on every tier."""

from masking_console.errors import RefusedError
from masking_console.models.expiry import ConfirmedPlan, ExpiryPlan
from masking_console.models.plain_text import plain_text
from masking_console.presentation.review import sessions

_LONGEST_SHOWN = 40


def full_phrase(plan: ExpiryPlan) -> str:
    """Return ``12 acme-prod``, however small the plan is."""
    return f"{plan.count} {plan.account.name.lower()}"


def says_all(plan: ExpiryPlan, answer: str) -> bool:
    """Return whether an answer names number and account, in any letter case."""
    return " ".join(answer.split()).casefold() == full_phrase(plan)


def check_size(plan: ExpiryPlan) -> None:
    """Do nothing, unless the plan is too large for one batch.

    Raises:
        RefusedError: it is.
    """
    if plan.count > plan.rules.max_batch:
        raise RefusedError(
            f"{plan.count} sessions are more than {plan.rules.max_batch}, the most "
            "for one batch. Nothing was sent. Split the list."
        )


def confirmed_in_full(plan: ExpiryPlan, answer: str) -> ConfirmedPlan:
    """Return the plan as one that may be carried out.

    Raises:
        RefusedError: the answer is anything but number and account, or the plan is
            too large.
    """
    check_size(plan)
    if not says_all(plan, answer):
        shown = plain_text(answer, limit=_LONGEST_SHOWN)
        raise RefusedError(
            f"The plan is {sessions(plan.count)} on {plan.account.name.upper()}, and "
            f'the answer was "{shown}". Nothing was sent. '
            f'Write --confirm "{full_phrase(plan)}".'
        )
    # It says at least what the plan itself asks for on any tier.
    return plan.confirm(plan.phrase)
