"""Ids of a text that are sessions, by the names and the columns around them."""

import pytest

from masking_console.models.session_ids import read_session_ids

A = "c28b77d4-21e7-43bd-9447-04bfee92e651"
B = "4b083bef-ce3a-4a4e-a6a5-8ba4c9ce5d3e"
C = "bc0a20bb-9f09-4116-b3f8-709def3a89df"
D = "7d962130-8eb6-49f1-920b-ae4d1c52f608"
LETTERS = {A: "A", B: "B", C: "C", D: "D"}
LONG = "x" * 9_000


@pytest.mark.parametrize(
    ("text", "found", "ignored"),
    [
        # A column alone is a table as well.
        (f"api_id\n{B}\n{C}\n", "", "B api_id, C api_id"),
        (f'"api_id"\r\n"{B}"\r\n"{C}"\r\n', "", "B api_id, C api_id"),
        (f"trace.id\n{B}\n\nplease end {A}\n", "A", "B trace_id"),
        (f"session_uuid\n{A}\n{B}\n", "AB", ""),
        # Sentences are no headers, and no rows.
        (f"I have no call id, sorry\n{A}, {B}\n", "AB", ""),
        (f"the session id, the call id\n{A}, {B}\n", "AB", ""),
        (f"here is the old call id again\n{A}\n", "A", ""),
        (f"session_uuid,api_id\n{A},{B}\nalso {C}, {D}\n", "ACD", "B api_id"),
        (f"session_uuid,api_id\n{A},{B}\n\nalso {C}, {D}\n", "ACD", "B api_id"),
        (f"session_uuid,api_id\n{A},{B}\n\nsee {C}\n{D},{C}\n", "ACD", "B api_id"),
        (f'session_uuid,api_id\n{A},{B}\n"so\nis {C}"\n{D},x\n', "ACD", "B api_id"),
        # Rows with fewer or more cells than the header.
        (f"session_uuid,api_id,note\n{A},{B}\n", "A", "B api_id"),
        (f"session_uuid,api_id,note\n{A},{B},well, yes\n", "A", "B api_id"),
        (f"session_uuid,api_id,note\n{A},{B},x\nsee {C},of {D}\n", "ACD", "B api_id"),
        (f"session_uuid,api_id\n{A},x,{B}\n", "AB", ""),
        (f"api_id,session_uuid,x\n,,\n{A}\n", "A", ""),
        (f'session_uuid,api_id\n{A},{B}\n"so\n{C} and\n{D}"\n', "ACD", "B api_id"),
        # People are not what they write of.
        (f"Agent: please end\nCustomer: {A}\nUser: {B}\n", "AB", ""),
        # Beside a session's id, any other id is something else.
        (f"foo_id,session_uuid\n{B},{A}\n", "A", "B foo_id"),
        (f"id,session_uuid,status\n{B},{A},active\n", "A", "B id"),
        (f"id,session_uuid\n{B},\n", "B", ""),
        (f"Agent,Session\n{B},{A}\n", "A", "B Agent"),
        (f"Agent,Status\n{A},x\n", "A", ""),
        (f"uuid,session\n{A},yes\n", "A", ""),
        (f"id,status\n{A},active\n", "A", ""),
        # A column's name is one of its list and of its only word, not of its text.
        (f'session_uuid,api_ids\n{A},"{B}, {C}"\n', "A", "B api_id, C api_id"),
        (f'session_uuid,trace.id\n{A},"{{""id"": ""{B}""}}"\n', "A", "B trace_id"),
        (f"Request ID,Text\n{B},please end {A} soon\n", "A", "B request_id"),
        (f"Request ID,Text\nplease end {A} soon,x\n", "A", ""),
        (f"Session UUID,Text\ncall_uuid={B},x\n{A},y\n", "A", "B call_uuid"),
        (f'Call UUID;Text\n{B};"please end {A}\nthanks"\n', "A", "B call_uuid"),
        (f"Subject\tSession UUID\nlost call id\t{A}\n", "A", ""),
        # Several tables.
        (
            f"session_uuid,api_id\n{A},{B}\n\napi_id,session_uuid\n{C},{D}\n",
            "AD",
            "B api_id, C api_id",
        ),
        (
            (
                f'"session_uuid","api_id"\n"{A}","{B}"\n"x","api_id","session_uuid"\n'
                f'"q","{C}","{D}"\n'
            ),
            "AD",
            "B api_id, C api_id",
        ),
        (
            f'session_uuid,api_id\n{A},"{B}"\n"session_uuid",api_id\n{C},{D}\n',
            "AC",
            "B api_id, D api_id",
        ),
        (f"note,api_id\nlost call id,\nx,{B}\n", "", "B api_id"),
        (f'note,api_id\n"lost call id",\nx,{B}\n', "", "B api_id"),
        (f'note,api_id\n"{LONG}",\n"x",{B}\n', "", "B api_id"),
        (
            f"session_uuid,api_id\r\r\n{A},{B}\r\r\n{C},{D}\r\r\n",
            "AC",
            "B api_id, D api_id",
        ),
        (f'session_uuid,api_id\n\n"{A}","{B}"\n \n"{C}","{D}"\n', "AC", "BD"),
        # Headers with line ends, spaces, another separator or too much in them.
        (f'"a\nb","Call\nUUID",c\nx,{B},y\n', "", "B call_uuid"),
        (f"A leg UUID,note\n{B},x\n", "", "B leg_uuid"),
        (f'"note","api_id\n{B},{C}\n', "BC", ""),
        (f'say "x\n"note","api_id\n{B}",{C}\n', "BC", ""),
        (f'"n1\n2\n3\n4\n5\n6\n7\n8\n9\n10","api_id"\nx,{B}\n', "B", ""),
        (f'"session_uuid", "api_id"\n"{A}", "{B}"\n', "A", "B api_id"),
        (f"sep=^\nsession_uuid^api_id\n{A}^{B}\n", "A", "B api_id"),
        (f'sep="\nsession_uuid,api_id\n{A},{B}\n', "A", "B api_id"),
        (f"{LONG},api_id\nx,{B}\n", "B", ""),
        (f"{'x' * 200},api_id\nx,{B}\n", "B", ""),
        (f"{'x' * 70_000}\nnote,api_id\nx,{B}\n", "", "B api_id"),
        (f"note,api_id\n{'x' * 70_000}\nx,{B}\n", "", "B api_id"),
        (f"{C[:20]},api_id\nx,{B}\n", "B", ""),
        (f"trace,Session\n{B},{A}\n", "A", "B trace"),
        # Drawn and aligned.
        (
            f"|Session UUID|Call UUID|\n|---|---|\n| {A} | {B} |\n| `{C}` | {D} |\n",
            "AC",
            "B call_uuid, D call_uuid",
        ),
        (f"session_uuid   api_id\n{A}  {B}  \n", "A", "B api_id"),
        (f"session_uuid      {A}\napi_id            {B}", "A", "B api_id"),
        (f"session_uuid ....... {A}\napi_id ............. {B}", "A", "B api_id"),
        # Names further out.
        (f"trace:\n  id: {B}\nsession:\n  id: {A}\n", "A", "B trace_id"),
        (f"x\n- id: {A}\n", "A", ""),
        (f"  id: {A}\n", "A", ""),
        (f"x: 1\n  id: {A}\n", "A", ""),
        (f"sessions:\n  - {A}\n  - {B}\ncalls:\n  - {C}\n", "AB", "C call"),
        (f'{{"calls": ["{B}", "{C}"], "sessions": ["{A}"]}}', "A", "B call, C call"),
        (f'{"{" * 9}"id": "{A}"', "A", ""),
        (f'{{"call": 1, "id": "{A}"}}', "A", ""),
        (
            f"<dt>Trace ID</dt><dd>{B}</dd><dt>Session</dt><dd>{A}</dd>",
            "A",
            "B trace_id",
        ),
        (f"<p>{A}</p> 2 > {B} -->{C}", "ABC", ""),
        (f'<call uuid="{B}"><session uuid="{A}"/></call>', "A", "B call_uuid"),
        (f"<call><id>{B}</id></call><session><id>{A}</id></session>", "A", "B call_id"),
        (f"<id>{A}</id>", "A", ""),
        (f'[session]\nuuid = "{A}"\n[request]\nid = "{B}"', "A", "B request_id"),
        (f"[x]\nid={A}", "A", ""),
        # Links, mail, queries, objects.
        (f"https://x/trace/{B}?session={A}", "A", "B trace"),
        (f"/{A}", "A", ""),
        (f'"url":"\\/Call\\/{B}\\/","x":"\\/Session\\/{A}\\/"', "A", "B call"),
        (f"session_uuid={A}&amp;call_uuid={B}", "A", "B call_uuid"),
        (f"References: <{B}@x>\n\t<{C}@x>\n{A}", "A", "B message_id, C message_id"),
        (f"trace ids: {B}; {C}; session: {A}", "A", "B trace_id, C trace_id"),
        (f"WHERE call_uuid IN ('{B}','{C}')", "", "B call_uuid, C call_uuid"),
        (f"{{SessionUUID:{A} APIID:{B}}}", "A", "B api_id"),
        (f"Session(sessionUuid={A}, apiId={B})", "A", "B api_id"),
        (f"the api {A}", "A", ""),
        (f"api\n{A}", "A", ""),
    ],
)
def test_ids_are_told_apart_by_what_stands_around_them(
    text: str, found: str, ignored: str
) -> None:
    read = read_session_ids(text)
    names = [f"{LETTERS[each.text]} {each.name}" for each in read.ignored]

    assert "".join(LETTERS[each] for each in read.found) == found
    if "_" in ignored or " " in ignored or not ignored:
        assert ", ".join(names) == ignored
    else:
        assert "".join(name[0] for name in names) == ignored
    assert read.broken_tables == ()


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        (f"{A}\ntrace_id={A}", True),
        (f"trace_id={A}\n{A}", True),
        (f"session_uuid={A}\ntrace_id={A}", False),
        (A, False),
    ],
)
def test_an_id_that_is_named_as_something_else_elsewhere_is_known(
    text: str, is_named: bool
) -> None:
    read = read_session_ids(text)

    assert read.found == (A,)
    assert (A in read.named_otherwise) is is_named
