import json
from dataclasses import replace
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
from masking_console.plivo.pacing import (
    LONGEST_WAIT_SECONDS,
    read_retry_after,
)
from masking_console.plivo.replies import (
    RawReply,
    read_account_details,
    read_account_reply,
    read_api_id,
    read_expire_reply,
    read_list_reply,
    read_session_reply,
)
from masking_console.practice.exchange import practice_account

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
UUID = SessionUuid("c28b77d4-21e7-43bd-9447-04bfee92e651")
OTHER = "4b083bef-ce3a-4a4e-a6a5-8ba4c9ce5d3e"
AUTH_ID = AuthId("MAEXAMPLE0000000044T")
V = Verdict


OPEN = {"session_uuid": UUID, "status": "active"}
HEADER = "bad header Authorization: Basic (token)"


def body(value: object) -> bytes:
    return json.dumps(value).encode()


def plivos(**fields: object) -> bytes:
    """Return a body in Plivo's form."""
    return body({"api_id": "a1", **fields})


@pytest.mark.parametrize(
    ("status", "content", "verdict"),
    [
        (200, plivos(message="Session expired"), V.EXPIRED),
        (200, plivos(message="Session Deleted"), V.EXPIRED),
        (200, plivos(message=" SESSION  expired. "), V.EXPIRED),
        (200, plivos(message="Session expired", error=None), V.EXPIRED),
        (200, body({"message": "Session expired"}), V.UNCLEAR),
        (200, body({"api_id": "", "message": "Session expired"}), V.UNCLEAR),
        (200, body({"api_id": 7, "message": "Session expired"}), V.UNCLEAR),
        (
            200,
            body({"api_id": "447700900123", "message": "Session expired"}),
            V.UNCLEAR,
        ),
        (200, plivos(message="Session could not be expired"), V.UNCLEAR),
        (200, plivos(message="Session expired soon"), V.UNCLEAR),
        (200, plivos(message="ok", global_error="not expired"), V.UNCLEAR),
        (200, plivos(message="Session expired", global_error="no"), V.UNCLEAR),
        (200, plivos(message="Session expired", success=False), V.UNCLEAR),
        (200, plivos(message="Session expired", data={"error": "no"}), V.UNCLEAR),
        (200, plivos(message="Welcome! Log in to this network."), V.UNCLEAR),
        (201, plivos(message="Session expired"), V.UNCLEAR),
        (202, plivos(message="queued"), V.UNCLEAR),
        (202, plivos(message="Session expired"), V.UNCLEAR),
        (204, b"", V.UNCLEAR),
        (204, b" \r\n", V.UNCLEAR),
        (204, plivos(message="Session expired"), V.UNCLEAR),
        (206, plivos(message="Session expired"), V.UNCLEAR),
        (200, b"", V.UNCLEAR),
        (200, b"{}", V.UNCLEAR),
        (200, b"[]", V.UNCLEAR),
        (200, b"<html></html>", V.UNCLEAR),
        (200, plivos(message=""), V.UNCLEAR),
        (200, plivos(message=7), V.UNCLEAR),
        (200, plivos(message="async api spawned"), V.UNCLEAR),
        (200, plivos(error="Session already expired"), V.ALREADY_EXPIRED),
        (200, plivos(message="Session already expired"), V.ALREADY_EXPIRED),
        (400, plivos(error="Session already expired"), V.ALREADY_EXPIRED),
        (400, plivos(message="session ALREADY expired."), V.ALREADY_EXPIRED),
        (200, plivos(message="was not already expired, could not process"), V.UNCLEAR),
        (200, plivos(error="Session already expired", message="no"), V.UNCLEAR),
        (202, plivos(error="Session already expired"), V.UNCLEAR),
        (400, body({"error": "Session already expired"}), V.UNCLEAR),
        (400, plivos(error={"error": "Session already expired"}), V.UNCLEAR),
        (400, plivos(error="was not already expired"), V.REFUSED),
        (409, plivos(error="Session already expired"), V.REFUSED),
        (200, plivos(error="no", message="Session expired"), V.UNCLEAR),
        (200, plivos(error={}, message="Session expired"), V.UNCLEAR),
        (200, plivos(error="no"), V.UNCLEAR),
        (400, plivos(error="masking is not enabled"), V.REFUSED),
        (402, plivos(message="insufficient credit"), V.REFUSED),
        (405, plivos(error="method not allowed"), V.REFUSED),
        (400, plivos(error={"message": "bad"}), V.UNCLEAR),
        (400, plivos(global_error="bad"), V.UNCLEAR),
        (400, plivos(data={"error": "bad"}), V.UNCLEAR),
        (400, body({"error": "bad"}), V.UNCLEAR),
        (400, b"bad", V.UNCLEAR),
        (400, b"{}", V.UNCLEAR),
        (401, b"<html>no</html>", V.TOKEN_REFUSED),
        (401, body({"error": "credentials"}), V.TOKEN_REFUSED),
        (403, b"", V.FORBIDDEN),
        (404, plivos(error="not found"), V.NOT_FOUND),
        (404, plivos(message="not found"), V.NOT_FOUND),
        (404, b"not found", V.UNCLEAR),
        (404, b"<html>nginx</html>", V.UNCLEAR),
        (404, b"{}", V.UNCLEAR),
        (404, body({"error": "not found"}), V.UNCLEAR),
        (404, plivos(error=" "), V.UNCLEAR),
        (408, plivos(error="time-out"), V.UNCLEAR),
        (429, b"", V.RATE_LIMITED),
        (300, b"", V.REDIRECTED),
        (301, b"", V.REDIRECTED),
        (302, plivos(message="Session expired"), V.REDIRECTED),
        (308, b"<html>", V.REDIRECTED),
        (500, plivos(error="internal"), V.UNCLEAR),
        (500, plivos(message="Session expired"), V.UNCLEAR),
        (502, b"<html>", V.UNCLEAR),
        (503, b"", V.UNCLEAR),
        (100, b"", V.UNCLEAR),
    ],
)
def test_what_an_answer_to_a_delete_is_evidence_for(
    status: int, content: bytes, verdict: Verdict
) -> None:
    assert read_expire_reply(RawReply(status, content), NOW).verdict is verdict


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 429, 500])
def test_an_answer_that_came_before_is_evidence_for_nothing(status: int) -> None:
    words = "Session already expired" if status == 400 else "Session expired"
    content = plivos(message=words, response={"session_uuid": UUID, "status": "active"})
    reply = RawReply(status, content, is_repeat=True)

    for answer in (
        read_expire_reply(replace(reply, body=plivos(message=words)), NOW),
        read_session_reply(reply, UUID, NOW),
        read_list_reply(reply, NOW, is_page=True),
        read_account_reply(reply, AUTH_ID, NOW),
    ):
        assert (answer.verdict, answer.session) == (V.UNCLEAR, None)
        assert answer.http_status is None
        assert not answer.is_plivos
        assert answer.words == "the answer to an earlier request came once more"


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("", "redirected, not followed"),
        (
            f"https://sso.example/in?next=/v1/Account/{AUTH_ID}/#top",
            "redirected to https://sso.example/in, not followed",
        ),
        (
            "https://who:hunter2@sso.example:8443/in",
            "redirected to https://sso.example/in, not followed",
        ),
        (
            "/v1/call/+447700900123/",
            "redirected to /v1/call/(number)/, not followed",
        ),
        ("http://[::1", "redirected to an address that cannot be read, not followed"),
    ],
)
def test_a_redirect_says_where_it_points_without_secrets(
    location: str, words: str
) -> None:
    answer = read_expire_reply(RawReply(301, b"moved", location=location), NOW)

    assert answer.verdict is V.REDIRECTED
    assert answer.words == words


