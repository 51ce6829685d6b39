"""Every key of the console is an act that says how far it goes."""

import ast
from collections import Counter
from pathlib import Path
from typing import ClassVar

import pytest
from textual.binding import Binding, BindingType
from textual.dom import DOMNode

from masking_console import ui
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.keys.acts import (
    Act,
    Effect,
    asks,
    characters_that_move,
    grave,
    hints,
    key_of,
    moves,
)
from masking_console.ui.keys.keymap import ID_KEYS, owners
from tests.support.console import console

FACE = Path(ui.__path__[0])
COMES_WITH_PASTES = {*ID_KEYS, "enter", "space"}


def complaints(owner: type[DOMNode]) -> list[str]:
    """Return what is wrong with the bindings of a class."""
    found = []
    for binding in owner.__dict__["BINDINGS"]:
        if not isinstance(binding, Act):
            found.append(f"{owner.__name__}: {binding} is no act")
            continue
        keys = {each.key for each in Act.make_bindings([binding])}
        if binding.id is None:
            found.append(f"{owner.__name__}: {binding.key} has no id")
        if binding.effect is Effect.GRAVE and keys & COMES_WITH_PASTES:
            found.append(f"{owner.__name__}: {binding.key} is grave")
        if binding.effect is not Effect.MOVES and keys & ID_KEYS:
            found.append(f"{owner.__name__}: {binding.key} leads somewhere")
    return found


def test_every_binding_is_an_act_and_no_key_of_an_id_leads_anywhere() -> None:
    assert len(list(owners())) > 15

    assert [words for owner in owners() for words in complaints(owner)] == []


@pytest.mark.parametrize(
    ("binding", "words"),
    [
        (Binding("x", "do", "do", id="some.act"), "is no act"),
        (("x", "do", "do"), "is no act"),
        (moves("x", "do", "do"), "x has no id"),
        (grave("a", "do", "do", id="some.grave"), "a is grave"),
        (grave("x,7", "do", "do", id="some.grave"), "x,7 is grave"),
        (grave("-", "do", "do", id="some.grave"), "- is grave"),
        (grave("enter", "do", "do", id="some.grave"), "enter is grave"),
        (asks("F", "do", "do", id="some.asks"), "F leads somewhere"),
    ],
)
def test_a_binding_that_is_wrong_is_found(binding: BindingType, words: str) -> None:
    class Wrong(DOMNode):
        BINDINGS: ClassVar[list[BindingType]] = [binding]

    assert any(words in each for each in complaints(Wrong))


def test_no_binding_is_made_anywhere_else() -> None:
    made = [
        f"{path.relative_to(FACE)}:{node.lineno}"
        for path in FACE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", ""))
        in {"Binding", "bind"}
    ]

    assert made == []


def test_an_id_belongs_to_one_class_and_has_one_effect() -> None:
    found = {
        (binding.id, owner, binding.effect)
        for owner in owners()
        for binding in owner.__dict__["BINDINGS"]
    }

    assert Counter(binding_id for binding_id, *_ in found).most_common(1)[0][1] == 1


async def test_the_paste_guard_lets_act_at_once_what_only_moves(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    async with console(simulated, tmp_path) as opened:
        nodes = [opened.app, opened.main, *opened.main.query("*")]
        assert characters_that_move(nodes) == {*" iuvryz/?123"}


async def test_what_only_moves_takes_that_along_to_a_key_of_the_operators(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    keymap = {"queue.undo": ("Z",), "log.copy": ("m",)}
    async with console(simulated, tmp_path, keymap=keymap) as opened:
        nodes = [opened.app, opened.main, *opened.main.query("*")]
        # In the queue, the same key shows phone numbers.
        assert characters_that_move(nodes) == {*" iuvry/?123", "Z"}


async def test_a_sentence_names_the_key_that_is_bound_now(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    keymap = {"app.new_account": ("f5",), "queue.all": ("+",), "queue.undo": ("R",)}
    async with console(simulated, tmp_path, keymap=keymap) as opened:
        said = {
            act: key_of(act, opened.main)
            for act in (
                *("app.new_account", "app.accounts", "accounts.replace_token"),
                *("queue.all", "queue.undo", "queue.tick", "rows.open", "rows.filter"),
                *("finished.export", "finished.close", "detail.previous", "app.help"),
            )
        }
        assert said == {
            "app.new_account": "f5",
            "app.accounts": "P",
            "accounts.replace_token": "o",
            "queue.all": "+",
            "queue.undo": "R",
            "queue.tick": "space",
            "rows.open": "enter",
            "rows.filter": "/",
            "finished.export": "ctrl+e",
            "finished.close": "esc",
            "detail.previous": "left",
            "app.help": "?",
        }
        assert hints(opened.main, "queue.undo", "queue.copy") == "R undo   y copy id"
