"""Each key that is named anywhere on a screen does something there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.app import App
from textual.dom import DOMNode

from masking_console.ui.keys.acts import bindings_of, character_of
from masking_console.ui.keys.keymap import acts, widgets_on
from tests.support.scenes import SCENES, set_stage

# Own keys for every act that a sentence or a title names.
MOVED = {
    "main.source": "f3",
    "main.log": "f4",
    "app.new_account": "f5",
    "main.find": "f6",
    "queue.review": "f7",
    "queue.check": "f8",
    "app.accounts": "f9",
    "finished.check": "f10",
    "finished.copy": "f11",
    "detail.copy": "f12",
    "accounts.back": "ctrl+b",
    "history.back": "ctrl+b",
    "main.pause": "ctrl+g",
    "main.full_log": "ctrl+l",
}
NAMED = re.compile(
    r"[Pp]ress (?P<press>f\d+|ctrl\+\w|esc|enter|space|\S)(?= |\.|,|$)"
    r"|\b(?P<function>f\d+|ctrl\+[a-z])\b"
    r"|(?P<title>\S+) (?:Source|Queue|Log:|Help)(?= |\])"
    r"|(?<= )(?P<hint>[^\W\d_]|esc|[?/]) "
    r"(?:copy id|copy report|show numbers|again|back|left out|cancel|close|pause|stop"
    r"|find|full|help|quit)\b"
)
NAMES = {"esc": "escape"}


def named_keys(text: str) -> set[str]:
    """Return the keys that a text names."""
    found = (match for match in NAMED.finditer(text))
    keys = {next(filter(None, each.groups())).strip("[]┏╭─━│┃") for each in found}
    return {key for key in keys if key} - {"Masking"}


def acting(app: App[int]) -> Iterator[str]:
    """Yield what can be pressed on the screens in sight, in one of their panes."""
    nodes: list[DOMNode] = [app]
    for screen in app.screen_stack[1:]:
        nodes += [screen, *screen.query("*")]
        if screen.query("Button, Input"):
            yield "enter"
    for node in nodes:
        for key, _binding in bindings_of(node):
            yield key
            yield character_of(key).strip() or key
    yield App.COMMAND_PALETTE_BINDING


@pytest.mark.parametrize("name", SCENES)
async def test_each_key_that_a_screen_names_acts_there(
    name: str, tmp_path: Path
) -> None:
    stage = set_stage(name, tmp_path)
    # The scene is played by the keys of old, which come second and are named nowhere.
    both = {act: f"{key},{','.join(acts()[act].keys)}" for act, key in MOVED.items()}
    stage.app.set_keymap(both)
    try:
        async with stage.app.run_test(size=stage.scene.size) as pilot:
            await stage.play(pilot)
            screen = stage.app.screen
            strips = screen._compositor.render_strips(stage.app.size)
            text = "\n".join(strip.text for strip in strips)
            stage.app.set_keymap(MOVED)
            there = set(acting(stage.app))
            named = named_keys(text)
            assert {key for key in named if NAMES.get(key, key) not in there} == set()
            owners = {each.owner for each in acts().values()}
            held = {type(node) for node in screen.query("*")}
            assert held & owners <= widgets_on(type(screen))
    finally:
        stage.operations.close()
