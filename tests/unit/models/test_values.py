import copy
import io
import pickle
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.traceback import Traceback

from masking_console.errors import (
    ExitCode,
    InvalidAccountNameError,
    InvalidAuthIdError,
    InvalidSessionUuidError,
    MaskingConsoleError,
    RefusedError,
    TokenRefusedError,
)
from masking_console.models.account import (
    Account,
    AccountName,
    AccountSource,
    AuthId,
    AuthToken,
)
from masking_console.models.expiry import (
    Batch,
    ConfirmationRules,
    ConfirmedPlan,
    ExpiryOutcome,
    ExpiryPlan,
    ExpiryResult,
    ExpirySummary,
    RecordedIntent,
    RunEnd,
    Tier,
)
from masking_console.models.free_text import fit_to_keep
from masking_console.models.masking_session import (
    CheckedSession,
    CheckState,
    MaskingSession,
    SessionStatus,
    parse_timestamp,
)
from masking_console.models.plain_text import MARK, PlainText, plain_lines, plain_text
from masking_console.models.session_uuid import SessionUuid

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
TEXT = "c28b77d4-21e7-43bd-9447-04bfee92e651"
AUTH_ID = AuthId("MAEXAMPLE0000000044T")
SECRET = "s3cret-t0ken-of-forty-characters-0123456"


def account(**more: object) -> Account:
    return Account(AccountName("Acme-Prod"), AUTH_ID, AuthToken(SECRET), **more)  # type: ignore[arg-type]


def uuids(count: int) -> list[SessionUuid]:
    return [SessionUuid(f"{number:08x}{TEXT[8:]}") for number in range(count)]


def session(status: SessionStatus, ends_in: timedelta | None) -> MaskingSession:
    empty = PlainText("")
    ends = NOW + ends_in if ends_in is not None else None
    return MaskingSession(
        SessionUuid(TEXT),
        status,
        PlainText(status.value),
        empty,
        empty,
        empty,
        NOW,
        ends,
        None,
        0,
    )


def plan(
    count: int = 2,
    state: CheckState = CheckState.ACTIVE,
    *,
    protected: bool = False,
    rules: ConfirmationRules | None = None,
) -> ExpiryPlan:
    rows = tuple(CheckedSession(uuid, state, None, NOW) for uuid in uuids(count))
    owner = account(protected=protected)
    return ExpiryPlan(owner, rows, rules=rules or ConfirmationRules())


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        TEXT + "\n",
        " " + TEXT,
        "{" + TEXT + "}",
        TEXT.replace("-", ""),
        TEXT[:-1],
        TEXT + "0",
        TEXT.replace("c", "с", 1),  # noqa: RUF001 - a Cyrillic letter, on purpose
        TEXT.replace("8", "\u0668", 1),
        "../../Call/",
        TEXT.replace("-", "\u2011"),
        "g" + TEXT[1:],
    ],
)
def test_what_is_no_canonical_uuid_is_no_session_uuid(text: str) -> None:
    with pytest.raises(InvalidSessionUuidError, match="A session id looks like"):
        SessionUuid(text)


def test_a_session_uuid_is_lower_case_and_has_a_short_form() -> None:
    uuid = SessionUuid(TEXT.upper())

    assert uuid == TEXT
    assert uuid.short == "c28b77d4"


@given(st.text())
def test_a_session_uuid_is_canonical_or_is_not(text: str) -> None:
    try:
        made = SessionUuid(text)
    except InvalidSessionUuidError:
        return
    assert len(made) == 36
    assert made.count("-") == 4


@pytest.mark.parametrize(
    "text", ["", "MA", "XAEXAMPLE0000000044T", "MA..PLE0000000044T", AUTH_ID + "0", "é"]
)
def test_what_is_no_auth_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidAuthIdError):
        AuthId(text)


def test_an_auth_id_knows_its_tail_and_its_kind() -> None:
    assert AuthId(f" {AUTH_ID} ").tail == "MA..044T"
    assert not AUTH_ID.is_subaccount
    assert AuthId("SA" + AUTH_ID[2:]).is_subaccount


@pytest.mark.parametrize("text", ["", "a", "a" * 21, "1a", "a b", "a\nb", "a[b]"])
def test_what_is_no_account_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidAccountNameError):
        AccountName(text)


def test_a_token_in_memory_is_said_in_the_label() -> None:
    assert account().label == "Acme-Prod"
    assert account(source=AccountSource.MEMORY).label == "Acme-Prod (memory)"


def test_a_token_shows_itself_nowhere() -> None:
    token = AuthToken(f" {SECRET}\n")
    owner = account()
    held: list[object] = []
    shown = ""
    try:
        held = [token, {"t": token}, owner]
        raise ValueError
    except ValueError:
        screen = io.StringIO()
        Console(file=screen, width=200).print(Traceback(show_locals=True))
        shown = screen.getvalue()
    for text in (repr(token), str(token), f"{token}", repr(owner), repr(held), shown):
        assert SECRET not in text
        assert SECRET[:6] not in text
    for copying in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="never copied"):
            copying(token)