@pytest.mark.parametrize(
    ("status", "content", "verdict"),
    [
        (200, {"api_id": "a", "response": OPEN}, V.FOUND),
        (200, {"api_id": "a", **OPEN}, V.FOUND),
        (200, {"api_id": "a", "response": None, **OPEN}, V.FOUND),
        (200, {"response": OPEN}, V.UNCLEAR),
        (200, {"api_id": "a", "error": "no", "response": OPEN}, V.UNCLEAR),
        (200, {"api_id": "a", "global_error": "no", "response": OPEN}, V.UNCLEAR),
        (206, {"api_id": "a", "response": OPEN}, V.UNCLEAR),
        (
            200,
            {"api_id": "a", "response": {"session_uuid": OTHER, "status": "active"}},
            V.UNCLEAR,
        ),
        (200, {"api_id": "a", "response": {"session_uuid": UUID}}, V.UNCLEAR),
        (
            200,
            {"api_id": "a", "response": {"session_uuid": "..", "status": "active"}},
            V.UNCLEAR,
        ),
        (
            200,
            {"api_id": "a", "response": {"session_uuid": 7, "status": "active"}},
            V.UNCLEAR,
        ),
        (200, {"api_id": "a", "response": "active"}, V.UNCLEAR),
        (200, {"api_id": "x"}, V.UNCLEAR),
        (200, [], V.UNCLEAR),
        (404, {"api_id": "a", "error": "not found"}, V.NOT_FOUND),
        (404, {}, V.UNCLEAR),
        (404, {"error": "not found"}, V.UNCLEAR),
        (400, {"api_id": "a", "error": "no"}, V.REFUSED),
        (400, {"error": "no"}, V.UNCLEAR),
        (301, {}, V.REDIRECTED),
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

    answer = read_session_reply(RawReply(200, plivos(response=content)), UUID, NOW)

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
        (200, {"api_id": "a", "auth_id": AUTH_ID, "name": "Acme"}, V.FOUND),
        (200, {"api_id": "a", "name": "Acme"}, V.FOUND),
        (200, {"name": "Acme"}, V.UNCLEAR),
        (200, {"message": "Welcome! Log in to this network."}, V.UNCLEAR),
        (200, {"api_id": "a", "auth_id": "MAOTHER"}, V.UNCLEAR),
        (200, {"api_id": "a", "auth_id": {"x": 1}}, V.UNCLEAR),
        (200, {"api_id": "a", "error": "no"}, V.UNCLEAR),
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
        (RawReply(400, plivos(error="bad\x1b[1m")), "bad\ufffd[1m"),
        (RawReply(401, b"plain words"), "plain words"),
        (RawReply(401, plivos(error={"error": "nested"})), "nested"),
        (RawReply(401, plivos(error={"message": "nested"})), "nested"),
        (RawReply(403, plivos(global_error="no")), "no"),
        (RawReply(403, plivos(data={"error": "no"})), "no"),
        (RawReply(403, b"<html>x</html>", reason="Forbidden"), "Forbidden"),
        (RawReply(403, b"", reason="Forbidden"), "Forbidden"),
        (RawReply(403, b"{}", reason="Forbidden"), "Forbidden"),
        (RawReply(401, b"\xff\xfe"), "\ufffd\ufffd"),
        (RawReply(400, b"plain words"), "answered 400, not in Plivo's form"),
        (RawReply(502, b"<html>x</html>"), "answered 502, not in Plivo's form"),
        (RawReply(404, b"{}"), "answered 404, not in Plivo's form"),
        (RawReply(500, plivos(error="internal")), "Plivo error 500"),
        (RawReply(204, b""), "answered 204, but did not confirm"),
        (
            RawReply(200, plivos(message="Session could not be expired")),
            "answered 200, but did not confirm: Session could not be expired",
        ),
    ],
)
def test_the_words_of_an_answer_are_found_wherever_they_are(
    reply: RawReply, words: str
) -> None:
    assert read_expire_reply(reply, NOW).detail == words


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (RawReply(200, b"{}"), "answered 200, not in Plivo's form"),
        (RawReply(200, plivos(error="no")), "answered 200, but about something else"),
        (RawReply(404, b"{}"), "answered 404, not in Plivo's form"),
        (RawReply(402, plivos(error="no credit")), "Plivo answered 402: no credit"),
        (RawReply(402, plivos(error="no"), reason="No"), "Plivo answered 402: no"),
        (RawReply(401, b""), "answered 401, not in Plivo's form"),
        (RawReply(403, b"blocked"), "answered 403, not in Plivo's form: blocked"),
    ],
)
def test_the_words_of_a_look_name_the_status(reply: RawReply, words: str) -> None:
    answer = read_session_reply(reply, UUID, NOW)

    assert answer.words == words
    assert answer.is_missing == (reply.status == 404)


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
            assert status == 200
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


