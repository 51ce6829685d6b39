from pathlib import Path

import pytest

from masking_console.errors import InputError
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.ui.keys.keymap import acts, keymap_of
from tests.support.console import console
from tests.support.runs import open_ids

UUID_KEYS = {*"0123456789abcdefABCDEF", "minus"}


def test_every_act_is_known_by_its_id() -> None:
    there = acts()

    assert {"queue.review", "main.pause", "app.quit", "detail.numbers"} <= set(there)
    assert there["queue.review"].keys == {"X"}


def test_no_act_of_ours_is_on_a_key_of_a_session_id() -> None:
    panes = {"main.source", "main.queue", "main.log"}
    taken = {
        binding_id: act.keys & UUID_KEYS
        for binding_id, act in acts().items()
        if binding_id not in panes and act.keys & UUID_KEYS
    }

    assert taken == {}


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("f5", "f5"),
        ("ctrl+r", "ctrl+r"),
        ("R", "R"),
        ("+", "plus"),
        ("shift+ctrl+f2", "ctrl+shift+f2"),
    ],
)
def test_a_key_gets_the_name_that_textual_gives_it(key: str, name: str) -> None:
    assert keymap_of({"queue.check": (key,)}) == {"queue.check": name}


def test_an_act_may_stay_on_its_own_key_and_have_several() -> None:
    own = {"queue.check": ("r", "f5"), "main.source": ("1",)}

    assert keymap_of(own) == {"queue.check": "f5,r", "main.source": "1"}


@pytest.mark.parametrize(
    ("binding_id", "key", "words"),
    [
        ("queue.chek", "f5", 'there is no key "keys.queue.chek"; the nearest is '),
        ("queue.check", "a", "it can stand in a session id"),
        ("queue.check", "-", "it can stand in a session id"),
        ("queue.review", "7", "it can stand in a session id"),
        ("queue.review", "enter", "it comes with every paste"),
        ("queue.review", "space", "it comes with every paste"),
        ("queue.check", "tab", "the console needs it everywhere"),
        ("queue.check", "ctrl+p", "the console needs it everywhere"),
        ("queue.check", "ctrl+m", "there is no key"),
        ("queue.check", "hyper+x", "there is no key"),
        ("queue.check", "fff", 'there is no key "fff"'),
        ("queue.check", "ctrl+ctrl+r", "there is no key"),
        ("queue.review", "y", "what marks rows acts at once"),
        ("queue.check", "o", "queue.sort is there"),
        ("app.quit_always", "Q", "it could not be typed any more"),
    ],
)
def test_what_a_key_may_not_do_is_said(binding_id: str, key: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        keymap_of({binding_id: (key,)})

    assert words in str(caught.value)
    assert "keys." in str(caught.value)


def test_two_acts_may_swap_their_keys() -> None:
    own = {"main.pause": ("s",), "main.stop": ("p",)}

    assert keymap_of(own) == {"main.pause": "s", "main.stop": "p"}


async def test_own_keys_work_in_the_console_and_the_old_ones_do_not(
    simulated: SimulatedAccount, tmp_path: Path
) -> None:
    ids = open_ids(simulated, 2)
    keymap = {"queue.untick": ("f5",)}
    async with console(
        simulated, tmp_path, first_text=" ".join(ids), keymap=keymap
    ) as opened:
        await opened.until_checked(2)
        await opened.press("u")
        assert len(opened.main.queue.ticked()) == 2
        await opened.press("f5")
        assert opened.main.queue.ticked() == ()
