"""Crash reports: exception types, files and line numbers, and nothing else.

Textual shows a traceback with local variables, and a message or a source line of
somebody else's exception can carry a token or a phone number just as well.
"""

import asyncio
import contextlib
import os
import platform
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from traceback import walk_tb
from typing import Any, Generic

from rich.console import RenderableType
from textual.app import App, ReturnType
from textual.features import parse_features
from textual.worker import WorkerFailed

from masking_console import __version__
from masking_console.errors import InputError
from masking_console.models.plain_text import plain_text
from masking_console.paths import (
    APP_NAME,
    make_private_folder,
    make_private_subfolder,
    open_private,
    state_dir,
)

CRASH_RETURN_CODE = 1
"""Textual's code for an app that ended by an unhandled exception."""

_MAX_ERRORS = 20
_MAX_FRAMES = 60
_MAX_LOST_ERRORS = 5
_PACKAGE = __name__.partition(".")[0]


def refuse_spying_environment(environ: Mapping[str, str], *, practice: bool) -> None:
    """Refuse Textual's settings that record keys or the screen, or press keys.

    Raises:
        InputError: one is set, and the account is not the simulated one.
    """
    if practice:
        return
    spying = {
        "TEXTUAL_LOG": bool(environ.get("TEXTUAL_LOG")),
        "TEXTUAL_DEBUG": environ.get("TEXTUAL_DEBUG") == "1",
        "TEXTUAL": bool(
            parse_features(environ.get("TEXTUAL", "")) & {"devtools", "debug"}
        ),
        "TEXTUAL_SCREENSHOT": bool(environ.get("TEXTUAL_SCREENSHOT")),
    }
    for name, is_set in spying.items():
        if is_set:
            raise InputError(f"Unset {name}: it records what you type, see or send.")
    if environ.get("TEXTUAL_PRESS"):
        raise InputError("Unset TEXTUAL_PRESS: it presses keys that nobody pressed.")


def crash_report(error: BaseException) -> str:
    """Return the error and what led to it as types, files, lines and functions."""
    from importlib.metadata import version  # noqa: PLC0415 - brings e-mail along

    lines = [
        f"{APP_NAME} {__version__}, Textual {version('textual')}",
        f"Python {platform.python_version()}, {platform.system()}",
        datetime.now(UTC).isoformat(timespec="seconds"),
    ]
    for relation, linked in islice(_linked_errors(error), _MAX_ERRORS):
        lines += ["", f"{relation}{_type_name(linked)}"]
        places = [f"    {place}" for place in _places(linked)]
        if len(places) > _MAX_FRAMES:
            half = _MAX_FRAMES // 2
            left_out = f"    ... {len(places) - _MAX_FRAMES} more"
            places = [*places[:half], left_out, *places[-half:]]
        lines += places
    return "\n".join(lines) + "\n"


def write_crash_file(error: BaseException) -> Path | None:
    """Write the report where only this person can read it; ``None`` if impossible."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S-%f")
    try:
        folder = state_dir() / "crashes"
        make_private_folder(folder.parent)
        make_private_subfolder(folder)
        path = folder / f"crash-{stamp}-{os.getpid()}.txt"
        descriptor = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(crash_report(error))
    except OSError:
        return None
    return path


def crash_message(error: BaseException, file: Path | None) -> str:
    """Return the lines for the terminal: where it was, and nothing of its values."""
    return _message(_headline(error), file)


class CrashSafeApp(App[ReturnType], Generic[ReturnType]):
    """An app whose crash shows a short message and leaves a crash file."""

    crash_message: str | None = None
    """Text to print after a crash; None before one."""
    crash_file: Path | None = None
    """Path of the report, if it could be written."""
    _lost_errors = 0

    @property
    def return_code(self) -> int | None:
        """The exit code; a late `exit` does not turn a crash into success."""
        return CRASH_RETURN_CODE if self.crash_message else super().return_code

    def on_load(self) -> None:
        # asyncio's own handler prints the message of an exception that nobody awaited.
        asyncio.get_running_loop().set_exception_handler(self._note_lost_error)

    def panic(self, *_renderables: RenderableType) -> None:
        # They are tracebacks; what they hold cannot be known.
        self.crash_message = self.crash_message or _message("an error", None)
        self._close_messages_no_wait()

    def _fatal_error(self) -> None:
        # Textual's shows a traceback with local variables.
        self._close_messages_no_wait()

    def _handle_exception(self, error: Exception) -> None:
        # Only the first one is told: the others are mostly what it led to.
        if self.crash_message is None:
            self.crash_file = write_crash_file(error)
            self.crash_message = crash_message(error, self.crash_file)
        super()._handle_exception(error)

    def _print_error_renderables(self) -> None:
        if self.crash_message is None:
            super()._print_error_renderables()
            return
        self._exit_renderables.clear()
        with contextlib.suppress(OSError):
            # A path must not be cut in two lines, or it cannot be copied.
            self.error_console.print(self.crash_message, soft_wrap=True)

    def _note_lost_error(
        self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]
    ) -> None:
        """Write down an error of a task that nobody waits for; the app goes on."""
        error = context.get("exception")
        if isinstance(error, Exception) and self._lost_errors < _MAX_LOST_ERRORS:
            self._lost_errors += 1
            write_crash_file(error)


def _message(what: str, file: Path | None) -> str:
    """Return the lines for the terminal."""
    return "\n".join(
        [
            f"{APP_NAME} stopped because of {what}.",
            "Each request was written to the journal before it was sent.",
            f"Details, without your data: {plain_text(str(file), limit=4096)}"
            if file
            else "No crash file could be written.",
        ]
    )


def _headline(error: BaseException) -> str:
    """Return the type of the error and the last place of ours that it passed."""
    cause = _unwrapped(error)
    places = list(_places(cause))
    ours = [place for place in places if place.startswith(f"{_PACKAGE}/")]
    return " at ".join([_type_name(cause), *(ours or places)[-1:]])


def _linked_errors(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    """Yield the error, its causes, contexts and parts, each with its relation."""
    waiting: list[tuple[str, BaseException]] = [("", error)]
    seen: set[int] = set()
    while waiting:
        relation, wrapped = waiting.pop(0)
        current = _unwrapped(wrapped)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield relation, current
        if current.__cause__ is not None:
            waiting.append(("caused by ", current.__cause__))
        elif current.__context__ is not None and not current.__suppress_context__:
            waiting.append(("while handling ", current.__context__))
        if isinstance(current, BaseExceptionGroup):
            waiting += [("part of it: ", part) for part in current.exceptions]


def _unwrapped(error: BaseException) -> BaseException:
    """Return what happened in a worker instead of the wrapper, which has no frames."""
    return error.error if isinstance(error, WorkerFailed) else error


def _type_name(error: BaseException) -> str:
    kind = type(error)
    is_builtin = kind.__module__ == "builtins"
    return kind.__qualname__ if is_builtin else f"{kind.__module__}.{kind.__qualname__}"


def _places(error: BaseException) -> Iterator[str]:
    """Yield ``file:line function`` for each frame, outermost first."""
    for frame, line in walk_tb(error.__traceback__):
        code = frame.f_code
        yield f"{_short_path(code.co_filename)}:{line} {code.co_qualname}"


def _short_path(filename: str) -> str:
    """Return the path from the package on, without the folders of this computer."""
    parts = Path(filename).parts
    for first, offset in ((_PACKAGE, 0), ("site-packages", 1)):
        if first in parts:
            index = len(parts) - 1 - parts[::-1].index(first) + offset
            return "/".join(parts[index:])
    return "/".join(parts[-2:])
