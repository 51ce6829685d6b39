"""One method per endpoint of Plivo's API.

The DELETE goes out exactly as the documentation gives it: no body, no trailing slash,
HTTP Basic, ``Accept: application/json``. Redirects are never followed, TLS is always
verified, and nothing is ever sent again from in here.
"""

import asyncio
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

import httpx

from masking_console.errors import (
    PlivoUnavailableError,
    RefusedError,
    TokenRefusedError,
)
from masking_console.models.account import Account, AccountDetails, AuthId
from masking_console.models.expiry import RecordedIntent
from masking_console.models.free_text import fit_to_keep
from masking_console.models.plain_text import PlainText, plain_text
from masking_console.models.reach import Unreached
from masking_console.models.session_detail import AnswerShape, SessionDetail
from masking_console.models.session_uuid import SessionUuid
from masking_console.plivo.answers import Answer, SeenAnswers, Verdict
from masking_console.plivo.details import (
    ListQuery,
    SessionPage,
    read_detail,
    read_page,
    shape_lines,
)
from masking_console.plivo.http_clients import LOCATION, HttpClients
from masking_console.plivo.network import Network, Way
from masking_console.plivo.pacing import Pace
from masking_console.plivo.replies import (
    RawReply,
    read_account_details,
    read_account_reply,
    read_api_id,
    read_expire_reply,
    read_list_reply,
    read_session_reply,
)
from masking_console.plivo.unreached import STRANGE_PROXY, Progress, Step
from masking_console.settings import Settings

LARGEST_BODY = 1_048_576
"""Bytes of an answer that are read; a page of 20 sessions has about 40,000."""

# Where no step of a connection is known, the request cannot have reached Plivo when one
# of these is raised. A proxy that refuses counts: it was asked for a tunnel, and
# nothing went through.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
_NO_ANSWER = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    OSError,
    *STRANGE_PROXY,
)


