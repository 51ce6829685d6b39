"""A file of ids, as text to be read like any paste."""

import codecs
import stat
from pathlib import Path
from typing import BinaryIO

from masking_console.errors import UnusableFileError
from masking_console.models.plain_text import plain_text

LARGEST_FILE = 16 * 1024 * 1024
"""Bytes; 400,000 ids with a line each."""


def read_text_file(path: Path) -> str:
    """Return the text of a regular file.

    Raises:
        UnusableFileError: it is missing, no regular file, not readable, empty, too
            large or binary.
    """
    name = plain_text(path.name or str(path), limit=60)
    try:
        # Before it is opened: opening a pipe waits for its writer for ever.
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnusableFileError(f"{name} is not a file. Give a text file of ids.")
        with path.open("rb") as file:
            # A file that grows, or does not tell its size, has an end here as well.
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise UnusableFileError(f"{name} does not exist. Check the path.") from None
    except (OSError, ValueError):
        raise UnusableFileError(f"{name} cannot be read. Check its rights.") from None
    if len(content) > LARGEST_FILE:
        raise UnusableFileError(f"{name} is larger than 16 MB. Split it.")
    return _text_of(content, name)


def read_text_stream(stream: BinaryIO, name: str) -> str:
    """Return the text of a stream to its end.

    Raises:
        UnusableFileError: it is not readable, empty, too large or binary.
    """
    try:
        content = stream.read(LARGEST_FILE + 1)
    except OSError:
        raise UnusableFileError(f"{name} cannot be read.") from None
    if len(content) > LARGEST_FILE:
        raise UnusableFileError(f"{name} is larger than 16 MB. Split it.")
    return _text_of(content, name)


def _text_of(content: bytes, name: str) -> str:
    text = _decoded(content)
    if text is None:
        raise UnusableFileError(f"{name} is not a text file. Give a text file of ids.")
    if not text.strip():
        raise UnusableFileError(f"{name} is empty. Give a text file of ids.")
    return text


def _decoded(content: bytes) -> str | None:
    """Return the text, or None where the bytes are none; UTF-16 needs its mark."""
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        # First: the mark of UTF-32 begins with that of UTF-16.
        text = content.decode("utf-32", "replace")
    elif content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = content.decode("utf-16", "replace")
    elif b"\0" in content:
        return None
    else:
        text = content.decode("utf-8-sig", "replace")
    strange = text.count("\ufffd")
    return None if strange > len(text) // 4 else text
