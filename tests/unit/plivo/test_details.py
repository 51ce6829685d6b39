from datetime import UTC, datetime

import pytest

from masking_console.models.masking_session import MaskingSession
from masking_console.models.session_detail import Interaction, SessionDetail
from masking_console.plivo.details import MOST_INTERACTIONS, read_detail
from masking_console.plivo.replies import read_session

UUID = b"c28b77d4-21e7-43bd-9447-04bfee92e651"
BASE = b'"session_uuid": "%s", "status": "active"' % UUID
START = datetime(2024, 5, 29, 4, 47, 18, tzinfo=UTC)


def session() -> MaskingSession:
    found = read_session(b"{%s}" % BASE)
    assert found is not None
    return found


def detail(fields: bytes = b"") -> SessionDetail:
    return read_detail(b'{"response": {%s%s}}' % (BASE, fields), session())


def test_what_is_missing_is_not_made_up() -> None:
    assert detail() == SessionDetail(session(), None, None, session().first_party, ())
    assert read_detail(b"nonsense", session()).interactions == ()
    at_the_top = read_detail(b'{%s, "record": true}' % BASE, session())
    assert at_the_top.is_recorded is True


@pytest.mark.parametrize(
    ("value", "truth"),
    [(b"true", True), (b"false", False), (b'"true"', True), (b'"FALSE"', False),
     (b"null", None), (b'"perhaps"', None), (b"1", None)],
)  # fmt: skip
def test_truths_come_as_booleans_and_as_words(value: bytes, truth: bool | None) -> None:
    assert detail(b', "record": %s' % value).is_recorded is truth
    pins = detail(b', "is_pin_authentication_required": %s' % value)
    assert pins.has_pins is truth


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (b'"https://user:secret@hooks.acme.example:8443/a?token=s3cret"',
         "hooks.acme.example"),
        (b'""', ""),
        (b'"null"', ""),
        (b"7", ""),
        (b'"https://[::1"', "unreadable"),
        (b'"https://a\\u202eb/"', "a\N{REPLACEMENT CHARACTER}b"),
    ],
)  # fmt: skip
def test_of_a_callback_url_only_the_host_is_kept(url: bytes, host: str) -> None:
    assert detail(b', "callback_url": %s' % url).callback_host == host


ONE = (
    b'{"start_time": "2024-05-29 04:47:18 +0000 UTC", '
    b'"end_time": "2024-05-29 04:47:49 +0000 UTC", "duration": 48, '
    b'"total_call_count": 2, "recording_resource_url": "https://x"}'
)


@pytest.mark.parametrize("value", [ONE, b"[%s]" % ONE])
def test_calls_come_as_a_list_or_alone(value: bytes) -> None:
    (call,) = detail(b', "interaction": %s' % value).interactions
    end = START.replace(second=49)
    assert call == Interaction(START, end, 2, has_recording=True)
    assert call.seconds == 31


@pytest.mark.parametrize(
    "value", [b"null", b'"none"', b"7", b"[7]", b'{"start_time": {}}', b"[]"]
)
def test_calls_in_an_unknown_shape_are_left_out(value: bytes) -> None:
    calls = detail(b', "interaction": %s' % value).interactions
    assert all(call.start_time is None and call.seconds is None for call in calls)


def test_the_latest_call_comes_first_and_a_flood_is_cut() -> None:
    later = ONE.replace(b"05-29", b"05-30")
    many = b", ".join([ONE, later, b"{}", *[ONE] * MOST_INTERACTIONS])
    calls = detail(b', "interaction": [%s]' % many).interactions

    assert len(calls) == MOST_INTERACTIONS
    assert calls[0].start_time == START.replace(day=30)
    assert calls[-1].start_time is None
