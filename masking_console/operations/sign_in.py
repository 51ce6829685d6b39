"""What a refused sign-in means for an operation: nothing more is asked."""

from masking_console.errors import TokenRefusedError
from masking_console.models.account import Account
from masking_console.plivo.answers import Answer, Verdict

SIGN_IN_REFUSED = frozenset({Verdict.TOKEN_REFUSED, Verdict.FORBIDDEN})
"""Answers after which every other request would be refused as well."""


def sign_in_error(account: Account, answer: Answer) -> TokenRefusedError:
    """Return the error that tells the operator which of the two it was."""
    if answer.verdict is Verdict.FORBIDDEN:
        return TokenRefusedError(
            f"{account.name.upper()} may not use number masking. Ask Plivo about it."
        )
    return TokenRefusedError(
        f"Plivo refused the token of {account.name.upper()}. Press P to replace it."
    )
