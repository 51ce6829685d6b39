"""The simulated account inside the console: what ``--practice`` uses."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from masking_console.models.account import Account
from masking_console.practice.sample_paste import sample_paste
from masking_console.practice.sign_in import practice_account
from masking_console.practice.simulated_account import SimulatedAccount

if TYPE_CHECKING:
    import httpx

    from masking_console.practice.asgi import Application


class EmbeddedPractice(NamedTuple):
    """What practice mode needs."""

    account: Account
    """The account to sign in with."""
    text: str
    """A text to practice pasting with; empty where the account has too little."""
    new_transport: "Callable[[], httpx.AsyncBaseTransport]"
    """Makes one connection to the simulated service."""


def open_practice(account: SimulatedAccount | None = None) -> EmbeddedPractice:
    """Return a simulated account, ready to be used; a new one unless one is given."""
    simulated = account or SimulatedAccount()
    try:
        text = sample_paste(simulated)
    except ValueError:
        text = ""
    return EmbeddedPractice(practice_account(), text, _Connector(simulated))


class _Connector:
    """Makes transports; imports httpx at the first request only."""

    def __init__(self, account: SimulatedAccount) -> None:
        self._account = account
        self._application: Application | None = None

    def __call__(self) -> "httpx.AsyncBaseTransport":
        """Return one connection; all of them reach the same account."""
        # The first screen is painted before this runs.
        from masking_console.practice.server import practice_app  # noqa: PLC0415
        from masking_console.practice.transport import (  # noqa: PLC0415
            PracticeTransport,
        )

        if self._application is None:
            self._application = practice_app(self._account)
        return PracticeTransport(self._application)
