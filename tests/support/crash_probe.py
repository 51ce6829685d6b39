"""An app that crashes where it is told to, with a secret in everything around.

Run as ``python -m tests.support.crash_probe PLACE``; the secret comes by environment.
"""

import asyncio
import functools
import os
import sys
from typing import NoReturn

import httpx
import msgspec
from textual.app import ComposeResult
from textual.widgets import Static

from masking_console.ui.crash import CrashSafeApp
from masking_console.ui.terminal import console_driver_class


class Envelope(msgspec.Struct):
    """Something that shows all of itself in its repr."""

    token: str


class PrettyError(Exception):
    """An exception that brings its own form for the screen."""

    def __rich__(self) -> str:
        return f"pretty {self.args}"


def fail(kind: type[Exception] = ValueError) -> NoReturn:
    secret = os.environ["PROBE_SECRET"]
    as_bytes = secret.encode()
    in_dict, in_list = {"token": secret}, [secret]
    struct = Envelope(secret)
    bound = functools.partial(print, secret)
    headers = httpx.Headers({"X-Token": secret})
    everything = (as_bytes, in_dict, in_list, struct, bound, headers.multi_items())
    cause = KeyError(secret)
    cause.add_note(secret)
    raise kind(f"{secret} {everything}") from cause


class Failing(Static):
    """Fails in one of a widget's own places."""

    def __init__(self, place: str) -> None:
        super().__init__("fine")
        self._place = place

    def render(self) -> str:
        return fail() if self._place == "render" else "fine"

    def compose(self) -> ComposeResult:
        if self._place == "widget-compose":
            fail()
        yield from ()


class CrashProbe(CrashSafeApp[None]):
    """Fails at the given place, or when a key is pressed."""

    def __init__(self, place: str) -> None:
        super().__init__(driver_class=console_driver_class())
        self._place = place

    def compose(self) -> ComposeResult:
        if self._place == "compose":
            fail()
        yield Failing(self._place)

    def on_mount(self) -> None:
        if self._place == "mount":
            fail()
        if self._place == "css":
            self.stylesheet.add_source(f"{os.environ['PROBE_SECRET']} {{ !!! }}")
            self.refresh_css()

    async def on_key(self) -> None:
        match self._place:
            case "handler":
                fail()
            case "rich":
                fail(PrettyError)
            case "timer":
                self.set_timer(0.01, fail)
            case "worker":
                self.run_worker(self._work(), exit_on_error=True)
            case "thread-worker":
                self.run_worker(fail, thread=True, exit_on_error=True)
            case "group":
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._work())
            case "lost-task":
                asyncio.create_task(self._work())  # noqa: RUF006 - lost on purpose
                await asyncio.sleep(0)
                self.exit()
            case _:
                self.exit()

    async def _work(self) -> None:
        fail()


def main() -> int:
    app = CrashProbe(sys.argv[1])
    app.run()
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main())
