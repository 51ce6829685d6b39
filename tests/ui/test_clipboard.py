import asyncio
import base64
import os
import shutil
import sys
from pathlib import Path

import pytest
from textual.app import App

from masking_console.ui import clipboard
from masking_console.ui.clipboard import CopyReport, CopyRoute, copy_text
from tests.support.terminal import Terminal

needs_scripts = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in tools are shell scripts"
)


class Written(App[None]):
    """Keeps what is written to the terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.sequences: list[str] = []


async def copied(text: str) -> tuple[CopyReport, list[str]]:
    """Copy in a running app; return the report and the OSC 52 sequences."""
    app = Written()
    async with app.run_test():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(app._driver, "write", app.sequences.append)
            report = await copy_text(app, text)
    return report, [text for text in app.sequences if "]52;" in text]


@pytest.fixture(autouse=True)
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH, and a session without desktop, ssh and tmux."""
    for name in (
        "SSH_CONNECTION",
        "SSH_TTY",
        "TMUX",
        "STY",
        "WAYLAND_DISPLAY",
        "DISPLAY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("WSL_DISTRO_NAME", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def add_tool(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(
        f"#!/bin/sh\nPATH=/usr/bin:/bin\ncd {folder}\n{script}\n", encoding="utf-8"
    )
    path.chmod(0o755)


SAVE = 'cat > "$0.in"; echo "$@" > "$0.args"; env > "$0.env"'


@needs_scripts
@pytest.mark.parametrize(
    ("setting", "tool", "encoding", "arguments"),
    [
        ("WSL_DISTRO_NAME", "clip.exe", "utf-16-le", ""),
        ("WAYLAND_DISPLAY", "wl-copy", "utf-8", "--type text/plain"),
        ("DISPLAY", "xclip", "utf-8", "-selection clipboard"),
    ],
)
async def test_the_tool_of_the_desktop_gets_the_text_and_no_argument_does(
    tools: Path,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    tool: str,
    encoding: str,
    arguments: str,
) -> None:
    monkeypatch.setenv(setting, "1")
    monkeypatch.setattr(clipboard, "TOOL_SECONDS", 30.0)
    add_tool(tools, tool, SAVE)

    report, sequences = await copied("c28b77d4 é\n")

    assert report == CopyReport(CopyRoute.DESKTOP)
    assert sequences == []
    assert (tools / f"{tool}.in").read_bytes() == "c28b77d4 é\n".encode(encoding)
    assert (tools / f"{tool}.args").read_text(encoding="utf-8").strip() == arguments


