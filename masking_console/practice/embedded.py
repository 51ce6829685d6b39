"""The simulated account inside the console: what ``--practice`` uses."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from masking_console.models.account import Account
from masking_console.practice.exchange import practice_account
from masking_console.practice.faults import Mark
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.practice.stored_session import EXPIRED, StoredSession

if TYPE_CHECKING:
    import httpx

    from masking_console.practice.exchange import Application


UNKNOWN_ID = "9fe6cba9-4d0e-4b62-a1c7-5e08d2f3b917"
"""A session id that the simulated account does not know."""

_LONGEST_OPEN = timedelta(days=2)

_TEXT = """\
OPS-4812  customer says calls still go through, please switch these off

{plain[0]}
{plain[1]}
{comes_back}   <- does this one come back?

12:01:44 INFO  masking GET /v1/Account/MA../Masking/Session/{slow}/ 200 61 ms
12:01:45 WARN  masking session_uuid={error_twice} still active
12:01:45 WARN  masking session_uuid={rate_limited_once} still active
12:01:46 INFO  masking session_uuid={plain[0]} seen again

{{"api_id":"7d962130-8eb6-49f1-920b-ae4d1c52f608","response":{{"objects":[
  {{"session_uuid":"{in_call}","status":"in-progress"}},
  {{"session_uuid":"{lost_answer}","status":"active"}},
  {{"session_uuid":"{expired[0]}","status":"expired"}}]}}}}

session_uuid,ticket
{plain[2]},OPS-4799
{plain[3]},OPS-4801
{expired[1]},OPS-4803
{unknown},OPS-4806

marta: also {plain[4]}, {plain[5]} and {plain[6]}
marta: and this one, it was cut off in the chat: 609bf6df-28c1-4e7
"""


def sample_paste(account: SimulatedAccount) -> str:
    """Return a text with 16 session ids, one of them twice, and traps between them.

    Five misbehave, one is in a call, two are expired, one is not on the account; an
    ``api_id`` and a cut id are to be left out.

    Raises:
        ValueError: the account has too few ordinary sessions.
    """
    marked = account.marked
    plain = _ids(account, "active", 7)
    expired = _ids(account, EXPIRED, 1)
    return _TEXT.format(
        plain=plain,
        expired=(marked[Mark.EXPIRED], *expired),
        unknown=UNKNOWN_ID,
        in_call=marked[Mark.IN_CALL],
        comes_back=marked[Mark.COMES_BACK],
        slow=marked[Mark.SLOW],
        error_twice=marked[Mark.ERROR_TWICE],
        rate_limited_once=marked[Mark.RATE_LIMITED_ONCE],
        lost_answer=marked[Mark.LOST_ANSWER],
    )


def _ids(account: SimulatedAccount, status: str, count: int) -> list[str]:
    found = [str(session.session_uuid) for session in _ordinary(account, status)]
    if len(found) < count:
        raise ValueError("The account has too few sessions for a sample.")
    # From all over the first days rather than the newest in a row.
    return found[:: len(found) // count][:count]


def _ordinary(account: SimulatedAccount, status: str) -> Iterator[StoredSession]:
    """Yield recent sessions without a mark that keep their status for a while."""
    special = set(account.marked.values())
    now = account.now
    for session in account.sessions:
        is_recent = now - session.created_time < _LONGEST_OPEN
        ends_soon = now < session.expiry_time < now + timedelta(minutes=5)
        is_wanted = session.status_at(now) == status and is_recent and not ends_soon
        if is_wanted and session.session_uuid not in special:
            yield session


class EmbeddedPractice(NamedTuple):
    """Parts of practice mode."""

    account: Account
    """The account to sign in with."""
    text: str
    """A text to practice pasting with; empty where the account has too little."""
    new_transport: "Callable[[], httpx.AsyncBaseTransport]"
    """Makes one connection to the simulated service."""
    simulated: SimulatedAccount
    """The account itself, for drills."""


def open_practice(account: SimulatedAccount | None = None) -> EmbeddedPractice:
    """Return a simulated account, ready to be used; a new one unless one is given."""
    simulated = account or SimulatedAccount()
    try:
        text = sample_paste(simulated)
    except ValueError:
        text = ""
    return EmbeddedPractice(practice_account(), text, _Connector(simulated), simulated)


class _Connector:
    """Makes transports; imports httpx at the first request only."""

    def __init__(self, account: SimulatedAccount) -> None:
        self._account = account
        self._application: Application | None = None

    def __call__(self) -> "httpx.AsyncBaseTransport":
        """Return one connection; all of them reach the same account."""
        # With httpx, which the first key does not wait for.
        from masking_console.practice.server import practice_app  # noqa: PLC0415
        from masking_console.practice.transport import (  # noqa: PLC0415
            PracticeTransport,
        )

        if self._application is None:
            self._application = practice_app(self._account)
        return PracticeTransport(self._application)
