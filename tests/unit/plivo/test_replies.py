import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masking_console.models.account import AuthId
from masking_console.models.masking_session import SessionStatus
from masking_console.models.plain_text import plain_text
from masking_console.models.session_uuid import SessionUuid
from masking_console.plivo.answers import Verdict
from masking_console.plivo.replies import (
    RawReply,
    read_account_details,
    read_account_reply,
    read_expire_reply,
    read_session_reply,
)
from masking_console.plivo.retry_after import (
    LONGEST_WAIT_SECONDS,
    read_retry_after,
)
from masking_console.practice.sign_in import practice_account

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
UUID = SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651")
OTHER = "4b083bef-ce3a-4a4e-a6a5-8ba4c9ce5d3e"
AUTH_ID = AuthId("MAEXAMPLE0000000044T")
V = Verdict


def body(value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("status", "content", "verdict"),
    [
        (200, body({"api_id": "a", "message": "Session expired"}), V.EXPIRED),
        (200, body({"api_id": "a", "message": "Session Deleted"}), V.EXPIRED),
        (202, body({"message": "accepted"}), V.EXPIRED),
        (204, b"", V.EXPIRED),
        (204, b" \r\n", V.EXPIRED),
        (204, body({"message": "gone"}), V.EXPIRED),
        (200, b"", V.UNCLEAR),
        (200, b"{}", V.UNCLEAR),
        (200, b"[]", V.UNCLEAR),
        (200, b"<html></html>", V.UNCLEAR),
        (200, body({"message": ""}), V.UNCLEAR),
        (200, body({"message": 7}), V.UNCLEAR),
        (200, body({"message": "async api spawned"}), V.UNCLEAR),
        (200, body({"error": "Session already expired"}), V.ALREADY_EXPIRED),
        (200, body({"message": "Session already expired"}), V.ALREADY_EXPIRED),
        (200, body({"error": "no", "message": "Session expired"}), V.REFUSED),
        (200, body({"error": {}, "message": "Session expired"}), V.UNCLEAR),
        (200, body({"error": None, "message": "Session expired"}), V.EXPIRED),
        (400, body({"error": "Session already expired"}), V.ALREADY_EXPIRED),
        (400, body({"error": {"error": "session ALREADY expired"}}), V.ALREADY_EXPIRED),
        (400, body({"error": {"message": "bad"}}), V.REFUSED),
        (400, body({"global_error": "bad"}), V.REFUSED),
        (400, body({"data": {"error": "bad"}}), V.REFUSED),
        (400, b"bad", V.UNCLEAR),
        (400, b"{}", V.UNCLEAR),
        (409, body({"error": "already expired"}), V.REFUSED),
        (401, b"<html>no</html>", V.TOKEN_REFUSED),
        (401, body({"error": "credentials"}), V.TOKEN_REFUSED),
        (403, b"", V.FORBIDDEN),
        (404, b"not found", V.NOT_FOUND),
        (404, b"{}", V.NOT_FOUND),
        (405, body({"error": "method not allowed"}), V.REFUSED),
        (408, body({"error": "time-out"}), V.UNCLEAR),
        (429, b"", V.RATE_LIMITED),
        (301, b"", V.UNCLEAR),
        (302, body({"message": "Session expired"}), V.UNCLEAR),
        (500, body({"error": "internal"}), V.UNCLEAR),
        (500, body({"message": "Session expired"}), V.UNCLEAR),
        (502, b"<html>", V.UNCLEAR),
        (503, b"", V.UNCLEAR),
        (100, b"", V.UNCLEAR),
    ],
)
def test_what_an_answer_to_a_delete_is_evidence_for(
    status: int, content: bytes, verdict: Verdict
) -> None:
    assert read_expire_reply(RawReply(status, content), NOW).verdict is verdict


