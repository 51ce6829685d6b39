"""The account that ``PLIVO_AUTH_ID`` and ``PLIVO_AUTH_TOKEN`` describe."""

from collections.abc import Mapping

from masking_console.errors import (
    AccountUnknownError,
    CredentialsError,
    InvalidAuthIdError,
    TokenMissingError,
)
from masking_console.models.account import (
    ENVIRONMENT_ACCOUNT,
    Account,
    AccountName,
    AccountSource,
    AuthId,
    AuthToken,
)
from masking_console.models.account_list import AccountEntry

ID_VARIABLE, TOKEN_VARIABLE = "PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN"


class EnvironmentAccount:
    """Reads the two variables each time; they have to be chosen, and are never kept."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    @property
    def is_set(self) -> bool:
        """Whether both variables hold something, usable or not."""
        variables = (ID_VARIABLE, TOKEN_VARIABLE)
        return all(self._environment.get(variable) for variable in variables)

    def load(self) -> Account:
        """Return the account.

        Raises:
            CredentialsError: a variable is missing or cannot be used.
        """
        if not self.is_set:
            raise AccountUnknownError(
                f"Set {ID_VARIABLE} and {TOKEN_VARIABLE} to use the account env."
            )
        try:
            auth_id = AuthId(self._environment[ID_VARIABLE])
        except InvalidAuthIdError as error:
            raise AccountUnknownError(f"{ID_VARIABLE}: {error}") from None
        token = AuthToken(self._environment[TOKEN_VARIABLE])
        if not token.can_be_sent:
            raise TokenMissingError(
                f"{TOKEN_VARIABLE} is blank or has spaces in it. Set it again."
            )
        name, source = AccountName(ENVIRONMENT_ACCOUNT), AccountSource.ENVIRONMENT
        return Account(name, auth_id, token, source)

    def entry(self) -> AccountEntry:
        """Return its line of the list, with the reason where it cannot be used."""
        source = AccountSource.ENVIRONMENT
        try:
            auth_id = self.load().auth_id
        except CredentialsError as error:
            return AccountEntry(ENVIRONMENT_ACCOUNT, "", source, problem=str(error))
        return AccountEntry(ENVIRONMENT_ACCOUNT, auth_id.tail, source)
