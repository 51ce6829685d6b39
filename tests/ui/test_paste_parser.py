from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser
from textual.message import Message

from masking_console.ui.terminal import paste_parser
from masking_console.ui.terminal.paste_parser import (
    BURST_SECONDS,
    PARTIAL_SECONDS,
    QUIET_SECONDS,
    TOO_LARGE,
    UNFINISHED,
    PasteBegan,
    PasteDropped,
    PasteOver,
    WholePasteParser,
)

START, END = "\x1b[200~", "\x1b[201~"

HOSTILE = [
    "",
    "abc\x1b" + "y" * 40,
    "\x1b",
    "\x1b[",
    "\x1b[20",
    "\x1b[201",
    "y\r1\n2\t3",
    START,
    f"a{START}b{START}",
    "\x1b[A\x1b[15~\x1bOP\x1b[<0;10;10M\x1b[<0;10;10m",
    "\x1b[I\x1b[O\x1b[?2026;1$y\x1b[48;50;100;500;1000t",
    "\x00\x01\x7f\x9b200~",
    "\x1b\x1b[201\x1b[20\x1b[2",
]

KEYS = [
    "a",
    "Y",
    "1",
    "~",
    "[",
    "200~",
    "é",
    "\r",
    "\x03",
    "\x7f",
    "\x1b[A",
    "\x1b[1;5C",
    "\x1bOP",
    "\x1b[20~",
    "\x1b[200",
    "\x1b[2",
    "\x1b[24~",
    "\x1b[2~",
    "\x1b[",
    "\x1b",
    "\x1bx",
    "\x1b[<0;10;10M",
    "\x1b[97;1;97u",
    "\x1b[I",
    END,
]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def seen(messages: Iterable[Message]) -> list[tuple[object, ...]]:
    told = (each for each in messages if not isinstance(each, PasteBegan))
    return [_described(message) for message in told]


def _described(message: Message) -> tuple[object, ...]:
    match message:
        case events.Key():
            return ("key", message.key, message.character)
        case events.Paste():
            return ("paste", message.text)
        case events.MouseEvent():
            return (type(message).__name__, message.x, message.y, message.button)
        case PasteDropped():
            return ("dropped", message.reason)
        case PasteOver():
            return ("over",)
        case _:
            return (type(message).__name__,)


def fed(parser: XTermParser, pieces: Iterable[str]) -> list[tuple[object, ...]]:
    return [line for piece in pieces if piece for line in seen(parser.feed(piece))]


def cut(text: str, places: Sequence[int]) -> list[str]:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[a:b] for a, b in pairwise(edges)]


parts = st.lists(
    st.one_of(
        st.tuples(st.just("keys"), st.sampled_from(KEYS)),
        st.tuples(st.just("keys"), st.text("ab[20~\x1b", max_size=6)),
        st.tuples(st.just("paste"), st.sampled_from(HOSTILE)),
        st.tuples(st.just("paste"), st.text("\x1b[201~y\r", max_size=12)),
        st.tuples(st.just("paste"), st.text(max_size=12)),
    ).filter(
        lambda part: END not in part[1] if part[0] == "paste" else START not in part[1]
    ),
    max_size=8,
)


@given(parts=parts, places=st.lists(st.integers(0, 500), max_size=12))
def test_pastes_arrive_whole_and_keys_are_textuals_own_however_the_input_is_cut(
    parts: list[tuple[str, str]], places: list[int]
) -> None:
    stream, harmless, expected_pastes = "", "", []
    for kind, text in parts:
        if kind == "paste":
            stream += START + text + END
            harmless += f"{START}p{END}"
            expected_pastes.append(text)
        else:
            stream += text
            harmless += text
    # Two keys side by side may make a start marker, which then is one.
    if harmless.count(START) != len(expected_pastes):
        return
    textual, ours = XTermParser(), WholePasteParser()

    wanted = [*fed(textual, [harmless]), *seen(textual.feed(""))]
    got = [*fed(ours, cut(stream, places)), *seen(ours.feed(""))]

    pastes = iter(expected_pastes)
    assert got == [
        ("paste", next(pastes)) if line[0] == "paste" else line for line in wanted
    ]
    assert next(pastes, None) is None


@pytest.mark.parametrize("content", HOSTILE)
def test_a_hostile_paste_is_one_paste_in_one_piece_and_in_single_characters(
    content: str,
) -> None:
    stream = f"x{START}{content}{END}\x1b[A"
    expected = [("key", "x", "x"), ("paste", content), ("key", "up", None)]

    assert fed(WholePasteParser(), [stream]) == expected
    assert fed(WholePasteParser(), list(stream)) == expected


def test_two_pastes_in_one_read_are_two_pastes() -> None:
    assert fed(WholePasteParser(), [f"{START}a{END}{START}b{END}"]) == [
        ("paste", "a"),
        ("paste", "b"),
    ]