@pytest.mark.parametrize(
    ("status", "content", "verdict"),
    [
        (200, {"response": {"session_uuid": UUID, "status": "active"}}, V.FOUND),
        (200, {"session_uuid": UUID, "status": "active"}, V.FOUND),
        (200, {"response": None, "session_uuid": UUID, "status": "x"}, V.FOUND),
        (200, {"response": {"session_uuid": OTHER, "status": "active"}}, V.UNCLEAR),
        (200, {"response": {"session_uuid": UUID}}, V.UNCLEAR),
        (200, {"response": {"session_uuid": "..", "status": "active"}}, V.UNCLEAR),
        (200, {"response": {"session_uuid": 7, "status": "active"}}, V.UNCLEAR),
        (200, {"response": "active"}, V.UNCLEAR),
        (200, {"api_id": "x"}, V.UNCLEAR),
        (200, [], V.UNCLEAR),
        (404, {}, V.NOT_FOUND),
        (400, {"error": "no"}, V.REFUSED),
        (500, {"error": "no"}, V.UNCLEAR),
        (401, {}, V.TOKEN_REFUSED),
        (429, {}, V.RATE_LIMITED),
    ],
)
def test_what_an_answer_to_a_get_is_evidence_for(
    status: int, content: object, verdict: Verdict
) -> None:
    answer = read_session_reply(RawReply(status, body(content)), UUID, NOW)

    assert answer.verdict is verdict
    assert (answer.session is not None) == (verdict is V.FOUND)


def test_a_session_is_read_with_numbers_and_times_in_every_spelling() -> None:
    content = {
        "session_uuid": UUID.upper(),
        "status": " In-Progress ",
        "first_party": 919003459051,
        "second_party": "null",
        "virtual_number": None,
        "created_time": "2024-05-28 07:29:27.14973 +0000 UTC",
        "expiry_time": "",
        "last_interaction_time": 5,
        "total_call_count": "12",
        "first_party_pin": "4711",
    }

    answer = read_session_reply(RawReply(200, body({"response": content})), UUID, NOW)

    session = answer.session
    assert session is not None
    assert session.status is SessionStatus.IN_PROGRESS
    assert session.first_party == "919003459051"
    assert (session.second_party, session.virtual_number) == ("", "")
    assert session.created_time == datetime(2024, 5, 28, 7, 29, 27, 149730, UTC)
    assert session.expiry_time is session.last_interaction_time is None
    assert session.total_call_count == 12
    assert "4711" not in repr(answer)


@pytest.mark.parametrize(
    ("status", "content", "verdict"),
    [
        (200, {"auth_id": AUTH_ID, "name": "Acme"}, V.FOUND),
        (200, {"name": "Acme"}, V.FOUND),
        (200, {"auth_id": "MAOTHER"}, V.UNCLEAR),
        (200, {"auth_id": {"x": 1}}, V.UNCLEAR),
        (200, {"error": "no"}, V.UNCLEAR),
        (200, [], V.UNCLEAR),
        (401, {}, V.TOKEN_REFUSED),
        (403, {}, V.FORBIDDEN),
        (500, {}, V.UNCLEAR),
    ],
)
def test_what_an_answer_about_an_account_is_evidence_for(
    status: int, content: object, verdict: Verdict
) -> None:
    reply = RawReply(status, body(content))

    assert read_account_reply(reply, AUTH_ID, NOW).verdict is verdict


