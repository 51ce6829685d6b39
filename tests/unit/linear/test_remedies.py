"""Remedies in the words of the command line."""

import pytest

from masking_console.errors import CredentialsError, RefusedError, Remedy
from masking_console.linear.exit_code import with_remedy


@pytest.mark.parametrize(
    ("remedy", "step"),
    [
        (Remedy.NONE, ""),
        (Remedy.CHOOSE_ACCOUNT, " Choose one with --account."),
        (
            Remedy.REPLACE_TOKEN,
            " Replace its token in the console, among the accounts.",
        ),
        (Remedy.CHOOSE_PORT, " Try --port 0."),
        (Remedy.TURN_WRITES_ON, ""),
    ],
)
def test_the_step_of_the_command_line_stands_behind_the_sentence(
    remedy: Remedy, step: str
) -> None:
    assert with_remedy(CredentialsError("No.", remedy)) == f"No.{step}"


def test_an_error_has_no_remedy_unless_one_is_given() -> None:
    assert RefusedError("No.").remedy is Remedy.NONE
    assert with_remedy(RefusedError("No.")) == "No."
