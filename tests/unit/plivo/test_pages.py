import pytest

from masking_console.plivo.answers import Verdict
from masking_console.plivo.details import ListQuery, SessionPage, read_page
from masking_console.practice.simulated_account import SimulatedAccount
from tests.support.runs import bench, quick_account

A = b'{"session_uuid": "c28b77d4-21e7-43bd-9447-04bfee92e651", "status": "active"}'
B = b'{"session_uuid": "4b083bef-ce3a-4a4e-a6a5-8ba4c9ce5d3e", "status": "expired"}'


@pytest.mark.parametrize(
    ("body", "total"),
    [
        (b'{"response": {"meta": {"total_count": 7}, "objects": [%s, %s]}}', 7),
        (b'{"response": {"meta": {"total_count": "7"}, "objects": [%s, %s]}}', None),
        (b'{"response": {"objects": [%s, %s]}}', None),
        (b'{"meta": {"total_count": 2}, "objects": [%s, %s]}', 2),
        (b'{"api_id": "a", "sessions": [%s, %s]}', None),
    ],
)
def test_every_shape_of_a_page_is_read(body: bytes, total: int | None) -> None:
    page = read_page(body % (A, B))

    assert page is not None
    assert [str(each.session_uuid)[:4] for each in page.sessions] == ["c28b", "4b08"]
    assert (page.total_count, page.unreadable) == (total, 0)


def test_an_object_that_is_no_session_is_counted() -> None:
    page = read_page(
        b'{"objects": [%s, {}, 7, {"session_uuid": "x", "status": "y"}]}' % A
    )
    assert page is not None
    assert (len(page.sessions), page.unreadable) == (1, 3)


def test_an_empty_list_is_a_page() -> None:
    assert read_page(b'{"response": {"objects": []}}') == SessionPage(())


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"response": {}}', b'{"objects": {}}', b"<html>", b"\xff"],
)
def test_what_has_no_list_in_it_is_never_an_empty_list(body: bytes) -> None:
    assert read_page(body) is None


async def test_the_client_lists_by_number_without_a_plus(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    simulated: SimulatedAccount = quick_account()
    wanted = simulated.sessions[0]
    async with bench(simulated, tmp_path_factory.mktemp("j")) as opened:
        client = opened.connections.client(opened.account)
        answer, page = await client.list_sessions(
            ListQuery(first_party=f"+{wanted.first_party}")
        )
        refused, nothing = await client.list_sessions(ListQuery(limit=21))
        await client.aclose()
        simulated.fault = None

    assert answer.verdict is Verdict.FOUND
    assert page is not None
    assert wanted.session_uuid in {each.session_uuid for each in page.sessions}
    assert (refused.verdict, nothing) == (Verdict.REFUSED, None)
    assert simulated.requests[0].path.endswith("/Masking/Session/")
