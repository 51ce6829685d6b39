"""A refused sign-in ends whatever only reads, with a sentence that says what to do."""

from dataclasses import replace
from pathlib import Path

import pytest

from masking_console.errors import Remedy, TokenRefusedError
from masking_console.models.account import Account, AccountSource, AuthId
from masking_console.models.listing import Wanted
from masking_console.models.plain_text import plain_text
from masking_console.operations.check_sessions import CheckSessions
from masking_console.operations.connections import sign_in_error
from masking_console.operations.find_sessions import WINDOWS, FindSessions
from masking_console.plivo.answers import Answer, Verdict
from masking_console.practice.exchange import practice_account
from tests.support.runs import Bench, bench, open_ids, quick_account, reply

REFUSALS = pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "request of PRACTICE was refused with 401, not in Plivo's form"),
        (403, "request of PRACTICE was refused with 403, not in Plivo's form"),
    ],
)


def refused(opened: Bench, status: int) -> None:
    opened.simulated.fault = lambda _request: reply(status)


@REFUSALS
async def test_a_check_ends(tmp_path: Path, status: int, words: str) -> None:
    async with bench(quick_account(), tmp_path) as opened:
        ids = open_ids(opened.simulated, 3)
        refused(opened, status)
        operation = CheckSessions(opened.connections)
        with pytest.raises(TokenRefusedError, match=words):
            await operation.run(opened.account, ids, lambda _checked: None)


@REFUSALS
async def test_a_search_ends(tmp_path: Path, status: int, words: str) -> None:
    async with bench(quick_account(), tmp_path) as opened:
        refused(opened, status)
        operation = FindSessions(opened.connections, opened.settings.journal_path)
        with pytest.raises(TokenRefusedError, match=words):
            await operation.run(opened.account, Wanted(), lambda _event: None)
        # What had left side by side with it; nothing after the answer.
        assert 1 <= len(opened.simulated.requests) <= WINDOWS


KEYRING = replace(practice_account(), source=AccountSource.KEYRING)
ENV = replace(KEYRING, source=AccountSource.ENVIRONMENT)
SUB = replace(KEYRING, auth_id=AuthId("SAEXAMPLE0000000044T"))
NO_TOKEN = plain_text("authentication failed")
NO_REGION = plain_text("the region of this account could not be resolved.")
NO_ADDRESS = plain_text("IP address 203.0.113.7 is not whitelisted")


@pytest.mark.parametrize(
    ("account", "answer", "words", "remedy"),
    [
        (
            KEYRING,
            Answer(Verdict.TOKEN_REFUSED, 401, detail=NO_TOKEN, is_plivos=True),
            "Plivo refused the sign-in of PRACTICE (401): authentication failed.",
            Remedy.REPLACE_TOKEN,
        ),
        (
            ENV,
            Answer(Verdict.TOKEN_REFUSED, 401, is_plivos=True),
            "Plivo refused the sign-in of PRACTICE (401).",
            Remedy.SET_VARIABLES,
        ),
        (
            practice_account(),
            Answer(Verdict.TOKEN_REFUSED, 401, is_plivos=True),
            "Plivo refused the sign-in of PRACTICE (401).",
            Remedy.NONE,
        ),
        (
            KEYRING,
            Answer(Verdict.TOKEN_REFUSED, 401, detail=NO_REGION, is_plivos=True),
            (
                "Plivo refused the sign-in of PRACTICE (401): the region of this "
                "account could not be resolved. Ask who manages the account."
            ),
            Remedy.NONE,
        ),
        (
            SUB,
            Answer(Verdict.FORBIDDEN, 403, detail=NO_ADDRESS, is_plivos=True),
            (
                "Plivo answered 403 for PRACTICE: IP address 203.0.113.7 is not "
                "whitelisted. Masking may not be enabled for it, or this network's "
                "address not be allowed. Ask who manages the account. "
                "A sub-account (SA...) may need its main account (MA...) for masking."
            ),
            Remedy.NONE,
        ),
        (
            ENV,
            Answer(Verdict.FORBIDDEN, 403, detail=plain_text("Access denied")),
            (
                "The request of PRACTICE was refused with 403, not in Plivo's form: "
                "Access denied. Check the Auth ID, the token and the network."
            ),
            Remedy.NONE,
        ),
    ],
)
def test_words_and_remedy_fit_the_answer_and_the_account(
    account: Account, answer: Answer, words: str, remedy: Remedy
) -> None:
    error = sign_in_error(account, answer)

    assert (str(error), error.remedy) == (words, remedy)
