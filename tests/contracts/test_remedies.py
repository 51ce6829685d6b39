"""Below the faces, no text names a key, an option or a command: those are remedies."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "masking_console"
FACES = ("ui", "linear", "cli")
BELOW = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if path.relative_to(PACKAGE).parts[0] not in FACES and path.stem != "__main__"
)
NAMES_A_STEP = re.compile(
    r"\b[Pp]ress (?!of\b)\S|\b(?:Esc|ctrl\+\w)\b|(?:^|\s)--[a-z]"
    r"|masking-console [a-z]+\b"
)
NO_STEPS = {
    # Names of keyring entries and of a page's heading.
    "masking-console accounts",
    "masking-console trial",
    "masking-console doctor, ",
    "Plivo masking sessions expired with masking-console, batch ",
}


def texts(path: Path) -> Iterator[str]:
    """Yield every text of a module that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in said:
            yield str(node.value)  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", BELOW, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_text_below_the_faces_names_a_key_or_a_command(path: Path) -> None:
    named = [text for text in texts(path) if NAMES_A_STEP.search(text)]
    assert [text for text in named if text not in NO_STEPS] == []


@pytest.mark.parametrize(
    "text",
    [
        "Press r.",
        "and press o to",
        "Esc stops.",
        "Try --port 0.",
        "masking-console find",
    ],
)
def test_the_pattern_knows_a_step(text: str) -> None:
    assert NAMES_A_STEP.search(text)
