import base64

from masking_console.models.account import AccountSource
from masking_console.practice.exchange import (
    PRACTICE_AUTH_ID,
    PRACTICE_TOKEN,
    practice_account,
    signs_in,
)


def _basic(auth_id: str, token: str) -> bytes:
    return b"Basic " + base64.b64encode(f"{auth_id}:{token}".encode())


def test_the_practice_account_is_named_practice_and_has_its_own_source() -> None:
    account = practice_account()

    assert account.name == "practice"
    assert account.source is AccountSource.PRACTICE
    assert account.auth_id == PRACTICE_AUTH_ID
    assert len(PRACTICE_AUTH_ID) == 20
    assert account.auth_token.can_be_sent


def test_what_the_practice_account_sends_signs_in() -> None:
    account = practice_account()
    header = account.auth_token.basic_authorization(account.auth_id)

    assert signs_in(header.encode())
    assert signs_in(header.encode().replace(b"Basic", b"basic"))


def test_nothing_else_signs_in() -> None:
    assert not signs_in(b"")
    assert not signs_in(b"Basic")
    assert not signs_in(_basic(PRACTICE_AUTH_ID, PRACTICE_TOKEN + "0"))
    assert not signs_in(_basic("MAPRACTICE0000007Q2Y", PRACTICE_TOKEN))
    right = _basic(PRACTICE_AUTH_ID, PRACTICE_TOKEN)
    assert not signs_in(right.replace(b"Basic", b"Bearer"))
