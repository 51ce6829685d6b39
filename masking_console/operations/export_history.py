"""Batches as files for a spreadsheet and a program, for the operator alone."""

import os
from collections.abc import Sequence
from pathlib import Path

from masking_console.errors import UnwritableFileError
from masking_console.models.history import BatchRecord
from masking_console.paths import (
    UnsafePathError,
    make_private_folder,
    make_private_subfolder,
    open_private,
)
from masking_console.presentation.history import csv_text, json_lines


class ExportHistory:
    """Writes what the journal tells; an existing file is never replaced."""

    def __init__(self, journal_path: Path) -> None:
        self._folder = journal_path.with_name("exports")

    def run(self, records: Sequence[BatchRecord]) -> tuple[Path, Path]:
        """Write the batches as CSV and as JSON Lines, and return both paths; blocks.

        Raises:
            UnwritableFileError: the folder cannot be written.
        """
        first = records[0].batch_id
        stem = first if len(records) == 1 else f"{first}-and-{len(records) - 1}-more"
        try:
            make_private_folder(self._folder.parent)
            make_private_subfolder(self._folder)
            return (
                self._write(stem, "csv", csv_text(records)),
                self._write(stem, "jsonl", json_lines(records)),
            )
        except UnsafePathError as error:
            raise UnwritableFileError(
                f"The export cannot be written ({error}). Nothing was lost."
            ) from None
        except OSError as error:
            why = os.strerror(error.errno).lower() if error.errno else "no access"
            raise UnwritableFileError(
                f"The export cannot be written ({why}). Nothing was lost."
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
