import ast
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "masking_console"


def test_the_import_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run(
        [linter, "--no-cache"],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_version_and_help_import_neither_textual_nor_httpx_nor_keyring() -> None:
    code = (
        "import sys; from masking_console.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'textual', 'rich', 'httpx', 'keyring', 'starlette', 'sqlite3'}\n"
        "heavy |= {'phonenumbers', 'truststore'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_the_face_without_a_screen_never_imports_textual() -> None:
    code = (
        "import sys; from masking_console.cli import main\n"
        "try: main(['expire', '--practice', '--dry-run', '--format', 'jsonl',"
        " 'c28b77d4-21e7-43bd-9447-04bfee92e651'])\n"
        "except SystemExit as ended: assert ended.code == 5, ended.code\n"
        "assert 'httpx' in sys.modules\n"
        "sys.exit(int(bool({'textual', 'rich'} & set(sys.modules))))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_finding_without_a_screen_imports_no_more_than_it_needs() -> None:
    code = (
        "import sys; from masking_console.cli import main\n"
        "try: main(['find', '--practice', WHAT])\n"
        "except SystemExit as ended: assert ended.code == 0, ended.code\n"
        "assert 'httpx' in sys.modules\n"
        "assert ('phonenumbers' in sys.modules) is IS_NUMBER\n"
        "sys.exit(int(bool({'textual', 'rich'} & set(sys.modules))))"
    )
    for what, is_number in (("+12025550140", True), ("--open", False)):
        values = f"WHAT, IS_NUMBER = {what!r}, {is_number}\n"

        done = subprocess.run(
            [sys.executable, "-c", values + code],
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 0, done.stderr


def test_the_first_paint_waits_for_nothing_but_textual() -> None:
    code = (
        "import sys; import masking_console.ui.app\n"
        "ours = {name for name in sys.modules if name.startswith('masking_console.')}\n"
        "late = {'operations', 'plivo', 'credentials', 'journal', 'practice'}\n"
        "found = {name for name in ours if name.split('.')[1] in late}\n"
        "heavy = {'httpx', 'keyring', 'sqlite3', 'msgspec', 'phonenumbers'}\n"
        "heavy |= {'truststore', 'masking_console.presentation.reach'}\n"
        "found |= heavy & set(sys.modules)\n"
        "found |= {'masking_console.ui.main.screen'} & set(sys.modules)\n"
        "sys.exit(str(found) if found else 0)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def _calls_of(name: str) -> list[str]:
    """Return the modules that call something of this name."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func
                called_name = getattr(called, "attr", getattr(called, "id", None))
                if called_name == name:
                    found.append(path.relative_to(PACKAGE).as_posix())
    return found


def test_only_the_journal_gives_leave_to_send() -> None:
    assert _calls_of("RecordedIntent") == ["journal/journal.py"]


def test_only_a_review_makes_a_confirmed_plan() -> None:
    assert _calls_of("ConfirmedPlan") == ["models/expiry.py"]


def test_a_delete_is_sent_from_one_place_alone() -> None:
    places = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if '"DELETE"' in path.read_text(encoding="utf-8")
        and "practice" not in path.relative_to(PACKAGE).parts
    ]

    assert places == ["plivo/client.py"]


def test_the_token_is_revealed_in_three_places_alone() -> None:
    assert sorted(set(_calls_of("reveal_to_keyring"))) == [
        "credentials/keyring_entries.py",
        "models/account.py",
    ]
    assert set(_calls_of("basic_authorization")) == {"plivo/client.py"}


def _imports() -> dict[str, set[str]]:
    """Return our modules that each module imports, for types and in functions too."""
    modules = {
        ".".join((PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts)): path
        for path in PACKAGE.rglob("*.py")
        if path.name != "__init__.py"
    }
    found = {}
    for name, path in modules.items():
        wanted = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                wanted |= {each.name for each in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                wanted |= {
                    node.module,
                    *(f"{node.module}.{n.name}" for n in node.names),
                }
        found[name] = (wanted & set(modules)) - {name}
    return found


def test_no_module_imports_itself_on_a_way_round() -> None:
    left = _imports()
    assert len(left) > len(list((PACKAGE / "models").glob("*.py")))

    # Modules that import nothing that is left are on no circle.
    while free := {name for name, wanted in left.items() if not wanted & set(left)}:
        left = {name: wanted for name, wanted in left.items() if name not in free}

    assert not left