def test_the_accounts_name_is_plain_and_may_be_missing() -> None:
    named = read_account_details(RawReply(200, body({"name": "A\x1b[2J\nB"})))

    assert named.name == "A\ufffd[2J B"
    assert read_account_details(RawReply(200, b"no json")).name == ""


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (RawReply(400, body({"error": "bad\x1b[1m"})), "bad\ufffd[1m"),
        (RawReply(400, b"plain words"), "plain words"),
        (RawReply(502, b"<html>x</html>", reason="Bad Gateway"), "Bad Gateway"),
        (RawReply(500, b"", reason="Internal"), "Internal"),
        (RawReply(500, b"{}", reason="Internal"), "Internal"),
        (RawReply(400, b"\xff\xfe"), "\ufffd\ufffd"),
    ],
)
def test_the_words_of_an_answer_are_found_wherever_they_are(
    reply: RawReply, words: str
) -> None:
    assert read_expire_reply(reply, NOW).detail == words


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 2 ", 2.0),
        ("99999999999999999999", LONGEST_WAIT_SECONDS),
        ("Wed, 04 Mar 2026 12:00:09 GMT", 9.0),
        ("Wed, 04 Mar 2026 12:00:09 -0000", 9.0),
        ("Wed, 04 Mar 2026 11:00:00 GMT", 0.0),
        ("Wed, 04 Mar 2099 11:00:00 GMT", LONGEST_WAIT_SECONDS),
        ("soon", None),
        ("-3", None),
        ("\u0663", None),
        ("Wed, 99 Mar 99999 11:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms(
    header: str | None, seconds: float | None
) -> None:
    assert read_retry_after(header, NOW) == seconds


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(
        [UUID, "active", "expired", "Session expired", "null", "a" * 999]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "api_id",
                    "error",
                    "message",
                    "data",
                    "response",
                    "session_uuid",
                    "status",
                    "first_party",
                    "total_call_count",
                    "created_time",
                    "auth_id",
                    "name",
                    "first_party_pin",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)
CONTENTS = st.binary(max_size=300) | JSON.map(body)
STATUSES = st.integers(100, 599)


# The numbering plans are loaded by the first text that may hold a number.
@settings(deadline=None)
@given(status=STATUSES, content=CONTENTS, retry_after=st.none() | st.text())
def test_no_answer_raises_and_every_text_is_plain(
    status: int, content: bytes, retry_after: str | None
) -> None:
    reply = RawReply(status, content, retry_after=retry_after)
    for answer in (
        read_expire_reply(reply, NOW),
        read_session_reply(reply, UUID, NOW),
        read_account_reply(reply, AUTH_ID, NOW),
    ):
        assert plain_text(answer.detail) == answer.detail
        assert plain_text(answer.api_id) == answer.api_id
        if answer.verdict is Verdict.EXPIRED:
            assert 200 <= status <= 299
        if answer.session is not None:
            assert answer.session.session_uuid == UUID
            assert plain_text(answer.session.first_party) == answer.session.first_party
    details = read_account_details(reply)
    assert plain_text(details.name) == details.name


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"x":' * 100_000,
        b'{"error": "\\ud800"}',
        b'{"message": NaN}',
        b'{"message": "a", "message": "b"}',
        b'{"first_party": 1e400}',
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    ],
)
def test_hostile_json_never_raises(content: bytes) -> None:
    for status in (200, 400, 500):
        reply = RawReply(status, content)
        read_expire_reply(reply, NOW)
        read_session_reply(reply, UUID, NOW)
        read_account_reply(reply, AUTH_ID, NOW)


@pytest.mark.parametrize("field", ["api_id", "error"])
def test_no_token_and_no_number_is_kept_of_what_an_answer_echoes(field: str) -> None:
    account = practice_account()
    header = account.auth_token.basic_authorization(account.auth_id)
    for echoed in (header, header[6:], "%2B91 90034-59051"):
        body = json.dumps({"api_id": "a", "error": "no", field: f"got {echoed}"})
        answer = read_expire_reply(RawReply(400, body.encode()), NOW)
        kept = answer.api_id if field == "api_id" else answer.detail
        assert kept.startswith("got ")
        assert kept.endswith(("(token)", "(number)"))
        assert header[20:40] not in kept


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("no route to +91 90034 59051 now", "no route to (number) now"),
        ("919003459051 is busy", "(number) is busy"),
        ("Session c28b77d4-21e7-43bd-9447-041234567890 expired", None),
        ("error 500 at 12:05", None),
    ],
)
def test_no_phone_number_of_a_message_is_kept(words: str, shown: str | None) -> None:
    body = b'{"api_id": "a", "error": "%s"}' % words.encode()
    answer = read_expire_reply(RawReply(400, body), NOW)

    assert answer.detail == (shown or words)
