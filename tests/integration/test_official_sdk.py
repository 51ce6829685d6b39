"""Plivo's own SDK, pointed at the practice server as the guide says."""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import plivo.exceptions
import plivo.rest.client as sdk
import pytest
import requests
from plivo.base import ResponseObject

from masking_console.practice.faults import Mark
from masking_console.practice.simulated_account import SimulatedAccount
from masking_console.presentation.guide import FOLDER
from tests.support.practice_service import program_environment

GUIDE = FOLDER / "practice-server.md"
PATIENCE_SECONDS = 20
UNKNOWN = "00000000-0000-4000-8000-000000000000"
MARKED = SimulatedAccount(count=0).marked
"""The ids come from the seed, so that they are the same in the server's process."""


class Served(NamedTuple):
    """Announcement of a server."""

    url: str
    auth_id: str
    token: str


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server in a process of its own, as a person starts it."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "masking_console", "practice-server"],
        env=program_environment(tmp_path_factory.mktemp("home")),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        yield Served(*(process.stdout.readline().strip() for _ in Served._fields))
        process.terminate()
        rest, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, rest, errors) == (0, "", "")


@pytest.fixture
def snippet(
    served: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[tuple[sdk.Client, str]]:
    """The client of the guide's lines, and what they print."""
    for name in dir(sdk):
        if name.endswith(("_URI", "_FALLBACK_1", "_FALLBACK_2")):
            monkeypatch.setattr(sdk, name, getattr(sdk, name))
    found = re.findall(
        r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL
    )
    (lines,) = (each for each in found if "import plivo" in each)
    names = served._asdict()
    exec(lines, names)  # noqa: S102 - the guide's own lines are what is tested
    with names["client"] as client:
        yield client, capsys.readouterr().out


@pytest.fixture
def client(snippet: tuple[sdk.Client, str]) -> sdk.Client:
    return snippet[0]


@pytest.fixture
def impatient(client: sdk.Client) -> sdk.Client:
    client.timeout = 1.0
    return client


def listed(client: sdk.Client, **filters: object) -> ResponseObject:
    return client.masking_sessions.list_masking_session(**filters).response


def status_of(client: sdk.Client, session_uuid: str) -> object:
    return client.masking_sessions.get_masking_session(session_uuid).response.status


def test_the_lines_of_the_readme_print_two_active_sessions(
    snippet: tuple[sdk.Client, str],
) -> None:
    client, printed = snippet

    uuids = [
        row.session_uuid for row in listed(client, status="active", limit=2).objects
    ]
    assert printed == f"{uuids}\n"
    assert len(uuids) == 2


def test_the_account_describes_itself(client: sdk.Client, served: Served) -> None:
    assert client.account.get().auth_id == served.auth_id


def test_pages_by_offset_bring_every_session_once_the_newest_first(
    client: sdk.Client,
) -> None:
    first = listed(client)
    total = first.meta.total_count
    rows = [
        row
        for offset in range(0, total, 20)
        for row in listed(client, limit=20, offset=offset).objects
    ]

    assert total > 100
    assert len({row.session_uuid for row in rows}) == len(rows) == total
    assert [row.session_uuid for row in rows[:20]] == [
        row.session_uuid for row in first.objects
    ]
    created = [row.created_time[:19] for row in rows]
    assert created == sorted(created, reverse=True)
    assert all(row.resource_uri.endswith(f"/{row.session_uuid}/") for row in rows)


def test_filters_for_status_number_and_time(client: sdk.Client) -> None:
    expired = listed(client, status="expired").objects
    busy = listed(client, second_party="447700900073").objects
    end = datetime.now(UTC) - timedelta(days=30)
    bounds = {
        "created_time__gte": f"{end - timedelta(days=30):%Y-%m-%d %H:%M:%S.%f}",
        "created_time__lt": f"{end:%Y-%m-%d %H:%M}",
    }
    older = listed(client, **bounds).objects

    assert {row.status for row in expired} == {"expired"}
    assert {row.second_party for row in busy} == {"447700900073"}
    assert older
    assert all(row.created_time < bounds["created_time__lt"] for row in older)


def test_what_a_list_refuses_is_a_validation_error(client: sdk.Client) -> None:
    for filters, why in (
        ({"limit": 21}, "limit must be between 1 and 20"),
        ({"status": "open"}, "status is not valid"),
        ({"created_time__gt": "2020-01-01 00:00"}, "at most 30 days"),
    ):
        with pytest.raises(plivo.exceptions.ValidationError, match=why):
            listed(client, **filters)


def test_get_expire_and_expire_again(client: sdk.Client) -> None:
    sessions = client.masking_sessions
    session_uuid = MARKED[Mark.WITH_PINS]
    assert status_of(client, session_uuid) == "active"

    answer = sessions.delete_masking_session(session_uuid)

    assert answer.message == "Session expired"
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.api_id)
    assert status_of(client, session_uuid) == "expired"
    again = pytest.raises(
        plivo.exceptions.ValidationError, match=r"^Session already expired$"
    )
    with again:
        sessions.delete_masking_session(session_uuid)