def test_no_token_and_no_number_is_kept_of_what_an_answer_echoes() -> None:
    account = practice_account()
    header = account.auth_token.basic_authorization(account.auth_id)
    for echoed in (header, header[6:], "%2B91 90034-59051"):
        body = json.dumps({"api_id": "a", "error": f"got {echoed}"})
        kept = read_expire_reply(RawReply(400, body.encode()), NOW).detail
        assert kept.startswith("got ")
        assert kept.endswith(("(token)", "(number)"))
        assert header[20:40] not in kept
        for named in (echoed, f"got {echoed}"):
            body = json.dumps({"api_id": named, "error": "no"})
            assert read_expire_reply(RawReply(400, body.encode()), NOW).api_id == ""


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("no route to +91 90034 59051 now", "no route to (number) now"),
        ("919003459051 is busy", "(number) is busy"),
        ("call (202) 555-0140, or 1-202-555-0140", "call (number), or (number)"),
        ("to=+44.20.7946.0018;", "to=(number);"),
        ("Session c28b77d4-21e7-43bd-9447-041234567890 expired", None),
        ("error 500 at 12:05", None),
        ("until 2026-03-04 12:05:01", None),
        ("IP address 203.0.113.117 is not whitelisted", None),
        ("bad header Authorization: Basic TUFYOnMzY3JldA==", HEADER),
        (
            "bad header authorization:bearer=abc123def",
            "bad header authorization:bearer=(token)",
        ),
        ("Basic authentication is required", None),
    ],
)
def test_no_phone_number_and_no_credentials_of_a_message_are_kept(
    words: str, shown: str | None
) -> None:
    answer = read_expire_reply(RawReply(400, plivos(error=words)), NOW)

    assert answer.detail == (shown or words)