ECHOED = AuthToken("q9/Zt+x8RmA77-w0_Kd5LpYv")
ECHOED_BASE64 = "cTkvWnQreDhSbUE3Ny13MF9LZDVMcFl2"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no secret here", "no secret here"),
        ("", ""),
        ("it is q9/Zt+x8RmA77-w0_Kd5LpYv, see", "it is (token), see"),
        ("it is Q9/ZT+X8RMA77-W0_KD5LPYV, see", "it is (token), see"),
        ("q9/Zt+x8RmA7... was cut", "(token)... was cut"),
        (f"base64 {ECHOED_BASE64}", "base64 (token)2"),
        ("url q9%2FZt%2Bx8RmA77-w0_Kd5LpYv", "url (token)"),
        ("hex 71392f5a742b7838526d413737", "hex (token)"),
        ("twice x8RmA77-w0 and x8RmA77-w0", "twice (token) and (token)"),
        ("x8RmA77-w alone is too short", "x8RmA77-w alone is too short"),
    ],
)
def test_a_token_is_cut_from_what_echoes_it(text: str, shown: str) -> None:
    assert fit_to_keep(text) == shown


def test_the_header_is_cut_from_what_echoes_it() -> None:
    header = ECHOED.basic_authorization(AuthId("MAACME00000000007Q2X"))

    assert fit_to_keep(header) == "Basic (token)"
    assert ECHOED.matches(AuthToken("q9/Zt+x8RmA77-w0_Kd5LpYv"))


def test_a_token_can_be_compared_and_sent() -> None:
    token = AuthToken(f" {SECRET}\n")

    assert token.matches(AuthToken(SECRET))
    assert not token.matches(AuthToken("other"))
    assert token.reveal_to_keyring() == SECRET
    assert token.basic_authorization(AUTH_ID).startswith("Basic ")
    assert token.can_be_sent
    assert not token.is_empty
    for bad in ("", " ", "a b", "é", "a\x00b"):
        assert not AuthToken(bad).can_be_sent
    assert AuthToken(" ").is_empty


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-29 04:47:18 +0000 UTC", datetime(2024, 5, 29, 4, 47, 18, 0, UTC)),
        (
            "2023-07-05 10:25:40.877364 +0000 UTC",
            datetime(2023, 7, 5, 10, 25, 40, 877364, UTC),
        ),
        (
            "2023-07-04 07:29:27.14973 +0000 UTC",
            datetime(2023, 7, 4, 7, 29, 27, 149730, UTC),
        ),
        (
            "2023-07-06 10:53:32.814078123 +0000 +0000",
            datetime(2023, 7, 6, 10, 53, 32, 814078, UTC),
        ),
        (" 2023-08-17 21:26:44", datetime(2023, 8, 17, 21, 26, 44, 0, UTC)),
        ("2023-08-17T21:26Z", datetime(2023, 8, 17, 21, 26, 0, 0, UTC)),
        ("2023-08-17 21:26 +05:30", datetime(2023, 8, 17, 15, 56, 0, 0, UTC)),
        ("2023-08-17 21:26 -0100", datetime(2023, 8, 17, 22, 26, 0, 0, UTC)),
        ("", None),
        (None, None),
        ("null", None),
        ("yyyy-mm-dd, hh-mm-ss", None),
        ("2023-02-30 21:26:44", None),
        ("2023-02-20 29:26:44", None),
        ("0001-01-01 00:00:00 +2300", None),
        ("2023-02-20 09:26:44 +9999", None),
    ],
)
def test_timestamps_are_read_in_every_form(
    text: str | None, expected: datetime | None
) -> None:
    assert parse_timestamp(text) == expected


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} UTC"))
def test_no_timestamp_raises(text: str) -> None:
    parsed = parse_timestamp(text)
    assert parsed is None or parsed.tzinfo is UTC


def test_every_harmful_code_point_is_marked_and_no_ordinary_one() -> None:
    ordinary = {"Lu", "Ll", "Lt", "Nd", "Nl", "No", "Pd", "Ps", "Pe", "Po", "Sm", "Sc"}
    for point in range(0x110000):
        character = chr(point)
        category = unicodedata.category(character)
        is_marked = plain_text(f"a{character}b") != f"a{character}b"
        if category in {"Cc", "Cf", "Cs", "Zl", "Zp"} or point & 0xFFFE == 0xFFFE:
            assert is_marked, hex(point)
        elif category in ordinary or character == " ":
            assert not is_marked, hex(point)


def test_text_becomes_one_line_of_a_limited_length() -> None:
    assert plain_text("a\r\nb\tc\u2028d") == "a b c d"
    assert plain_text("\x1b]52;c;x\x07") == f"{MARK}]52;c;x{MARK}"
    assert plain_text("a" * 10, limit=5) == "aaaa…"
    assert plain_lines("a\r\nb\x85c\u202e\td") == f"a\nb\nc{MARK}  d"


