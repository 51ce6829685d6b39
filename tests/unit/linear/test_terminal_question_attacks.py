"""Ways around the rule of a yes at the prompt, on a clock that only the tests move."""

from masking_console.linear.prompt import TypedLine
from masking_console.models.consent import Silence


def test_backspace_on_an_empty_line_is_no_silence() -> None:
    line = TypedLine("1 e", Silence())
    line.shown(0.0)
    for at, data in ((0.05, b"\x7f"), (0.08, b"1"), (0.11, b" "), (0.14, b"e")):
        line.take(data, at)
    line.take(b"\r", 0.3)
    line.settle(0.71)

    # It would be over without a refusal: answered, 0.05 s behind the question.
    assert not (line.is_over and line.refusal is None)
