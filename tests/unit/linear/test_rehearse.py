"""The rehearsal on the practice account: each step, its facts, and the page."""

import io
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from masking_console.cli import main
from masking_console.errors import ExitCode
from masking_console.linear.expire import ExpireJob
from masking_console.linear.output import Output, TextLines
from masking_console.linear.plan import ExpiryRequest
from masking_console.linear.rehearse import Rehearsal
from masking_console.models.cause import Cause
from masking_console.models.session_detail import AnswerShape
from masking_console.models.session_uuid import SessionUuid
from masking_console.operations.wiring import build_operations
from masking_console.plivo.details import shape_lines
from masking_console.practice.exchange import ReceivedRequest, Reply
from masking_console.practice.faults import Ending, Fault, Mark
from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.linear_runs import linear_settings, named
from tests.support.runs import open_ids, quick_account


class Confirmed(Rehearsal):
    """A rehearsal whose expiries are confirmed as with ``--confirm``."""

    def carry_out(self, request: ExpiryRequest) -> ExitCode:
        confirmed = replace(request, confirm=named(request.session_uuids))
        lines = TextLines(self._output)
        return ExpireJob(self._operations, confirmed, lines).run()


def rehearse(
    simulated: SimulatedAccount,
    folder: Path,
    uuids: list[SessionUuid],
    answers: Iterator[str],
) -> tuple[str, str]:
    """Return what was said, and the page of facts."""
    out = io.StringIO()
    settings = linear_settings(folder)
    with closing(build_operations(settings, {}, simulated)) as operations:
        job = Confirmed(
            operations,
            uuids,
            Cause.of("OPS-1", ""),
            Output(out, io.StringIO()),
            lambda question: next(answers, "") if question else "",
        )
        assert job.run() is ExitCode.DONE
    (page,) = (folder / "exports").glob("rehearsal-*.txt")
    return out.getvalue(), page.read_text(encoding="utf-8")


def deleted(simulated: SimulatedAccount) -> list[str]:
    return [
        request.path.rpartition("/")[2]
        for request in simulated.requests
        if request.method == "DELETE"
    ]


def test_every_question_is_asked_and_its_facts_are_written(tmp_path: Path) -> None:
    simulated = quick_account()
    quiet = simulated.marked[Mark.WITH_PINS]
    (talking,) = open_ids(simulated, 1, "in-progress")
    answers = iter(["", "", "", "", "", "", "", "", "n"])

    said, page = rehearse(simulated, tmp_path, [quiet, talking], answers)

    assert deleted(simulated) == [quiet, talking]
    heads = [line for line in page.splitlines() if line[:1].isdigit()]
    numbers = [int(line.partition(".")[0]) for line in heads]
    assert numbers == list(range(1, 11))
    assert "PIN fields are there; they were not read." in page
    assert "Sessions are under: objects." in page
    assert "created_time must span at most 30 days" in page
    assert "404 after" in page
    assert "expire ended with 0; a GET right after it:" in page
    assert "the person said: n" in page
    assert "Not tried: production shares the limit." in page
    assert "skipped" not in page
    assert "On the practice account." in page
    assert f"The facts are in {tmp_path}" in said


def test_nothing_of_a_person_is_in_what_is_said(tmp_path: Path) -> None:
    simulated = quick_account()
    quiet = simulated.marked[Mark.WITH_PINS]
    session = simulated.session(quiet)
    assert session is not None
    assert session.pins is not None

    said, page = rehearse(simulated, tmp_path, [quiet], iter(()))

    for text in (said, page):
        for secret in (
            *session.pins,
            session.first_party,
            session.second_party,
            session.virtual_number,
        ):
            assert secret not in text


def test_steps_are_skipped_and_the_rest_is_left(tmp_path: Path) -> None:
    simulated = quick_account()
    ids = open_ids(simulated, 1)

    said, page = rehearse(simulated, tmp_path, ids, iter(["s", "", "q"]))

    assert not deleted(simulated)
    assert page.count("   skipped") == 7
    assert "10. How do lists look?" in said
    assert "40 days of" not in said


def test_a_step_that_is_refused_is_told_and_the_next_one_follows(
    tmp_path: Path,
) -> None:
    simulated = quick_account()
    expired = open_ids(simulated, 1, "expired")
    (talking,) = open_ids(simulated, 1, "active")

    _said, page = rehearse(simulated, tmp_path, [*expired, talking], iter(()))

    assert deleted(simulated) == [talking]
    assert "It is there." in page


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(has_effect=False, ending=Ending.DROPPED), "no answer after"),
        (
            Fault(
                has_effect=False,
                reply=Reply(429, b'{"error": "slow"}', (("retry-after", "2"),)),
            ),
            "Retry-After 2",
        ),
    ],
)
def test_an_answer_that_does_not_come_is_a_fact_too(
    tmp_path: Path, fault: Fault, words: str
) -> None:
    simulated = quick_account()
    ids = [*open_ids(simulated, 1), *open_ids(simulated, 1, "in-progress")]

    def hook(request: ReceivedRequest) -> Fault | None:
        return fault if "Masking" in request.path else None

    simulated.fault = hook
    answers = iter(["", "s", "s", "s", "s", "s", "", "q"])
    _said, page = rehearse(simulated, tmp_path, ids, answers)

    assert words in page
    assert "No answer that tells." in page


def test_a_session_that_is_not_listed_as_active_is_told(tmp_path: Path) -> None:
    simulated = quick_account()
    ids = [*open_ids(simulated, 1), *open_ids(simulated, 1, "expired")]
    answers = iter(["s", "s", "s", "s", "s", "s", "", "q"])

    _said, page = rehearse(simulated, tmp_path, ids, answers)

    assert "It is not on the first page." in page


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (b"<html>", ("no JSON, 6 bytes",)),
        (b"[1]", ("no JSON, 3 bytes",)),
        (
            b'{"status": "active", "pin": "1234"}',
            ("status: active", "pin: (not shown)"),
        ),
        (b'{"error": {"a": [1]}}', ("error:", "  a: 1 items")),
        (b'{"error": "call +12025550123"}', ("error: call (number)",)),
        (b'{"objects": []}', ("objects: 0 items",)),
    ],
)
def test_a_shape_has_names_and_harmless_values(
    body: bytes, lines: tuple[str, ...]
) -> None:
    assert shape_lines(body) == lines


def test_a_deep_or_long_answer_is_cut() -> None:
    deep = json.dumps({"a": {"b": {"c": {"d": {"e": {"status": "x"}}}}}}).encode()
    assert shape_lines(deep)[-1] == "        e: (not shown)"
    long = json.dumps({f"field{n}": n for n in range(200)}).encode()
    assert len(shape_lines(long)) == 60


def test_a_field_is_found_at_any_depth() -> None:
    shape = AnswerShape(200, 5, lines=("a:", "  first_party_pin: (not shown)"))

    assert shape.has("first_party_pin")
    assert not shape.has("pin")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["c28b77d4-21e7-43bd-9447-04bfee92e651"], "It needs a terminal."),
        (["c28b77d4-21e7-43bd-9447-04bfee92e651"] * 3, "Give one session, or two"),
        (["x"], "session"),
    ],
)
def test_the_command_asks_a_person_for_one_session_or_two(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["rehearse", "--practice", *arguments])

    assert ended.value.code == ExitCode.BAD_INPUT
    assert words in capsys.readouterr().err