@pytest.mark.parametrize(
    ("made", "tier", "phrase"),
    [
        (plan(1), Tier.ONE_KEY, "y"),
        (plan(2), Tier.COUNT, "2"),
        (plan(25), Tier.COUNT, "25"),
        (plan(26), Tier.COUNT_AND_ACCOUNT, "26 acme-prod"),
        (plan(1, protected=True), Tier.COUNT_AND_ACCOUNT, "1 acme-prod"),
        (plan(1, CheckState.IN_CALL), Tier.COUNT_AND_ACCOUNT, "1 acme-prod"),
        (plan(1000), Tier.COUNT_AND_ACCOUNT, "1000 acme-prod"),
        (plan(1001), Tier.TOO_MANY, "1001 acme-prod"),
    ],
)
def test_friction_follows_harm(made: ExpiryPlan, tier: Tier, phrase: str) -> None:
    assert made.tier is tier
    assert made.phrase == phrase
    if tier is Tier.TOO_MANY:
        with pytest.raises(RefusedError, match="the most for one batch"):
            made.confirm(phrase)
        return
    assert made.confirm(f"  {phrase.upper()} ").plan is made
    for wrong in ("", "yes", str(made.count + 1), f"{made.count} other"):
        with pytest.raises(RefusedError, match=f"Type {phrase}"):
            made.confirm(wrong)


def test_a_plan_is_checked_open_unique_and_not_empty() -> None:
    row = CheckedSession(SessionUuid(TEXT), CheckState.ACTIVE)
    with pytest.raises(RefusedError, match="Nothing is ticked"):
        ExpiryPlan(account(), ())
    with pytest.raises(RefusedError, match="twice"):
        ExpiryPlan(account(), (row, row))
    for state in CheckState:
        if not state.can_be_ticked:
            with pytest.raises(RefusedError, match="checked and are open"):
                plan(1, state)


def test_a_confirmed_plan_cannot_be_made_without_the_answer() -> None:
    with pytest.raises(RefusedError, match="was not confirmed"):
        ConfirmedPlan(plan(3), "2")


def test_an_intent_is_for_sessions_of_its_plan_alone() -> None:
    batch = Batch("B-1", plan(2).confirm("2"))
    assert batch.account.name == "Acme-Prod"
    assert RecordedIntent(batch, uuids(2)[1], 1, 1).attempt == 1
    with pytest.raises(RefusedError, match="not in the list"):
        RecordedIntent(batch, SessionUuid(TEXT), 1, 1)


def test_a_plan_knows_the_oldest_check_and_what_ends_soon() -> None:
    ends = [None, timedelta(minutes=4), timedelta(minutes=6), timedelta(minutes=-1)]
    rows = tuple(
        CheckedSession(
            uuid,
            CheckState.ACTIVE,
            session(SessionStatus.ACTIVE, end),
            NOW - timedelta(seconds=number),
        )
        for number, (uuid, end) in enumerate(zip(uuids(4), ends, strict=True))
    )
    made = ExpiryPlan(account(), rows)

    assert made.ending_soon(NOW) == 1
    assert made.checked_at == NOW - timedelta(seconds=3)
    row = CheckedSession(uuids(1)[0], CheckState.OTHER)
    assert ExpiryPlan(account(), (row,)).checked_at is None
    assert plan(1).ending_soon(NOW) == 0


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (SessionStatus.ACTIVE, CheckState.ACTIVE),
        (SessionStatus.IN_PROGRESS, CheckState.IN_CALL),
        (SessionStatus.EXPIRED, CheckState.EXPIRED),
        (SessionStatus.OTHER, CheckState.OTHER),
    ],
)
def test_a_description_becomes_a_state(
    status: SessionStatus, state: CheckState
) -> None:
    checked = CheckedSession.of(session(status, None), NOW)

    assert (checked.state, checked.checked_at) == (state, NOW)


def test_a_summary_counts_and_names_what_is_left() -> None:
    outcomes = list(ExpiryOutcome)
    results = tuple(
        ExpiryResult(uuid, outcome, NOW)
        for uuid, outcome in zip(uuids(len(outcomes)), outcomes, strict=True)
    )
    batch = Batch("B-1", plan(2).confirm("2"))
    summary = ExpirySummary(batch, results, RunEnd.COMPLETED, NOW, NOW)

    assert summary.off == 2
    assert not summary.is_clean
    assert {each.outcome for each in summary.to_check} == {
        ExpiryOutcome.REFUSED,
        ExpiryOutcome.FAILED,
        ExpiryOutcome.OPEN,
        ExpiryOutcome.UNKNOWN,
        ExpiryOutcome.NOT_SENT,
    }


def test_every_error_has_an_exit_code() -> None:
    assert MaskingConsoleError("x").exit_code is ExitCode.BAD_INPUT
    assert TokenRefusedError("x").exit_code is ExitCode.CREDENTIALS
    assert RefusedError("x").exit_code is ExitCode.REFUSED
