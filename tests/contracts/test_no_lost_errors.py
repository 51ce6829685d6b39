import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "masking_console"

LOSING = {
    "Thread",
    "Timer",
    "add_done_callback",
    "call_soon",
    "create_task",
    "ensure_future",
    "run_in_executor",
}
"""Calls that run a callable where its error reaches nobody by itself."""


def _trees(folder: Path) -> Iterator[tuple[str, ast.AST]]:
    for path in sorted(folder.rglob("*.py")):
        yield (
            path.relative_to(PACKAGE).as_posix(),
            ast.parse(path.read_text(encoding="utf-8")),
        )


def _name(node: ast.AST | None) -> str:
    return getattr(node, "attr", "") or getattr(node, "id", "")


def test_every_handler_and_worker_of_the_face_hands_its_errors_to_the_app() -> None:
    found = {
        (path, _name(node.func))
        for path, tree in _trees(PACKAGE / "ui")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _name(node.func) in LOSING
    }
    # Both threads of the departure run when the console is told to leave; the task of
    # the first account is awaited where it is made.
    assert found == {
        ("ui/lifetime.py", "Thread"),
        ("ui/main/accounts.py", "create_task"),
    }


def test_no_worker_keeps_its_error_to_itself() -> None:
    found = [
        path
        for path, tree in _trees(PACKAGE / "ui")
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "exit_on_error"
    ]
    assert found == []


def test_every_error_is_caught_in_few_places_only() -> None:
    found = {
        path
        for path, tree in _trees(PACKAGE)
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and _name(node.type) in {"", "Exception", "BaseException"}
        and not isinstance(node.type, ast.Tuple)
        and not isinstance(node.body[-1], ast.Raise)
    }
    assert found == {
        # The last place that can keep the values of an error back.
        "cli/__init__.py",
        # Backends of keyrings raise what they like; theirs becomes one of ours.
        "credentials/keyring_backends.py",
        # A page on what is wrong goes on behind a part that cannot be examined.
        "operations/examine.py",
        # Hands the error of the reading thread on to the app.
        "ui/terminal/driver.py",
    }


def test_every_text_file_is_read_and_written_with_an_encoding() -> None:
    found = [
        f"{path}:{node.lineno}"
        for folder in (PACKAGE, PACKAGE.parent / "tests")
        for path in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and _name(node.func) in {"read_text", "write_text"}
        and "encoding" not in {each.arg for each in node.keywords}
    ]
    assert found == []
