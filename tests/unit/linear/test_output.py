import io
import json
import signal
from datetime import UTC, datetime

from masking_console.linear.output import JsonLines, Output, TextLines
from masking_console.linear.plan import ExpiryRequest
from masking_console.linear.prompt import StopSignals
from masking_console.models.run_events import RunPaused, RunWaiting, SessionCameBack
from masking_console.models.session_uuid import EXAMPLE, SessionUuid

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
UUID = SessionUuid(EXAMPLE)


class Gone(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError


def test_a_stream_that_is_gone_is_told_once_on_the_other() -> None:
    err = io.StringIO()
    output = Output(Gone(), err)

    output.line("one")
    output.line("two")

    assert err.getvalue().count("Standard output is closed.") == 1


def test_two_streams_that_are_gone_end_nothing() -> None:
    output = Output(Gone(), Gone())

    output.line("one")
    output.note("two")


def test_what_the_encoding_lacks_is_written_out() -> None:
    raw = io.BytesIO()
    output = Output(io.TextIOWrapper(raw, encoding="ascii"), io.StringIO())

    output.line("caf\u00e9 \u2026")

    assert raw.getvalue() == b"caf\\xe9 \\u2026\n"


def test_what_came_back_and_what_waits_is_told_in_both_forms() -> None:
    found = SessionCameBack(UUID, SessionUuid(f"{EXAMPLE[:-1]}2"), NOW)
    out, err = io.StringIO(), io.StringIO()
    output, request = Output(out, err), ExpiryRequest((UUID,))
    for lines in (JsonLines(output, request), TextLines(output)):
        lines.look(found, NOW)
        lines.event(RunWaiting(2.0, "Offline."), NOW)
        lines.event(RunPaused("5 failures in a row."), NOW)

    first, second, third, text = out.getvalue().splitlines()
    assert json.loads(first)["new_session_uuid"] == found.new_uuid
    assert json.loads(second)["seconds"] == 2.0
    assert json.loads(third)["words"] == "5 failures in a row."
    assert "Your system may be recreating it." in text
    assert "~ waiting   Offline. Waiting 2 s." in err.getvalue()


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        signals = StopSignals()
        with signals.caught():
            signal.raise_signal(signal.SIGHUP)
        assert signals.count == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_before_the_reaction_counts() -> None:
    signals, counts = StopSignals(), list[int]()
    with signals.caught():
        signal.raise_signal(signal.SIGINT)
        with signals.reacting(counts.append):
            signal.raise_signal(signal.SIGINT)

    assert counts == [1, 2]
