"""Bytes that a hostile paste can put behind its end mark: none of them may raise."""

import pytest

from masking_console.ui.terminal.paste_parser import WholePasteParser


@pytest.mark.parametrize(
    "data",
    [
        "\x1b[:u",
        "\x1b[121;1:3u",
        "\x1b[121:89;2u",
        "\x1b[1114112;1u",
        "\x1b[1;1;9999999u",
        "\x1b[48;0;0;0;0t\x1b[<0;1;1M",
    ],
)
def test_a_strange_report_does_not_end_the_input(data: str) -> None:
    parser = WholePasteParser()
    messages = [*parser.feed(f"\x1b[200~a \x1b[201~{data}"), *parser.feed("k")]
    assert messages
