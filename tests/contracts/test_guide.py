"""Every command, option, key, code and picture that the guide names is there."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from masking_console.cli.commands import cli
from masking_console.config_keys import allowed
from masking_console.errors import ExitCode
from masking_console.presentation.guide import FOLDER, TOPICS
from masking_console.ui.keys.keymap import acts
from tests.contracts.test_documents import PAGES, README, ROOT

SYMBOLS = {"?": "question_mark", "*": "asterisk", "/": "slash", "-": "minus"}
"""Keys whose names are not the character itself."""
NO_ACTS = {
    # Of Textual, of the terminal, and of fields.
    *("tab", "ctrl+p", "enter", "esc", "space"),
}
LETTERS = re.compile(r"`([A-Za-z?*/]|F\d+|ctrl\+[a-z]|esc|space|tab|enter)`")
CALLS = re.compile(r"(?:`|^\$ |\s\| )(masking-console(?: [^`|\n]*)?)", re.MULTILINE)
NO_KEYS = {"audit", "team", "practice-server", "scripts", "configuration", "figures"}
"""Pages without keys of the console, in which one letter is something else."""


def test_the_folder_has_the_pages_that_are_listed_and_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*")} == set(TOPICS)
    for topic, page in PAGES.items():
        assert page.startswith("# ")
        assert f"[`{topic}`](masking_console/guide/{topic}.md)" in README


def test_the_readme_is_read_in_a_few_minutes() -> None:
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("topic", TOPICS)
def test_the_pictures_and_links_of_a_page_lead_somewhere(topic: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGES[topic]):
        assert target.startswith("https://") or (FOLDER / target).resolve().exists()


@pytest.mark.parametrize("topic", [each for each in TOPICS if each not in NO_KEYS])
def test_the_keys_of_a_page_are_bound(topic: str) -> None:
    bound = {key for act in acts().values() for key in act.keys} | NO_ACTS
    found = LETTERS.findall(PAGES[topic])
    named = {key.lower() if len(key) > 1 else key for key in found}
    # The letters of ids are named in a promise about them.
    named -= {"a", "f"}
    assert {SYMBOLS.get(key, key) for key in named} <= bound


def calls(page: str) -> Iterator[list[str]]:
    """Yield the words of every call of this program on a page, without comments."""
    for call in CALLS.findall(page):
        words = re.sub(r"\s{2,}.*|\s#.*", "", call.strip())
        try:
            yield shlex.split(words)[1:]
        except ValueError:
            yield words.split()[1:]


@pytest.mark.parametrize("topic", TOPICS)
def test_the_commands_of_a_page_and_their_options_are_there(topic: str) -> None:
    for words in calls(PAGES[topic]):
        group: click.Command = cli
        while words and isinstance(group, click.Group) and words[0] in group.commands:
            group = group.commands[words.pop(0)]
        if group is cli:
            assert not words or not re.fullmatch("[a-z][a-z-]{2,}", words[0]), words
            group = cli.commands["console"]
        there = {option for each in group.params for option in each.opts}
        there |= {option for each in group.params for option in each.secondary_opts}
        there |= {"--help", "--version"}
        for word in words:
            for option in word.split("/"):
                assert not option.startswith("--") or option in there, (
                    group.name,
                    word,
                )


@pytest.mark.parametrize("topic", TOPICS)
def test_the_keys_of_the_configuration_that_a_page_sets_are_there(topic: str) -> None:
    table = ""
    for block in re.findall(r"```toml\n(.*?)```", PAGES[topic], re.DOTALL):
        for line in block.splitlines():
            if match := re.match(r"\[([\w.-]+)\]", line):
                table = match[1].split(".")[0] + "."
            elif match := re.match(r"(\w+) *=", line):
                inside = table if table != "accounts." else ""
                known = {*allowed(), "auth_id", "token_command"}
                assert f"{inside}{match[1]}" in known or match[1] in known
        table = ""


def test_every_exit_code_that_a_page_names_is_one() -> None:
    codes = {code.value for code in ExitCode}
    for page in PAGES.values():
        for code in re.findall(r"ends? with (\d+)\b", page):
            assert int(code) in codes


def test_the_module_of_the_pages_is_in_the_package() -> None:
    assert FOLDER.parent == ROOT / "masking_console"
