"""The credentials of the simulated account; they open nothing else."""

import base64
import hmac

from masking_console.models.account import (
    Account,
    AccountName,
    AccountSource,
    AuthId,
    AuthToken,
)

PRACTICE_AUTH_ID = AuthId("MAPRACTICE0000007Q2X")
"""The Auth ID of the simulated account."""
PRACTICE_TOKEN = "practice-token-that-opens-nothing-real-0"  # noqa: S105 - made up
"""Its Auth Token, which is public on purpose."""

_EXPECTED = base64.b64encode(f"{PRACTICE_AUTH_ID}:{PRACTICE_TOKEN}".encode())
PRACTICE_HEADER = f"Basic {_EXPECTED.decode()}"
"""The header that a client sends with them, for a server that echoes it."""


def practice_account() -> Account:
    """Return the simulated account as an operator uses it."""
    return Account(
        name=AccountName("practice"),
        auth_id=PRACTICE_AUTH_ID,
        auth_token=AuthToken(PRACTICE_TOKEN),
        source=AccountSource.PRACTICE,
    )


def signs_in(authorization: bytes) -> bool:
    """Return whether the value of an ``Authorization`` header is the right one.

    What came is compared and never decoded: somebody may send a real token by mistake.
    """
    scheme, _, credentials = authorization.partition(b" ")
    return scheme.lower() == b"basic" and hmac.compare_digest(
        credentials.strip(), _EXPECTED
    )
