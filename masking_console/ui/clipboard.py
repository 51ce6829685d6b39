"""Copies text: through the desktop's own tool, else through the terminal."""

import asyncio
import base64
import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, unique
from typing import Any

from textual.app import App

TOOL_SECONDS = 2.0
"""Time limit of a tool; a clipboard without a desktop behind it never answers."""

MAX_ENCODED_BYTES = 74_000
"""Longest OSC 52 sequence that terminals take; k9s found this figure."""


_SCREEN_PIECE = 240


class Multiplexer(Enum):
    """Programs between us and the terminal."""

    SCREEN = "GNU screen"
    """Hands on what is wrapped, in short pieces."""
    TMUX = "tmux"
    """Takes the sequence itself, or hands it on, as it is set."""


@unique
class CopyRoute(Enum):
    """Route of a copied text, which decides what may be claimed about it."""

    DESKTOP = "desktop"
    """A tool of this computer took it."""
    TERMINAL = "terminal"
    """Sent to the terminal, which does not say whether it took it."""
    TOO_LARGE = "too large"
    """Not copied: a terminal would drop it."""


@dataclass(frozen=True, slots=True)
class CopyReport:
    """Result of copying a text."""

    route: CopyRoute
    """Its route."""

    @property
    def is_sent(self) -> bool:
        """Whether the text left at all."""
        return self.route is not CopyRoute.TOO_LARGE

    def sentence(self, what: str) -> str:
        """Return what to tell the operator; ``what`` is such as ``12 ids``."""
        match self.route:
            case CopyRoute.DESKTOP:
                return f"Copied {what}."
            case CopyRoute.TERMINAL:
                return f"Sent {what} to your terminal. If paste is empty, it refused."
            case CopyRoute.TOO_LARGE:
                return f"Not copied: {what} is more than a terminal takes."


@dataclass(frozen=True, slots=True)
class _Tool:
    """A program that puts its standard input on the clipboard."""

    name: str
    options: tuple[str, ...] = ()
    encoding: str = "utf-8"


# Without a type, wl-copy runs another program to guess one.
_WL_COPY = _Tool("wl-copy", ("--type", "text/plain"))
_XCLIP = _Tool("xclip", ("-selection", "clipboard"))
# clip.exe takes other bytes for the old code page of the computer.
_CLIP = _Tool("clip.exe", encoding="utf-16-le")
_PBCOPY = _Tool("pbcopy")


async def copy_text(app: App[Any], text: str) -> CopyReport:
    """Copy the text and say how.

    Over ssh the desktop's tools would fill a clipboard that the operator cannot see,
    so the text goes to the terminal in front of them.
    """
    for tool in _local_tools(os.environ, sys.platform):
        if await _hand_to(tool, text):
            return CopyReport(CopyRoute.DESKTOP)
    encoded = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    if len(encoded) > MAX_ENCODED_BYTES:
        return CopyReport(CopyRoute.TOO_LARGE)
    driver = app._driver  # noqa: SLF001 - the only way to write a sequence of our own
    between = multiplexer(os.environ)
    if between is Multiplexer.SCREEN and driver is not None:
        driver.write(_for_screen(f"\x1b]52;c;{encoded}\a"))
        return CopyReport(CopyRoute.TERMINAL)
    app.copy_to_clipboard(text.encode("utf-8", "replace").decode())
    if between is Multiplexer.TMUX and driver is not None:
        # tmux takes the plain sequence with `set-clipboard on`, and hands the wrapped
        # one on with `allow-passthrough on`; nobody can see from here which is set.
        driver.write(f"\x1bPtmux;\x1b\x1b]52;c;{encoded}\a\x1b\\")
    return CopyReport(CopyRoute.TERMINAL)


def multiplexer(environ: Mapping[str, str]) -> Multiplexer | None:
    """Return the program between us and the terminal that has to be told to pass on.

    Where both are, the inner one cannot be told; screen would show a long sequence that
    it is not asked to pass on, tmux drops it.
    """
    if environ.get("STY"):
        return Multiplexer.SCREEN
    return Multiplexer.TMUX if environ.get("TMUX") else None


def route_words(environ: Mapping[str, str], platform: str) -> str:
    """Return where a text goes that is copied here."""
    names = (tool.name for tool in _local_tools(environ, platform))
    name = next(filter(shutil.which, names), "")
    if name:
        return f"{name}, of this computer"
    between = multiplexer(environ)
    through = f", through {between.value}" if between is not None else ""
    return f"the terminal{through} (OSC 52), which may refuse it"


def _for_screen(sequence: str) -> str:
    """Return a sequence in pieces that GNU screen hands on as they are.

    It shows what is longer than it can keep, 768 bytes and in older versions 256,
    and does not know the plain sequence.
    """
    starts = range(0, len(sequence), _SCREEN_PIECE)
    pieces = (sequence[start : start + _SCREEN_PIECE] for start in starts)
    return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)


def _local_tools(environ: Mapping[str, str], platform: str) -> Iterator[_Tool]:
    """Yield the tools whose clipboard is the one in front of the operator."""
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return
    if platform == "darwin":
        yield _PBCOPY
    if platform == "win32" or environ.get("WSL_DISTRO_NAME"):
        yield _CLIP
    if environ.get("WAYLAND_DISPLAY"):
        yield _WL_COPY
    if environ.get("DISPLAY"):
        yield _XCLIP


async def _hand_to(tool: _Tool, text: str) -> bool:
    """Return whether the tool is there and took the text."""
    path = shutil.which(tool.name)
    if path is None:
        return False
    try:
        # Never in an argument, which every user of the computer can read.
        process = await asyncio.create_subprocess_exec(
            path,
            *tool.options,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=_environment_for_tools(os.environ),
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(TOOL_SECONDS):
            await process.communicate(text.encode(tool.encoding, "replace"))
    except TimeoutError:
        return False
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return process.returncode == 0


def _environment_for_tools(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without secrets, since some tools stay and serve.

    pbcopy takes its input for an old Apple encoding unless the locale says otherwise.
    """
    kept = {name: value for name, value in environ.items() if "PLIVO" not in name}
    return kept | {"LC_CTYPE": "UTF-8"} if sys.platform == "darwin" else kept