def test_what_echoes_a_secret_is_cut_before_it_is_kept() -> None:
    def cut(text: str) -> str:
        return text.replace("s3cret", "(hidden)")

    for content in (plivos(error="so s3cret is"), b"so s3cret is"):
        reply = RawReply(403, content, cut_secrets=cut)
        assert read_expire_reply(reply, NOW).detail == "so (hidden) is"
    listed = {"session_uuid": UUID, "status": "s3cret"}
    found = read_session_reply(
        RawReply(200, plivos(response=listed), cut_secrets=cut), UUID, NOW
    )
    assert found.session is not None
    assert found.session.status_word == "(hidden)"
    echoed = RawReply(400, body({"api_id": "s3cret", "error": "no"}), cut_secrets=cut)
    assert read_expire_reply(echoed, NOW).api_id == ""
    named = RawReply(200, plivos(name="s3cret Ltd"), cut_secrets=cut)
    assert read_account_details(named).name == "(hidden) Ltd"


def test_the_id_of_an_answer_is_read_from_its_body_alone() -> None:
    assert read_api_id(plivos(message="x")) == "a1"
    for content in (
        b"",
        b"[]",
        b'{"api_id": "with space"}',
        b'{"api_id": "4477009001"}',
    ):
        assert read_api_id(content) == ""
