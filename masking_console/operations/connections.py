"""The clients of Plivo that are open: one an account, and one pace for each Auth ID."""

import asyncio
import hashlib
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from masking_console.errors import Remedy, TokenRefusedError
from masking_console.models.account import (
    Account,
    AccountDetails,
    AccountSource,
    AuthId,
)
from masking_console.models.reach import (
    ConnectionReport,
    Unreached,
    UnusableSetting,
)
from masking_console.plivo.answers import Answer, SeenAnswers, Verdict
from masking_console.plivo.pacing import Pace
from masking_console.plivo.shared_permits import SharedPermits
from masking_console.presentation.reach import reach_words
from masking_console.settings import Settings

if TYPE_CHECKING:
    from masking_console.plivo.client import PlivoClient
    from masking_console.plivo.network import Network, TransportFactory


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


@dataclass(frozen=True, slots=True)
class Link:
    """State of the connection to Plivo."""

    is_online: bool | None
    """Whether the latest request got through; None before the first."""
    elapsed_ms: int | None
    """Duration of the latest answer."""
    waiting_ms: int
    """Waiting time of the oldest request under way."""
    per_second: float
    """The requests a second that the pace allows."""
    closed_for: float
    """The seconds until the next request may leave, after a 429."""
    unreached: Unreached | None = None
    """Reason that the latest request did not get through; None where it did."""


class Connections:
    """Opens clients and keeps them; used in the engine's thread alone."""

    def __init__(
        self,
        settings: Settings,
        new_transport: "TransportFactory | None" = None,
        stopwatch: Callable[[], float] = time.perf_counter,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._settings = settings
        self._environment = environment
        self._new_transport = new_transport
        self._stopwatch = stopwatch
        self._clients: dict[AuthId, PlivoClient] = {}
        self._paces: dict[AuthId, Pace] = {}
        self._seen = SeenAnswers()
        self._turn = threading.Lock()
        self._network: Network | None = None

    def client(self, account: Account) -> "PlivoClient":
        """Return the client of an account, with its connections kept alive."""
        client = self._clients.get(account.auth_id)
        if client is None or client.account.auth_token is not account.auth_token:
            # A replaced client is not closed here: a request may be in flight on it.
            client = self._new_client(account)
            self._clients[account.auth_id] = client
        return client

    async def warm_up(self, account: Account | None) -> tuple[UnusableSetting, ...]:
        """Load the client, find the way, and return the settings that are ignored.

        Where there is no account yet, its sign-in will need the same.
        """
        # With httpx it takes as long to load as the whole screen, which is there first.
        network = await asyncio.to_thread(self._opened)
        if account is not None:
            await self.client(account).warm_up()
        return (await network.way()).ignored

    async def examine(self) -> ConnectionReport:
        """Return what an examination of the way to the base URL finds."""
        network = await asyncio.to_thread(self._opened)
        from masking_console.plivo.http_clients import (  # noqa: PLC0415 - loaded by now
            examine,
        )

        return await examine(network)

    def link(self, account: Account) -> Link | None:
        """Return how the connection is doing; None before there is a client.

        The one method for other threads: it reads, and asks nobody.
        """
        client = self._clients.get(account.auth_id)
        if client is None:
            return None
        pace = client.pace
        return Link(
            client.is_online,
            client.latest_elapsed_ms,
            client.waiting_ms,
            pace.per_second,
            pace.closed_for,
            client.unreached,
        )

    async def check_account(self, account: Account) -> AccountDetails:
        """Return what Plivo says of an account that may not be stored yet.

        Raises:
            TokenRefusedError: Plivo refused its credentials.
            PlivoUnavailableError: no answer that can be used.
        """
        async with self._new_client(account) as client:
            return await client.get_account()

    async def aclose(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()
        for pace in self._paces.values():
            pace.close()
        self._paces.clear()

    def _new_client(self, account: Account) -> "PlivoClient":
        network = self._opened()
        from masking_console.plivo.client import PlivoClient  # noqa: PLC0415 - loaded by now

        # The limit is the account's, so a new token does not bring new permits.
        pace = self._paces.get(account.auth_id)
        if pace is None:
            pace = Pace(self._settings.share, shared=self._permits(account))
            self._paces[account.auth_id] = pace
        return PlivoClient(
            account, self._settings, pace, network, self._stopwatch, self._seen
        )

    def _permits(self, account: Account) -> SharedPermits | None:
        """Return what this account's consoles share; None where each is by itself."""
        if self._settings.practice:
            # Each console has a simulated account of its own.
            return None
        name = hashlib.sha256(account.auth_id.encode()).hexdigest()[:12]
        path = self._settings.journal_path.with_name(f"pace-{name}.bin")
        try:
            return SharedPermits(path)
        except OSError:
            # A folder that cannot be written: nothing is expired then, either.
            return None

    def _opened(self) -> "Network":
        """Return the way to the base URL, one for all accounts; loads httpx."""
        from masking_console.plivo.network import Network  # noqa: PLC0415 - see warm_up

        with self._turn:
            if self._network is None:
                self._network = Network(
                    self._settings, self._new_transport, self._environment, reach_words
                )
            return self._network
