"""A question to something slow: a keyring that is locked, a program that asks a person.

It runs in a daemon thread, so that what hangs keeps neither the screen nor the end of
the program. After two seconds a word is said, if somebody listens; whoever waits may
stop waiting by a cancel, and it is given up by itself in the end.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TypeVar

from masking_console.errors import CredentialsError

T = TypeVar("T")

IsWanted = Callable[[], bool]
"""Whether somebody still waits for the answer."""
Say = Callable[[str], None]
"""Callback that shows a sentence; called in the event loop that waits."""

WORD_SECONDS = 2.0
"""Time after which the wait is announced."""
_say: ContextVar[Say | None] = ContextVar("say", default=None)


@contextmanager
def saying(say: Say) -> Iterator[None]:
    """Say what is waited for in this task while the block runs."""
    before = _say.set(say)
    try:
        yield
    finally:
        _say.reset(before)


async def asked(
    question: Callable[[IsWanted], T],
    words: str,
    limit_seconds: float,
    word_seconds: float = WORD_SECONDS,
) -> T:
    """Return the answer to a question that blocks.

    Args:
        question: runs in a thread; it may raise nothing but a `CredentialsError`.
        words: what is waited for, as a sentence.
        limit_seconds: it is given up after so long.
        word_seconds: the words are said after so long.

    Raises:
        CredentialsError: the question did.
        TimeoutError: it was given up.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()
    is_given_up = threading.Event()

    def run() -> None:
        deed: Callable[[], None]
        try:
            result = question(lambda: not is_given_up.is_set())
        except CredentialsError as error:
            deed = partial(answer.set_exception, error)
        else:
            deed = partial(answer.set_result, result)
        try:
            loop.call_soon_threadsafe(_unless_done, answer, deed)
        except RuntimeError:
            # The answer came after the end of whoever asked.
            return

    say = _say.get()
    word = loop.call_later(word_seconds, say, words) if say is not None else None
    threading.Thread(target=run, name="keyring", daemon=True).start()
    try:
        async with asyncio.timeout(limit_seconds):
            return await answer
    finally:
        is_given_up.set()
        if word is not None:
            word.cancel()


def _unless_done(answer: "asyncio.Future[T]", deed: Callable[[], None]) -> None:
    if not answer.done():
        deed()
