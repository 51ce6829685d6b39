import os
import re
import stat
import sys
from pathlib import Path

import pytest
from textual._path import CSSPathError
from textual.app import App
from textual.worker import WorkerFailed

from masking_console.errors import InputError
from masking_console.ui.crash import (
    CrashSafeApp,
    crash_report,
    refuse_spying_environment,
    write_crash_file,
)

ROOT = Path(__file__).parents[2]
SECRET = "s3cr3tS3cr3tS3cr3tS3cr3t"

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "state"
    monkeypatch.setenv("MASKING_CONSOLE_STATE_DIR", str(folder))
    return folder


def crash_files(state: Path) -> list[Path]:
    return sorted((state / "crashes").glob("*")) if state.exists() else []


def unstyled(output: str) -> str:
    """Return the letters and digits alone, since a traceback wraps and colors them."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|[^A-Za-z0-9]", "", output)


def run_probe(place: str, state: Path) -> tuple[int, str]:
    """Crash at this place in a real terminal; return exit code and all output."""
    from tests.support.terminal import Terminal  # noqa: PLC0415 - POSIX only

    environment = {
        "PYTHONPATH": str(ROOT),
        "PATH": os.defpath,
        "MASKING_CONSOLE_STATE_DIR": str(state),
        "PROBE_SECRET": SECRET,
    }
    command = [sys.executable, "-m", "tests.support.crash_probe", place]
    with Terminal(command, environment=environment, size=(80, 24)) as terminal:
        if place not in {"compose", "widget-compose", "mount", "render", "css"}:
            terminal.wait_for("fine", timeout=20)
            terminal.send("x")
        code = terminal.wait_exit(20)
        terminal.wait_output_end()
        return code, terminal.raw_output.decode("utf-8", "replace")


@posix_only
@pytest.mark.parametrize(
    "place",
    [
        *("handler", "rich", "timer", "worker", "thread-worker", "group"),
        *("compose", "widget-compose", "mount", "render", "css"),
    ],
)
def test_a_crash_anywhere_says_where_and_nothing_of_the_data(
    place: str, state: Path
) -> None:
    code, output = run_probe(place, state)

    assert code == 1
    [file] = crash_files(state)
    report = file.read_text(encoding="utf-8")
    last_screen = output[output.rindex("\x1b[?1049l") :]
    assert "masking-console stopped because of " in last_screen
    assert "Each request was written to the journal" in last_screen
    assert str(file) in last_screen
    assert SECRET not in unstyled(output)
    assert SECRET not in report
    if place != "css":
        assert "in_dict" not in output
        assert re.search(r"tests/support|support/crash_probe\.py:\d+ fail", report)
        assert "caused by KeyError" in report


@posix_only
def test_the_end_without_a_crash_leaves_no_message_and_no_file(state: Path) -> None:
    code, output = run_probe("nowhere", state)
    assert code == 0
    assert "stopped" not in output
    assert crash_files(state) == []


@posix_only
def test_an_error_that_nobody_waits_for_is_written_down_and_not_shown(
    state: Path,
) -> None:
    code, output = run_probe("lost-task", state)
    assert code == 0
    assert SECRET not in unstyled(output)
    [file] = crash_files(state)
    assert "crash_probe.py" in file.read_text(encoding="utf-8")
    assert SECRET not in file.read_text(encoding="utf-8")


class FailingApp(CrashSafeApp[None]):
    def on_key(self) -> None:
        raise LookupError(SECRET)


async def crashed(app: FailingApp) -> None:
    with pytest.raises(LookupError):
        async with app.run_test() as pilot:
            await pilot.press("x")


async def test_a_crash_leaves_one_file(state: Path) -> None:
    app = FailingApp()
    await crashed(app)

    assert app.crash_file is not None
    assert crash_files(state) == [app.crash_file]


@posix_only
def test_the_crash_file_is_for_this_person_alone(state: Path) -> None:
    path = write_crash_file(ValueError())
    assert path is not None
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent, state)]
    assert modes == [0o600, 0o700, 0o700]


@posix_only
def test_a_folder_that_is_open_to_others_is_closed(state: Path) -> None:
    (state / "crashes").mkdir(parents=True)
    (state / "crashes").chmod(0o755)
    write_crash_file(ValueError())
    assert stat.S_IMODE((state / "crashes").stat().st_mode) == 0o700


@pytest.fixture
def unusable_state(state: Path) -> None:
    """A file where the folder should be."""
    state.write_text("", encoding="utf-8")


@pytest.mark.usefixtures("unusable_state")
async def test_a_crash_is_told_even_if_its_file_cannot_be_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = FailingApp()
    await crashed(app)

    assert app.crash_file is None
    told = capsys.readouterr().err
    assert "stopped because of LookupError at " in told
    assert "No crash file could be written." in told
    assert SECRET not in told


async def test_leaving_late_does_not_turn_a_crash_into_success() -> None:
    app = FailingApp()
    await crashed(app)
    app.exit(return_code=0)
    assert app.return_code == 1


async def test_what_others_hand_to_panic_is_not_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app: CrashSafeApp[None] = CrashSafeApp()
    async with app.run_test():
        app.panic(SECRET)
    told = capsys.readouterr().err
    assert "stopped because of an error." in told
    assert SECRET not in told
    assert app.return_code == 1


async def test_a_message_at_a_normal_end_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app: CrashSafeApp[None] = CrashSafeApp()
    async with app.run_test():
        app.exit(return_code=3, message="[/not markup] bye")
    assert capsys.readouterr().err == "[/not markup] bye\n"
    assert app.return_code == 3


async def test_lost_errors_do_not_fill_the_disk(state: Path) -> None:
    app: CrashSafeApp[None] = CrashSafeApp()
    async with app.run_test():
        assert app._loop is not None
        for _ in range(10):
            app._loop.call_exception_handler({"exception": ValueError(SECRET)})
        app._loop.call_exception_handler({"message": SECRET})
    assert len(crash_files(state)) == 5
    assert app.return_code is None


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_the_report_names_each_linked_error_once() -> None:
    inner, outer = raised(KeyError(SECRET)), raised(ValueError(SECRET))
    outer.__context__ = inner
    inner.__context__ = outer
    group = ExceptionGroup(SECRET, [ValueError(SECRET), InputError(SECRET)])
    group.__cause__ = WorkerFailed(outer)

    report = crash_report(group)

    assert [line for line in report.splitlines()[3:] if line[:1].strip()] == [
        "ExceptionGroup",
        "caused by ValueError",
        "part of it: ValueError",
        "part of it: masking_console.errors.InputError",
        "while handling KeyError",
    ]
    assert SECRET not in report


def test_a_suppressed_context_is_left_out() -> None:
    outer = raised(ValueError())
    outer.__context__ = KeyError()
    outer.__suppress_context__ = True
    assert "KeyError" not in crash_report(outer)


def test_a_report_of_a_deep_recursion_stays_short() -> None:
    def deeper(levels: int) -> None:
        if not levels:
            raise ValueError(SECRET)
        deeper(levels - 1)

    with pytest.raises(ValueError, match=SECRET) as caught:
        deeper(500)

    lines = crash_report(caught.value).splitlines()
    assert len(lines) < 80
    assert "    ... 442 more" in lines


def test_places_are_told_without_the_folders_of_this_computer() -> None:
    code = compile("raise ValueError", f"{ROOT}/masking_console/ui/x.py", "exec")
    with pytest.raises(ValueError, match=r"^$") as ours:
        exec(code)  # noqa: S102 - a frame with a file name of our choice
    assert "    masking_console/ui/x.py:1 <module>" in crash_report(ours.value)

    with pytest.raises(CSSPathError) as theirs:
        App(css_path=1)  # type: ignore[arg-type]
    report = crash_report(theirs.value)
    assert re.search(r"^    textual/\w+\.py:\d+ \S+$", report, re.MULTILINE)
    assert str(ROOT) not in report


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TEXTUAL_LOG", "keys.txt"),
        ("TEXTUAL_DEBUG", "1"),
        ("TEXTUAL", "devtools"),
        ("TEXTUAL", "headless, DEBUG"),
        ("TEXTUAL_SCREENSHOT", "3"),
        ("TEXTUAL_PRESS", "X,y"),
    ],
)
def test_an_environment_that_records_or_presses_keys_is_refused(
    name: str, value: str
) -> None:
    with pytest.raises(InputError, match=rf"^Unset {name}: [^.]*\.$"):
        refuse_spying_environment({name: value}, practice=False)
    refuse_spying_environment({name: value}, practice=True)


def test_other_settings_of_textual_are_accepted() -> None:
    refuse_spying_environment(
        {
            "TEXTUAL": "headless",
            "TEXTUAL_LOG": "",
            "TEXTUAL_DEBUG": "0",
            "TEXTUAL_THEME": "nord",
        },
        practice=False,
    )
