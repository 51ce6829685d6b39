import pytest

from masking_console.linear.typed_line import TypedLine


def typed(*keys: bytes, seconds: float = 0.1) -> TypedLine:
    line = TypedLine()
    for number, key in enumerate(keys):
        line.take(key, number * seconds)
    return line


def test_keys_one_by_one_are_a_line() -> None:
    line = typed(*(bytes([each]) for each in b"12 env\n"))

    assert (line.text, line.is_over, line.is_typed) == ("12 env", True, True)


@pytest.mark.parametrize(
    "keys",
    [
        [b"12 env\n"],
        [b"12 env", b"\n"],
        [b"1", b"2", b" ", b"e", b"n", b"v\n"],
        [b"1", b"2 env", b"\r"],
        [b"\x1b[200~12 env\x1b[201~", b"\n"],
        [b"1", b"\n", b"rm"],
        [b"\xc3", b"\n"],
    ],
)
def test_what_comes_at_once_was_not_typed(keys: list[bytes]) -> None:
    assert not typed(*keys).is_typed


def test_a_line_can_be_mended_and_given_up() -> None:
    line = TypedLine()
    shown = [line.take(key, at) for at, key in enumerate([b"1", b"3", b"\x7f", b"2"])]
    assert (shown, line.text) == (["1", "3", "\b \b", "2"], "12")
    assert line.take(b"\x15", 9.0) == "\b \b" * 2
    assert (line.take(b"\x7f", 10.0), line.text) == ("", "")
    line.take(b"4", 11.0)
    line.take(b"\x04", 12.0)
    assert (line.text, line.is_over, line.is_typed) == ("", True, True)
