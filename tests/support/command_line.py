"""The command line, run in this process."""

import pytest

from masking_console.cli import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Return the code, the output and the errors of a command."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    captured = capsys.readouterr()
    code = ended.value.code
    assert isinstance(code, int)
    return int(code), captured.out, captured.err
