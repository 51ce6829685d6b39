"""A refused sign-in: nothing more is asked, and the operator reads who said what."""

import re

from masking_console.errors import Remedy, TokenRefusedError
from masking_console.models.account import Account, AccountSource
from masking_console.plivo.answers import Answer, Verdict

SIGN_IN_REFUSED = frozenset({Verdict.TOKEN_REFUSED, Verdict.FORBIDDEN})
"""Answers after which every other request would be refused as well."""

# A 401 can be about the account's region or the network's address as well.
_ABOUT_TOKEN = re.compile(
    r"token|credential|authenticat(?!.*\bregion)|password|auth[ _]?id", re.IGNORECASE
)
_REMEDIES = {
    AccountSource.KEYRING: Remedy.REPLACE_TOKEN,
    AccountSource.MEMORY: Remedy.REPLACE_TOKEN,
    AccountSource.ENVIRONMENT: Remedy.SET_VARIABLES,
    AccountSource.COMMAND: Remedy.CORRECT_COMMAND,
}
_SUBACCOUNT = " A sub-account (SA...) may need its main account (MA...) for masking."


def sign_in_error(account: Account, answer: Answer) -> TokenRefusedError:
    """Return the error with the answer's own words, and what fits this account."""
    name, remedy = account.name.upper(), Remedy.NONE
    colon = f": {answer.detail.rstrip('.')}" if answer.detail else ""
    hint = _SUBACCOUNT if account.auth_id.is_subaccount else ""
    if not answer.is_plivos:
        words = (
            f"The request of {name} was refused with {answer.http_status}, not in "
            f"Plivo's form{colon}. Check the Auth ID, the token and the network."
        )
    elif answer.verdict is Verdict.FORBIDDEN:
        words = (
            f"Plivo answered 403 for {name}{colon}. Masking may not be enabled for it, "
            "or this network's address not be allowed. Ask who manages the account."
        )
    else:
        words = f"Plivo refused the sign-in of {name} (401){colon}."
        if not answer.detail or _ABOUT_TOKEN.search(answer.detail):
            remedy = _REMEDIES.get(account.source, Remedy.NONE)
        else:
            words += " Ask who manages the account."
    return TokenRefusedError(f"{words}{hint}", remedy)