def test_an_unknown_id_and_no_id_expire_nothing(client: sdk.Client) -> None:
    sessions = client.masking_sessions
    before = listed(client, status="active").meta.total_count
    not_found = plivo.exceptions.ResourceNotFoundError

    for text in (UNKNOWN, MARKED[Mark.IN_CALL].upper(), "", None, "../../Call"):
        with pytest.raises(not_found, match=r"^not found$"):
            sessions.delete_masking_session(text)
    with pytest.raises(not_found, match=r"^not found$"):
        sessions.get_masking_session(UNKNOWN)
    # The SDK takes this dot out of the path, and what is left is the collection.
    with pytest.raises(plivo.exceptions.InvalidRequestError, match="not allowed"):
        sessions.delete_masking_session(".")

    # A few may have ended by themselves.
    assert listed(client, status="active").meta.total_count > before / 2
    assert status_of(client, MARKED[Mark.IN_CALL]) == "in-progress"


def test_a_wrong_token_is_an_authentication_error(
    served: Served, client: sdk.Client
) -> None:
    refused = plivo.exceptions.AuthenticationError
    with sdk.Client(served.auth_id, "wrong") as stranger:
        with pytest.raises(refused):
            listed(stranger)
        with pytest.raises(refused):
            stranger.masking_sessions.get_masking_session(UNKNOWN)
        with pytest.raises(refused):
            stranger.masking_sessions.delete_masking_session(MARKED[Mark.IN_CALL])

    assert status_of(client, MARKED[Mark.IN_CALL]) == "in-progress"


def test_nothing_can_be_created_or_changed(client: sdk.Client) -> None:
    sessions = client.masking_sessions
    before = status_of(client, MARKED[Mark.IN_CALL])
    refused = plivo.exceptions.InvalidRequestError

    with pytest.raises(refused, match=r"^method not allowed$"):
        sessions.create_masking_session("910000000051", "447700900073")
    with pytest.raises(refused, match=r"^method not allowed$"):
        sessions.update_masking_session(MARKED[Mark.IN_CALL], session_expiry=60)

    assert status_of(client, MARKED[Mark.IN_CALL]) == before == "in-progress"


def test_a_500_twice_is_sent_again_by_the_sdk_which_says_so(
    client: sdk.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    session_uuid = MARKED[Mark.ERROR_TWICE]

    answer = client.masking_sessions.delete_masking_session(session_uuid)

    assert answer.message == "Session expired"
    assert capsys.readouterr().out.count("Fallback for URL") == 2


def test_a_429_is_an_error_and_the_next_try_works(client: sdk.Client) -> None:
    session_uuid = MARKED[Mark.RATE_LIMITED_ONCE]

    with pytest.raises(plivo.exceptions.PlivoRestError, match="could not be deleted"):
        client.masking_sessions.delete_masking_session(session_uuid)

    answer = client.masking_sessions.delete_masking_session(session_uuid)
    assert answer.message == "Session expired"


def test_an_answer_that_never_comes_leaves_the_session_expired(
    impatient: sdk.Client,
) -> None:
    session_uuid = MARKED[Mark.LOST_ANSWER]

    with pytest.raises(requests.exceptions.ReadTimeout):
        impatient.masking_sessions.delete_masking_session(session_uuid)

    assert status_of(impatient, session_uuid) == "expired"
