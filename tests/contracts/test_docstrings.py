"""First lines of docstrings are nouns or verbs, and never riddles."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "masking_console"
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((PACKAGE.parent / "tests").rglob("*.py"))
RIDDLE = re.compile(
    r"(What|How|Which|Who|Whose|Whom|Where|When|Why)\b"
    r"|(In|On|Of|For|From|To|With|By|Until|Since) (what|how|which|whom|whose|when)\b"
)
UNSAID = re.compile(r"(So (many|much|long|that)|There (is|are)|They|It|Nobody)\b")
"""Beginnings that leave the noun out."""
FIGURE = re.compile(r"(?<!under)\b(stands?|stood)\b(?! still)|how-maniet")
"""A figure of speech in the place of "is"."""


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the first paragraph of each docstring, also those of attributes."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for each in body if isinstance(body, list) else ():
            if (
                isinstance(each, ast.Expr)
                and isinstance(each.value, ast.Constant)
                and isinstance(each.value.value, str)
            ):
                paragraph = each.value.value.strip().split("\n\n")[0]
                yield each.lineno, " ".join(paragraph.split())


def problem(words: str) -> str:
    """Return the fault of a first paragraph; empty without one."""
    if RIDDLE.match(words):
        return "a riddle"
    if UNSAID.match(words):
        return "no noun"
    if FIGURE.search(words.split(". ", maxsplit=1)[0]):
        return "a figure"
    if not words.endswith((".", ":", "::", "?")):
        return "no end"
    return ""


@pytest.mark.parametrize(
    "path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_a_docstring_begins_with_a_noun_or_a_verb(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert ast.get_docstring(tree)
    found = [(line, problem(words), words) for line, words in docstrings(tree)]
    assert [each for each in found if each[1]] == []


@pytest.mark.parametrize(
    "path", TESTS, ids=lambda path: str(path.relative_to(PACKAGE.parent))
)
def test_a_docstring_of_a_test_does_as_well(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    found = [(line, problem(words), words) for line, words in docstrings(tree)]
    assert [each for each in found if each[1]] == []


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("What became of it.", "a riddle"),
        ("In which batch.", "a riddle"),
        ("So many are kept.", "no noun"),
        ("It was a paste.", "no noun"),
        ("The path where a note stands.", "a figure"),
        ("Number of entries", "no end"),
        ("Number of entries.", ""),
        ("Whether it was stopped.", ""),
        ("Return the seal of an entry.", ""),
    ],
)
def test_the_rule_knows_a_riddle(words: str, fault: str) -> None:
    assert problem(words) == fault
