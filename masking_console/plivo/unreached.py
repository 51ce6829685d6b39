"""Reason that a request has not left, read from its steps and the error.

httpcore tells each step of a connection as it begins. That is the evidence for both: a
request of which not a byte was written was not sent, however the attempt ended; and a
step names whose fault it is, the proxy's or that of what lies behind.
"""

import errno
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from http import HTTPStatus
from importlib.util import find_spec
from typing import Any

import httpcore
import httpx

from masking_console.models.plain_text import PlainText
from masking_console.models.reach import Obstacle, ProxyPlace, Unreached
from masking_console.plivo.certificates import RefusedCertificateError

if find_spec("socksio"):
    from socksio.exceptions import SOCKSError
else:  # pragma: no cover - the tests have it

    class SOCKSError(Exception):  # type: ignore[no-redef]
        """Error in place of one whose package is not installed."""


STRANGE_PROXY = (SOCKSError, AssertionError, LookupError, ValueError)
"""Errors that httpcore lets through where a SOCKS proxy does not answer as one."""

_NO_NETWORK = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}
)
_SOCKS_WANTS_LOGIN = ("Invalid username/password", "Requested ")
"""The beginnings of httpcore's words where a SOCKS proxy wants another sign-in."""


class Step(Enum):
    """Step that a request has come to."""

    NONE = "none"
    """No step is known."""
    CONNECTING = "connecting"
    """The first host's name is looked up, and it is connected to."""
    FIRST_TLS = "first TLS"
    """TLS with the first host, which is the proxy where there is one."""
    ASKING_PROXY = "asking the proxy"
    """The proxy is asked for a connection."""
    TLS_THROUGH = "TLS through the proxy"
    """TLS with the host, through the proxy."""
    SENDING = "sending"
    """The request itself; from here on it may have been received."""


_STEPS = {
    "connection.connect_tcp.started": Step.CONNECTING,
    "connection.start_tls.started": Step.FIRST_TLS,
    "proxy.start_tls.started": Step.TLS_THROUGH,
    "socks.connect_tcp.started": Step.CONNECTING,
    "socks.setup_socks5_connection.started": Step.ASKING_PROXY,
    "socks.start_tls.started": Step.TLS_THROUGH,
}
_REQUEST = "http11.send_request_headers.started"
_ANSWER = "http11.receive_response_headers.complete"
_CONNECTED = ".connect_tcp.complete"
_AT_PROXY = frozenset({Step.CONNECTING, Step.FIRST_TLS, Step.ASKING_PROXY})


class Progress:
    """The steps of one request; `follow` is the ``trace`` of its extensions."""

    def __init__(self) -> None:
        self.step = Step.NONE
        """The latest step that has begun."""
        self.proxy_status: int | None = None
        """The status code with which a proxy has answered."""
        self._stream: httpcore.AsyncNetworkStream | None = None

    async def follow(self, event: str, info: Mapping[str, Any]) -> None:
        """Note a step; httpcore calls it before each."""
        if event == _REQUEST:
            is_to_proxy = info["request"].method == b"CONNECT"
            self.step = Step.ASKING_PROXY if is_to_proxy else Step.SENDING
        elif event == _ANSWER and self.step is Step.ASKING_PROXY:
            self.proxy_status = int(info["return_value"][1])
        elif event.endswith(_CONNECTED):
            self._stream = info["return_value"]
        else:
            self.step = _STEPS.get(event, self.step)

    async def close(self) -> None:
        """Close the connection; httpcore leaves one open that a SOCKS proxy refused."""
        if self._stream is not None:
            await self._stream.aclose()

    @property
    def is_unsent(self) -> bool:
        """Whether it is proved that not a byte of the request was written."""
        return self.step not in {Step.NONE, Step.SENDING}


def unreached_by(
    error: Exception,
    progress: Progress,
    *,
    host: PlainText,
    proxy: ProxyPlace | None,
    trust: tuple[str, ...],
) -> Unreached:
    """Return what ended an attempt before the request left."""
    refused = _first(error, RefusedCertificateError)
    return Unreached(
        obstacle=_obstacle(error, progress),
        host=host,
        proxy=proxy,
        is_at_proxy=proxy is not None and progress.step in _AT_PROXY,
        status=progress.proxy_status,
        refused=refused.fault if refused else None,
        said=refused.words if refused else PlainText(""),
        certificate=refused.certificate if refused else None,
        trust=trust,
    )


def _obstacle(error: Exception, progress: Progress) -> Obstacle:
    if progress.step is Step.ASKING_PROXY:
        return _obstacle_at_proxy(error, progress.proxy_status)
    causes = [each for each in _causes(error) if not isinstance(each, _WAITS)]
    # The most telling comes first: of several addresses one may have refused while
    # there is no way to another.
    for kind, obstacle in _OBSTACLES:
        if any(isinstance(cause, kind) for cause in causes):
            return obstacle
    if any(getattr(cause, "errno", None) in _NO_NETWORK for cause in causes):
        return Obstacle.NETWORK
    is_in_tls = progress.step in {Step.FIRST_TLS, Step.TLS_THROUGH}
    return Obstacle.BROKEN if is_in_tls else Obstacle.OTHER


_OBSTACLES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Obstacle], ...]
_OBSTACLES = (
    (ssl.SSLCertVerificationError, Obstacle.CERTIFICATE),
    ((ssl.SSLEOFError, ssl.SSLZeroReturnError), Obstacle.BROKEN),
    (ssl.SSLError, Obstacle.TLS),
    (socket.gaierror, Obstacle.NAME),
    (ConnectionRefusedError, Obstacle.REFUSED),
    ((httpx.TimeoutException, TimeoutError), Obstacle.TIME),
    (ConnectionError, Obstacle.BROKEN),
)


_WAITS = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""No failures: TLS has to wait, and something else ends the wait."""


def _obstacle_at_proxy(error: Exception, status: int | None) -> Obstacle:
    """Return what ended the request to a proxy for a connection."""
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return Obstacle.PASSWORD
    if status is not None:
        return Obstacle.DECLINED
    if isinstance(error, httpx.ProxyError):
        # Only SOCKS; httpcore has nothing but words for what the proxy has said.
        is_about_login = str(error).startswith(_SOCKS_WANTS_LOGIN)
        return Obstacle.PASSWORD if is_about_login else Obstacle.DECLINED
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return Obstacle.TIME
    return Obstacle.NO_PROXY


def _first(
    error: Exception, kind: type[RefusedCertificateError]
) -> RefusedCertificateError | None:
    return next((each for each in _causes(error) if isinstance(each, kind)), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that led to it."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        members: Iterable[BaseException] = ()
        if isinstance(each, BaseExceptionGroup):
            members = each.exceptions
        waiting += [each.__cause__, each.__context__, *members]