def test_an_escape_key_just_before_a_paste_comes_before_it() -> None:
    assert fed(WholePasteParser(), ["\x1b", f"{START}a{END}", "[A"]) == [
        ("key", "escape", "\x1b"),
        ("paste", "a"),
        ("key", "left_square_bracket", "["),
        ("key", "A", "A"),
    ]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def parser(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> WholePasteParser:
    monkeypatch.setattr("textual._parser.get_time", clock)
    return WholePasteParser(clock=clock)


@pytest.mark.parametrize("place", range(1, len(START)))
def test_a_start_marker_cut_for_a_second_still_starts_a_paste(
    parser: WholePasteParser, clock: Clock, place: int
) -> None:
    before = fed(parser, [START[:place]])
    clock.now += 1.0
    before += seen(parser.tick())
    after = fed(parser, [f"{START[place:]}yy{END}q"])

    # The first characters are keys in their own right when nothing follows them.
    early: dict[int, list[tuple[object, ...]]] = {
        1: [("key", "escape", "\x1b")],
        2: [("key", "left_square_bracket", "[")],
    }
    assert before == early.get(place, [])
    assert after == [("paste", "yy"), ("key", "q", "q")]


def test_a_start_marker_that_is_never_finished_becomes_keys_in_the_end(
    parser: WholePasteParser, clock: Clock
) -> None:
    assert fed(parser, ["\x1b[200"]) == []
    clock.now += PARTIAL_SECONDS
    assert seen(parser.tick()) == []
    clock.now += 1.0
    assert [line[0] for line in seen(parser.tick())] == ["key"] * 4
    assert fed(parser, ["~a"]) == [("key", "tilde", "~"), ("key", "a", "a")]


def test_a_function_key_that_comes_slowly_is_still_that_key(
    parser: WholePasteParser, clock: Clock
) -> None:
    lines = fed(parser, ["\x1b[2"])
    clock.now += 0.5
    lines += seen(parser.tick()) + fed(parser, ["4~"])
    assert lines == [("key", "f12", None)]


def test_a_paste_that_stalls_and_goes_on_is_whole(
    parser: WholePasteParser, clock: Clock
) -> None:
    lines = fed(parser, [f"{START}a"])
    clock.now += QUIET_SECONDS - 1
    lines += seen(parser.tick()) + fed(parser, ["b"])
    clock.now += QUIET_SECONDS - 1
    lines += seen(parser.tick()) + fed(parser, [END])
    assert lines == [("paste", "ab")]


@pytest.fixture
def overdue(parser: WholePasteParser, clock: Clock) -> WholePasteParser:
    fed(parser, [f"{START}y"])
    clock.now += QUIET_SECONDS
    assert seen(parser.tick()) == [("dropped", UNFINISHED)]
    assert seen(parser.tick()) == []
    return parser


def test_the_late_rest_of_an_unfinished_paste_is_never_keys(
    overdue: WholePasteParser, clock: Clock
) -> None:
    clock.now += 10 * QUIET_SECONDS
    assert seen(overdue.tick()) == []
    assert fed(overdue, ["yy\ry", "yy", f"y{END}", "q"]) == [
        ("over",),
        ("key", "q", "q"),
    ]


def test_the_keyboard_works_again_after_one_burst(
    overdue: WholePasteParser, clock: Clock
) -> None:
    assert fed(overdue, ["\x03"]) == []
    assert seen(overdue.tick()) == []
    clock.now += BURST_SECONDS
    assert seen(overdue.tick()) == []
    assert fed(overdue, ["q", f"{START}a{END}"]) == [("key", "q", "q"), ("paste", "a")]


def test_a_paste_that_is_too_large_is_left_out_whole_and_said_once(
    parser: WholePasteParser, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paste_parser, "MAX_PASTE_CHARACTERS", 10)
    assert fed(parser, [f"{START}{'y' * 10}", "y", "yy", f"y{END}q"]) == [
        ("dropped", TOO_LARGE),
        ("over",),
        ("key", "q", "q"),
    ]
    assert fed(parser, [f"{START}{'y' * 11}\x1b[2", "01~"]) == [
        ("dropped", TOO_LARGE),
        ("over",),
    ]
    assert fed(parser, [f"{START}{'y' * 11}"]) == [("dropped", TOO_LARGE)]
    clock.now += QUIET_SECONDS
    assert seen(parser.tick()) == []


def test_a_paste_at_the_limit_is_taken(
    parser: WholePasteParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paste_parser, "MAX_PASTE_CHARACTERS", 10)
    assert fed(parser, [f"{START}{'y' * 10}", END]) == [("paste", "y" * 10)]


def test_a_paste_that_the_end_of_input_cuts_off_is_nothing() -> None:
    parser = WholePasteParser()
    assert fed(parser, [f"{START}yes\r"]) == []
    assert seen(parser.feed("")) == []
