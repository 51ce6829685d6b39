import io
import os
from pathlib import Path

import pytest

from masking_console.errors import UnusableFileError
from masking_console.operations.read_ids import (
    LARGEST_FILE,
    read_text_file,
    read_text_stream,
)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"one\ntwo\n", "one\ntwo\n"),
        ("\ufeffone é".encode(), "one é"),
        ("one é".encode("utf-16"), "one é"),
        ("one é".encode("utf-32"), "one é"),
        (b"caf\xe9 and more text", "caf\ufffd and more text"),
    ],
)
def test_text_is_read_in_the_usual_encodings(
    tmp_path: Path, content: bytes, text: str
) -> None:
    path = tmp_path / "ids.txt"
    path.write_bytes(content)

    assert read_text_file(path) == text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\x7fELF\0\0", "not a text file"),
        (b"\xff\xfe" + b"\x00\xd8" * 50, "not a text file"),
        (bytes(range(128, 256)), "not a text file"),
    ],
)
def test_what_is_no_text_is_refused_by_name(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "ids.txt"
    path.write_bytes(content)

    with pytest.raises(UnusableFileError, match=rf"ids\.txt.*{words}"):
        read_text_file(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    large, pipe = tmp_path / "large", tmp_path / "pipe"
    with large.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    os.mkfifo(pipe)
    for path, words in (
        (tmp_path, "is not a file"),
        (pipe, "is not a file"),
        (large, "larger than 16 MB"),
        (tmp_path / "missing\x1b[31m", "does not exist"),
        (Path("nul\0l"), "cannot be read"),
    ):
        with pytest.raises(UnusableFileError, match=words) as caught:
            read_text_file(path)
        assert "\x1b" not in str(caught.value)


class Stream(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError(size)


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (Stream(), "A pipe cannot be read."),
        (io.BytesIO(b"x" * (LARGEST_FILE + 1)), "A pipe is larger than 16 MB."),
        (io.BytesIO(b" \n"), "A pipe is empty."),
    ],
)
def test_a_stream_that_cannot_be_used_is_named(stream: io.BytesIO, words: str) -> None:
    with pytest.raises(UnusableFileError, match=words):
        read_text_stream(stream, "A pipe")
