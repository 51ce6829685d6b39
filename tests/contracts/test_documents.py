import re
from pathlib import Path

import click
import pytest

from masking_console.cli.commands import cli
from masking_console.config_keys import allowed
from masking_console.errors import ExitCode
from masking_console.practice.faults import ODD_ANSWERS
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.presentation.guide import FOLDER, TOPICS
from masking_console.ui.app import ConsoleApp
from masking_console.ui.keys.keymap import acts
from masking_console.ui.main.screen import MainScreen
from masking_console.ui.widgets.queue_table import QueueTable

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PAGES = {
    topic: (FOLDER / f"{topic}.md").read_text(encoding="utf-8") for topic in TOPICS
}
GUIDE = "\n".join(PAGES.values())
_TESTS = r"`(tests/[\w/.]+)`"
_MODULES = r"`((?:plivo|operations|models|journal|presentation|ui)/[\w/.]*)`"


@pytest.mark.parametrize("path", sorted(set(re.findall(_TESTS, CONTRIBUTING))))
def test_the_tests_that_contributing_names_are_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("path", sorted(set(re.findall(_MODULES, CONTRIBUTING))))
def test_the_modules_that_contributing_names_are_there(path: str) -> None:
    assert (ROOT / path).exists() or (ROOT / "masking_console" / path).exists()


@pytest.mark.parametrize("path", re.findall(r"\]\((screenshots/[^)]+)\)", README))
def test_the_pictures_of_the_readme_are_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_guide_has_every_letter_of_the_main_screen() -> None:
    letters = {
        key
        for act in acts().values()
        for key in act.keys
        if act.owner in {ConsoleApp, MainScreen, QueueTable} and len(key) == 1
    }
    assert {"X", "W", "m", "z"} <= letters
    assert not {letter for letter in letters if f"`{letter}`" not in PAGES["agent"]}


def test_the_guide_has_every_key_of_the_configuration() -> None:
    for key in allowed():
        assert f"| `{key}` |" in PAGES["configuration"]


def test_the_guide_has_every_option_command_and_exit_code() -> None:
    assert isinstance(cli, click.Group)
    for name, command in cli.commands.items():
        assert command.hidden or name in PAGES["scripts"]
        for parameter in command.params:
            assert parameter.param_type_name == "argument" or all(
                option in PAGES["scripts"] for option in parameter.opts
            )
    for code in ExitCode:
        assert f"| {code.value} |" in PAGES["scripts"]


def test_the_guide_names_every_session_that_is_answered_oddly() -> None:
    marked = SimulatedAccount().marked

    for mark in ODD_ANSWERS:
        assert f"| `{marked[mark]}` |" in PAGES["practice-server"]