@needs_scripts
async def test_pbcopy_is_told_that_the_text_is_utf_8(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(clipboard, "TOOL_SECONDS", 30.0)
    add_tool(tools, "pbcopy", SAVE)

    report, _ = await copied("é")

    assert report.route is CopyRoute.DESKTOP
    assert (tools / "pbcopy.in").read_text(encoding="utf-8") == "é"
    assert (
        "LC_CTYPE=UTF-8"
        in (tools / "pbcopy.env").read_text(encoding="utf-8").splitlines()
    )


@pytest.mark.parametrize(
    ("platform", "environment", "names"),
    [
        ("darwin", {}, ["pbcopy"]),
        ("win32", {}, ["clip.exe"]),
        ("linux", {}, []),
        ("linux", {"DISPLAY": ":0", "WAYLAND_DISPLAY": "w"}, ["wl-copy", "xclip"]),
        ("darwin", {"SSH_CONNECTION": "x"}, []),
        ("win32", {"SSH_CONNECTION": "x"}, []),
    ],
)
def test_only_tools_of_the_desktop_in_front_of_the_operator_are_tried(
    platform: str, environment: dict[str, str], names: list[str]
) -> None:
    tools = clipboard._local_tools(environment, platform)
    assert [tool.name for tool in tools] == names


@needs_scripts
async def test_a_tool_that_stays_does_not_inherit_the_token(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("PLIVO_AUTH_TOKEN", "secret-token")
    monkeypatch.setattr(clipboard, "TOOL_SECONDS", 30.0)
    add_tool(tools, "xclip", SAVE)

    await copied("x")

    environment = (tools / "xclip.env").read_text(encoding="utf-8")
    assert "DISPLAY=:0" in environment
    assert "secret-token" not in environment


@needs_scripts
async def test_a_tool_that_fails_hands_over_to_the_next(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(clipboard, "TOOL_SECONDS", 30.0)
    add_tool(tools, "wl-copy", "exit 1")
    add_tool(tools, "xclip", SAVE)

    report, _ = await copied("x")

    assert report.route is CopyRoute.DESKTOP
    assert (tools / "xclip.in").read_text(encoding="utf-8") == "x"


@needs_scripts
async def test_a_tool_that_hangs_is_ended_and_the_terminal_gets_the_text(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(clipboard, "TOOL_SECONDS", 0.05)
    add_tool(tools, "xclip", "exec sleep 60")

    report, sequences = await asyncio.wait_for(copied("x"), 20)

    assert report.route is CopyRoute.TERMINAL
    assert len(sequences) == 1


@needs_scripts
async def test_a_tool_that_cannot_start_is_passed_over(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    (tools / "xclip").write_text("#!/no/such/interpreter\n", encoding="utf-8")
    (tools / "xclip").chmod(0o755)

    report, _ = await copied("x")

    assert report.route is CopyRoute.TERMINAL


@needs_scripts
@pytest.mark.parametrize("name", ["SSH_CONNECTION", "SSH_TTY"])
async def test_over_ssh_the_clipboard_is_the_terminals(
    tools: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("DISPLAY", "localhost:10.0")
    monkeypatch.setenv(name, "192.0.2.1 50000 192.0.2.2 22")
    add_tool(tools, "xclip", SAVE)

    report, sequences = await copied("12 ids: é")

    encoded = base64.b64encode("12 ids: é".encode()).decode()
    assert report.route is CopyRoute.TERMINAL
    assert sequences == [f"\x1b]52;c;{encoded}\a"]
    assert not (tools / "xclip.in").exists()


async def test_without_a_tool_the_clipboard_is_the_terminals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    report, sequences = await copied("x")
    assert report.route is CopyRoute.TERMINAL
    assert len(sequences) == 1


async def test_inside_tmux_both_ways_through_it_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TMUX", "/tmp/tmux-1000/default,1,0")  # noqa: S108 - a value, not a file
    _, sequences = await copied("x")
    assert sequences == [
        "\x1b]52;c;eA==\a",
        "\x1bPtmux;\x1b\x1b]52;c;eA==\a\x1b\\",
    ]


async def test_inside_gnu_screen_short_pieces_are_handed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STY", "1234.pts-0.host")
    text = "x" * 3000

    report, sequences = await copied(text)

    assert report.route is CopyRoute.TERMINAL
    (sent,) = sequences
    pieces = [each.removeprefix("\x1bP") for each in sent.split("\x1b\\")[:-1]]
    assert all(len(piece) <= 240 for piece in pieces)
    encoded = base64.b64encode(text.encode()).decode()
    assert "".join(pieces) == f"\x1b]52;c;{encoded}\a"


@pytest.mark.skipif(not shutil.which("screen"), reason="needs GNU screen")
def test_gnu_screen_hands_on_the_whole_text(tmp_path: Path) -> None:
    encoded = base64.b64encode(b"y" * 3000).decode()
    sequence = clipboard._for_screen(f"\x1b]52;c;{encoded}\a")
    script = tmp_path / "copy.py"
    script.write_text(
        f"print({sequence!r}, 'ready', flush=True); input()", encoding="utf-8"
    )
    command = ["screen", "-c", os.devnull, "-m", sys.executable, str(script)]
    environment = {"PATH": os.defpath, "SCREENDIR": str(tmp_path), "TERM": "xterm"}
    tmp_path.chmod(0o700)
    with Terminal(command, environment=environment) as opened:
        opened.wait_for("ready")
        assert f"\x1b]52;c;{encoded}\a".encode() in opened.raw_output
        # It would outlive its terminal.
        opened.send("\n")
        assert opened.wait_exit() == 0


async def test_more_than_a_terminal_takes_is_not_sent() -> None:
    fits, sequences = await copied("x" * (clipboard.MAX_ENCODED_BYTES // 4 * 3))
    assert fits.route is CopyRoute.TERMINAL
    assert len(sequences) == 1

    too_large, sequences = await copied(
        "x" * (clipboard.MAX_ENCODED_BYTES // 4 * 3 + 1)
    )
    assert too_large.route is CopyRoute.TOO_LARGE
    assert sequences == []


async def test_a_lone_surrogate_does_not_stop_the_copy() -> None:
    _, sequences = await copied("a\ud800b")
    assert sequences == [f"\x1b]52;c;{base64.b64encode(b'a?b').decode()}\a"]


def test_each_report_says_what_can_be_relied_on() -> None:
    sentences = {route: CopyReport(route).sentence("12 ids") for route in CopyRoute}
    assert sentences == {
        CopyRoute.DESKTOP: "Copied 12 ids.",
        CopyRoute.TERMINAL: (
            "Sent 12 ids to your terminal. If paste is empty, it refused."
        ),
        CopyRoute.TOO_LARGE: "Not copied: 12 ids is more than a terminal takes.",
    }
    assert [route for route in CopyRoute if not CopyReport(route).is_sent] == [
        CopyRoute.TOO_LARGE
    ]
