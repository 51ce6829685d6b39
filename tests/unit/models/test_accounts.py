import pytest

from masking_console.models.account import (
    Account,
    AccountName,
    AccountSource,
    AuthId,
    AuthToken,
)

AUTH_ID, OTHER_ID = "MAACME00000000007Q2X", "MAOTHER0000000007Q2X"


def account(name: str = "acme", auth_id: str = AUTH_ID) -> Account:
    return Account(AccountName(name), AuthId(auth_id), AuthToken("a"))


def test_an_account_with_another_token_or_protection_is_the_same_one() -> None:
    renewed = Account(
        AccountName("ACME"),
        AuthId(AUTH_ID),
        AuthToken("b"),
        AccountSource.MEMORY,
        protected=True,
    )

    assert account().is_same_as(renewed)


@pytest.mark.parametrize("other", [account("other"), account(auth_id=OTHER_ID)])
def test_another_name_or_auth_id_is_another_account(other: Account) -> None:
    assert not account().is_same_as(other)