class _BasicAuth(httpx.Auth):
    """Signs each request without keeping the token anywhere but in its account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._account.auth_token.basic_authorization(
            self._account.auth_id
        )
        yield request


class PlivoClient:
    """Plivo's API for one account, on connections that are kept alive; one `Pace`."""

    def __init__(
        self,
        account: Account,
        settings: Settings,
        pace: Pace,
        network: Network | None = None,
        stopwatch: Callable[[], float] = time.perf_counter,
        seen: SeenAnswers | None = None,
    ) -> None:
        self.account = account
        self.pace = pace
        self.is_online: bool | None = None
        self.unreached: Unreached | None = None
        """Reason that the latest request did not get through; None where it did."""
        self.latest_elapsed_ms: int | None = None
        self._settings = settings
        self._stopwatch = stopwatch
        self._seen = seen or SeenAnswers()
        self._auth = _BasicAuth(account)
        self._network = network or Network(settings)
        self._http = HttpClients(self._network)
        self._spent: set[tuple[str, int]] = set()
        self._under_way: dict[httpx.AsyncClient, float] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def warm_up(self) -> None:
        """Find the way and make a connection's client, before one is needed."""
        way = await self._network.way()
        # What is wrong with the environment is said by the first request.
        if way.problem is None:
            self._http.give_back(self._http.take(way))

    @property
    def waiting_ms(self) -> int:
        """Waiting time of the oldest request under way; from any thread."""
        # One copy, because the engine's thread changes it meanwhile.
        starts = list(self._under_way.values())
        return self._since(min(starts)) if starts else 0

    async def expire_session(self, intent: RecordedIntent) -> Answer:
        """Send the one DELETE that a journalled intent allows; the caller has a permit.

        Raises:
            RefusedError: the intent is for another account, or was used already.
        """
        key = (intent.batch.batch_id, intent.sequence)
        if intent.batch.account.auth_id != self.account.auth_id or key in self._spent:
            raise RefusedError("This request was not reviewed for this account.")
        self._spent.add(key)
        reply = await self._send("DELETE", self._session_path(intent.session_uuid))
        if isinstance(reply, Answer):
            return reply
        return self._paced(read_expire_reply(reply, datetime.now(UTC)))

    async def get_session(self, session_uuid: SessionUuid) -> Answer:
        """Return Plivo's description of one session, within the pace."""
        async with self.pace.permit():
            reply = await self._send("GET", self._session_path(session_uuid))
            if isinstance(reply, Answer):
                return reply
            return self._paced(
                read_session_reply(reply, session_uuid, datetime.now(UTC))
            )

    async def get_detail(
        self, session_uuid: SessionUuid
    ) -> tuple[Answer, SessionDetail | None]:
        """Return all that is worth seeing of a session; None where it was not found."""
        async with self.pace.permit():
            reply = await self._send("GET", self._session_path(session_uuid))
        if isinstance(reply, Answer):
            return reply, None
        answer = self._paced(read_session_reply(reply, session_uuid, datetime.now(UTC)))
        if answer.session is None:
            return answer, None
        return answer, read_detail(reply.body, answer.session)

    async def list_sessions(
        self, query: ListQuery
    ) -> tuple[Answer, SessionPage | None]:
        """Return one page of sessions, within the pace; None where there is none."""
        async with self.pace.permit():
            reply = await self._send("GET", self._list_path(query))
        if isinstance(reply, Answer):
            return reply, None
        page = read_page(reply.body)
        answer = self._paced(
            read_list_reply(reply, datetime.now(UTC), is_page=page is not None)
        )
        return answer, page if answer.verdict is Verdict.FOUND else None

    async def shape_of_session(self, session_uuid: SessionUuid) -> AnswerShape:
        """Return the answer for one session, without anything of a person in it."""
        return await self._shape(self._session_path(session_uuid))

    async def shape_of_list(self, query: ListQuery) -> AnswerShape:
        """Return the answer to a list request, likewise."""
        return await self._shape(self._list_path(query))

    async def _shape(self, path: str) -> AnswerShape:
        async with self.pace.permit():
            reply = await self._send("GET", path)
        if isinstance(reply, Answer):
            return AnswerShape(None, reply.elapsed_ms)
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            self.pace.refused(None)
        retry_after = fit_to_keep(reply.retry_after or "", limit=60)
        lines = shape_lines(reply.body)
        return AnswerShape(reply.status, reply.elapsed_ms, retry_after, lines)

    def _list_path(self, query: ListQuery) -> str:
        parameters = urlencode(query.parameters(), quote_via=quote)
        return f"/v1/Account/{self._auth_id_segment}/Masking/Session/?{parameters}"

    async def get_account(self) -> AccountDetails:
        """Return what Plivo says of the account: the cheapest check of a token.

        Raises:
            TokenRefusedError: Plivo answered 401 or 403.
            PlivoUnavailableError: no answer that can be used.
        """
        async with self.pace.permit():
            reply = await self._send("GET", f"/v1/Account/{self._auth_id_segment}/")
        if isinstance(reply, Answer):
            raise PlivoUnavailableError(f"Plivo could not be reached: {reply.detail}.")
        answer = self._paced(
            read_account_reply(reply, self.account.auth_id, datetime.now(UTC))
        )
        if answer.verdict is Verdict.FOUND:
            return read_account_details(reply)
        if answer.verdict in {Verdict.TOKEN_REFUSED, Verdict.FORBIDDEN}:
            raise TokenRefusedError(_refusal(self.account, answer))
        raise PlivoUnavailableError(
            f"The answer cannot be used ({answer.words}). Try again."
        )

    # Ids are built anew from their text, so that not even a forged one gets through.
    @property
    def _auth_id_segment(self) -> str:
        return quote(AuthId(self.account.auth_id), safe="")

    def _session_path(self, session_uuid: SessionUuid) -> str:
        segment = quote(SessionUuid(session_uuid), safe="")
        return f"/v1/Account/{self._auth_id_segment}/Masking/Session/{segment}"

    def _paced(self, answer: Answer) -> Answer:
        if answer.verdict is Verdict.RATE_LIMITED:
            self.pace.refused(answer.retry_after_seconds)
        else:
            self.pace.accepted()
        return answer

    async def _send(self, method: str, path: str) -> RawReply | Answer:
        """Send one request, and note how the connection is doing."""
        reply = await self._request(method, path)
        if isinstance(reply, RawReply):
            self.is_online, self.latest_elapsed_ms = True, reply.elapsed_ms
            self.unreached = None
        elif reply.verdict is Verdict.NOT_SENT:
            self.is_online, self.unreached = False, reply.unreached
        return reply

    async def _request(self, method: str, path: str) -> RawReply | Answer:
        """Return the raw reply, or an `Answer` where there is none that can be used."""
        way = await self._network.way()
        if way.problem is not None:
            barred = self._network.barred(way, way.problem)
            return self._not_sent(barred, self._stopwatch())
        client, progress = self._http.take(way), Progress()
        started = self._under_way[client] = self._stopwatch()
        try:
            async with asyncio.timeout(self._settings.timeouts.total):
                return await self._exchange(client, method, path, progress)
        except _NO_ANSWER as error:
            return await self._broken_off(way, error, progress, started)
        finally:
            del self._under_way[client]
            self._http.give_back(client)

    async def _broken_off(
        self, way: Way, error: Exception, progress: Progress, started: float
    ) -> Answer:
        """Return what is known of a request that brought no answer."""
        if isinstance(error, STRANGE_PROXY) and progress.step is not Step.ASKING_PROXY:
            raise error
        is_first_sign = progress.step is Step.NONE and isinstance(error, _NOT_SENT)
        if progress.is_unsent or is_first_sign:
            await progress.close()
            return self._not_sent(self._network.ended(way, error, progress), started)
        is_late = isinstance(error, httpx.TimeoutException | TimeoutError)
        words = "no answer in time" if is_late else "the connection broke"
        return self._no_answer(Verdict.UNCLEAR, words, started)

    async def _exchange(
        self, client: httpx.AsyncClient, method: str, path: str, progress: Progress
    ) -> RawReply | Answer:
        url, started = self._settings.api_url + path, self._under_way[client]
        steps = {"trace": progress.follow}
        async with client.stream(
            method, url, auth=self._auth, extensions=steps
        ) as response:
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > LARGEST_BODY:
                    return self._no_answer(
                        Verdict.UNCLEAR, "the answer is too large", started
                    )
        api_id = read_api_id(bytes(body))
        is_repeat = self._seen.has_come_before(api_id)
        if (
            is_repeat
            or not api_id
            or self._http.has_leftovers(client, response, len(body))
        ):
            # Whatever else is on this connection answers no question of ours.
            await self._http.throw_away(client)
        # An encoding that we did not ask for makes the body unreadable, and a body that
        # cannot be read is never taken for a success.
        return RawReply(
            status=response.status_code,
            body=bytes(body),
            elapsed_ms=self._since(started),
            retry_after=response.headers.get("Retry-After"),
            reason=response.reason_phrase,
            location=response.extensions.get(LOCATION, ""),
            is_repeat=is_repeat,
            cut_secrets=self._cut_secrets,
        )

    def _cut_secrets(self, text: str) -> str:
        # Tokens are found wherever text is made fit to be kept.
        return text.replace(self.account.auth_id, self.account.auth_id.tail)

    def _not_sent(self, unreached: Unreached, started: float) -> Answer:
        words = plain_text(self._network.in_words(unreached))
        return Answer(
            Verdict.NOT_SENT,
            elapsed_ms=self._since(started),
            detail=words,
            unreached=unreached,
        )

    def _no_answer(self, verdict: Verdict, detail: str, started: float) -> Answer:
        return Answer(
            verdict, elapsed_ms=self._since(started), detail=PlainText(detail)
        )

    def _since(self, started: float) -> int:
        return round((self._stopwatch() - started) * 1000)


def _refusal(account: Account, answer: Answer) -> str:
    """Return the words on an account that was refused when it was to be checked."""
    hint = "Check the Auth ID and the token"
    if not answer.is_plivos:
        hint += ", and the network in between"
    elif answer.verdict is Verdict.FORBIDDEN:
        hint = "This network's address may not be allowed. Ask who manages the account"
    if account.auth_id.is_subaccount:
        hint += ". A sub-account (SA...) may need its main account (MA...)"
    words = answer.words
    return f"{words[:1].upper()}{words[1:]}. {hint}."
