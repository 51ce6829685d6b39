"""Batches as files for a spreadsheet and a program, for the operator alone."""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from masking_console.errors import UnwritableFileError
from masking_console.models.history import BatchRecord
from masking_console.paths import (
    make_private_folder,
    make_private_subfolder,
    open_private,
    why_not,
)
from masking_console.presentation.history import csv_text, json_lines
from masking_console.presentation.run_lines import report


class ExportHistory:
    """Writes what the journal tells; only a report replaces an older one."""

    def __init__(self, journal_path: Path) -> None:
        self._folder = journal_path.with_name("exports")

    def run(self, records: Sequence[BatchRecord]) -> tuple[Path, Path]:
        """Write the batches as CSV and as JSON Lines, and return both paths; blocks.

        Raises:
            UnwritableFileError: the folder cannot be written.
        """
        first = records[0].batch_id
        stem = first if len(records) == 1 else f"{first}-and-{len(records) - 1}-more"
        with self._made("export"):
            return (
                self._write(stem, "csv", csv_text(records)),
                self._write(stem, "jsonl", json_lines(records)),
            )

    def save_report(self, record: BatchRecord) -> Path:
        """Write the hand-over text of a batch and return its path; blocks.

        An older report of the same batch is replaced, all of it or nothing.

        Raises:
            UnwritableFileError: the folder cannot be written.
        """
        # An id from the journal is data: it must not lead out of the folder.
        path = self._folder / f"{Path(record.batch_id).name}.txt"
        new = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
        with self._made("report"):
            try:
                flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
                with os.fdopen(open_private(new, flags), "w", encoding="utf-8") as file:
                    file.write(report(record))
                    file.flush()
                    os.fsync(file.fileno())
                new.replace(path)
            except BaseException:
                with suppress(OSError):
                    new.unlink()
                raise
        return path

    @contextmanager
    def _made(self, what: str) -> Iterator[None]:
        """Have the folder while something is written, and say why it cannot be."""
        try:
            make_private_folder(self._folder.parent)
            make_private_subfolder(self._folder)
            yield
        except OSError as error:
            raise UnwritableFileError(
                f"The {what} cannot be written ({why_not(error)}). Nothing was lost."
            ) from None

    def _write(self, stem: str, ending: str, text: str) -> Path:
        suffix = 1
        while True:
            name = stem if suffix == 1 else f"{stem}-{suffix}"
            path = self._folder / f"{name}.{ending}"
            try:
                flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
                descriptor = open_private(path, flags)
            except FileExistsError:
                suffix += 1
                continue
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            return path
