"""The rules of the configuration on a confirmed plan, whichever face made it.

The faces ask for what these rules need before a review; here nothing passes that does
not obey them, and nothing is written down or sent for it.
"""

from dataclasses import replace

from masking_console.errors import RefusedError
from masking_console.models.cause import Cause
from masking_console.models.expiry import ConfirmedPlan, Tier
from masking_console.settings import Settings

_NOTHING = "Nothing was sent."
READ_ONLY = f"This console is read-only. {_NOTHING}"


def refuse_what_breaks_rules(settings: Settings, confirmed: ConfirmedPlan) -> None:
    """Do nothing, unless a confirmed plan breaks a rule; blocks for milliseconds.

    Raises:
        RefusedError: it does.
    """
    if settings.read_only:
        raise RefusedError(READ_ONLY)
    plan, protected = confirmed.plan, {each.casefold() for each in settings.protected}
    is_protected = plan.account.name.casefold() in protected
    judged = replace(
        plan,
        account=replace(plan.account, protected=plan.account.protected or is_protected),
        rules=settings.confirmation,
    )
    if judged.tier is Tier.TOO_MANY:
        raise RefusedError(
            f"{plan.count} sessions are more than {settings.confirmation.max_batch}, "
            f"the most for one batch. {_NOTHING}"
        )
    if judged.tier > plan.tier:
        raise RefusedError(
            f'The rules here ask for "{judged.phrase}" to confirm this. {_NOTHING}'
        )
    problem = settings.cause_rules.problem(Cause(plan.ticket, plan.reason))
    if problem:
        raise RefusedError(f"{problem} {_NOTHING}")
