"""The layouts of the tools that support staff copy from; every value is made up."""

from typing import NamedTuple

import pytest

from masking_console.models.session_ids import read_session_ids

S = "c28b77d4-21e7-43bd-9447-04bfee92e651"
T = "4b083bef-ce3a-4a4e-a6a5-8ba4c9ce5d3e"
X = "bc0a20bb-9f09-4116-b3f8-709def3a89df"
Y = "7d962130-8eb6-49f1-920b-ae4d1c52f608"
Z = "cd613e30-d8f1-4adf-91b7-584a2265b1f5"
HEX = "1e2feb89414c443c9027c4d1c386bbc4"


class Layout(NamedTuple):
    tool: str
    text: str
    found: tuple[str, ...] = (S,)
    ignored: tuple[tuple[str, int], ...] = ()


LAYOUTS = (
    Layout(
        "nginx access log",
        f'10.0.0.7 - - [25/Nov/2026:12:01:02 +0000] "DELETE /v1/Account/MAXXXX/Masking/'
        f'Session/{S}/ HTTP/1.1" 204 0 "-" "curl/8.5" rt=0.118 request_id={HEX}\n'
        f'10.0.0.7 - - [25/Nov/2026:12:01:03 +0000] "GET /v1/Account/MAXXXX/Call/{X}/ '
        f'HTTP/1.1" 200 512 "-" "curl/8.5"\n',
        ignored=(("call", 1),),
    ),
    Layout(
        "CloudWatch log of a function",
        f"START RequestId: {X} Version: $LATEST\n"
        f"2026-11-25T12:01:02.113Z\t{X}\tINFO\texpire masking session {S}\n"
        f"END RequestId: {X}\n"
        f"REPORT RequestId: {X}\tDuration: 118.21 ms\tBilled Duration: 119 ms\n",
        found=(X, S),
    ),
    Layout(
        "CloudWatch Insights JSON",
        f'[[{{"field":"@timestamp","value":"2026-11-25 12:01:02.000"}},'
        f'{{"field":"session_uuid","value":"{S}"}},'
        f'{{"field":"@requestId","value":"{X}"}},{{"field":"@ptr","value":"Cl8="}}]]',
        ignored=(("request_id", 1),),
    ),
    Layout(
        "CloudWatch Insights CSV",
        f"@timestamp,@requestId,session_uuid,@message\n"
        f'2026-11-25 12:01:02.000,{X},{S},"still open, please\n""end"" it"\n',
        ignored=(("request_id", 1),),
    ),
    Layout(
        "Datadog CSV",
        "Date,Host,Service,@session_uuid,@dd.trace_id,@usr.id,Message\r\n"
        f'"2026-11-25T12:01:02.000Z","i-0aa","masking","{S}","{X}","{Y}","open, 2"\r\n',
        ignored=(("trace_id", 1), ("usr_id", 1)),
    ),
    Layout(
        "Datadog attributes",
        f'{{"id":"AwAAAZ","content":{{"attributes":{{"dd":{{"trace_id":"{X}",'
        f'"span_id":"{Y}"}},"session_uuid":"{S}"}}}}}}',
        ignored=(("trace_id", 1), ("span_id", 1)),
    ),
    Layout(
        "Splunk CSV",
        '"_time",host,"session_uuid","correlation_id","_raw"\n'
        f'"2026-11-25T12:01:02.000+0000","app-1","{S}","{X}",'
        f'"INFO session_uuid={S} correlation_id={X} state=open"\n',
        ignored=(("correlation_id", 2),),
    ),
    Layout(
        "Splunk raw events",
        f'12:01:02.113 level=INFO session_uuid="{S}" correlationId="{X}" '
        f"transactionId={Y}\n",
        ignored=(("correlation_id", 1), ("transaction_id", 1)),
    ),
    Layout(
        "Kibana CSV",
        '"@timestamp","session.id","trace.id","transaction.id","agent.id","_id"\r\n'
        f'"Nov 25, 2026 @ 12:01:02.000","{S}","{X}","{Y}","{Z}","AwAAAZ"\r\n'
        f'"Nov 25, 2026 @ 12:01:03.000","{T}","{X}","{Y}","{Z}","AwAAAZ"\r\n',
        found=(S, T),
        ignored=(("trace_id", 2), ("transaction_id", 2), ("agent_id", 2)),
    ),
    Layout(
        "Kibana document",
        f"agent.id\n{Z}\nsession.id\n{S}\ntrace.id\n{X}\n",
        ignored=(("agent_id", 1), ("trace_id", 1)),
    ),
    Layout(
        "Kibana JSON",
        f'{{"_source":{{"agent":{{"ephemeral_id":"{X}","id":"{Z}","name":"a"}},'
        f'"trace":{{"id":"{Y}"}},"session":{{"id":"{S}"}}}}}}',
        ignored=(("ephemeral_id", 1), ("agent_id", 1), ("trace_id", 1)),
    ),
    Layout(
        "journalctl -o verbose",
        f"    _BOOT_ID={HEX}\n    _MACHINE_ID={HEX}\n    INVOCATION_ID={X}\n"
        f"    MESSAGE=masking session {S} is still open\n",
        ignored=(("invocation_id", 1),),
    ),
    Layout(
        "journalctl",
        f"Nov 25 12:01:02 app-1 masking[812]: session {S}: open (trace={X})\n",
        ignored=(("trace", 1),),
    ),
    Layout(
        "syslog with structured data",
        f"<165>1 2026-11-25T12:01:02.003Z app-1 masking 812 - "
        f'[meta api_id="{X}" session_uuid="{S}"] still open\n',
        ignored=(("api_id", 1),),
    ),
    Layout(
        "Slack message JSON",
        f'{{"client_msg_id":"{X}","type":"message","text":"please end {S}",'
        f'"user":"U024BE7LH","team":"T061EG9R6"}}',
        ignored=(("msg_id", 1),),
    ),
    Layout(
        "Slack copy",
        f"marta  12:01 PM\nplease end `{S}` and _{T}_\njoao  12:02 PM\ndone :+1:\n",
        found=(S, T),
    ),
    Layout(
        "Jira CSV",
        "Summary,Issue key,Issue id,Custom field (Session UUID),"
        "Custom field (Call UUID),Description\n"
        f'"Stale masking, again",OPS-4812,10331,{S},{X},"Calls go through.\n\n'
        'Please end ""it"""\n',
        ignored=(("call_uuid", 1),),
    ),
    Layout(
        "Jira wiki text",
        f"||Session UUID||Call UUID||\n|{S}|{X}|\n",
        ignored=(("call_uuid", 1),),
    ),
    Layout(
        "Zendesk CSV",
        '"Ticket ID","Requester","Description","Session UUID [txt]","Agent ID [txt]"'
        f'\r\n"4812","Jane","Calls still go through.\nPlease end","{S}","{X}"\r\n',
        ignored=(("agent_id", 1),),
    ),
    Layout(
        "psql",
        "             session_uuid             |                api_id\n"
        "--------------------------------------+--------------------------------------\n"
        f" {S} | {X}\n {T} | {Y}\n(2 rows)\n",
        found=(S, T),
        ignored=(("api_id", 2),),
    ),
    Layout(
        "psql expanded",
        f"-[ RECORD 1 ]+----------\nsession_uuid | {S}\napi_id       | {X}\n",
        ignored=(("api_id", 1),),
    ),
    Layout(
        "mysql",
        "+------+----------------+-------------+\n"
        "| id   | session_uuid   | call_uuid   |\n"
        f"+------+----------------+-------------+\n|    1 | {S} | {X} |\n",
        ignored=(("call_uuid", 1),),
    ),
    Layout(
        "mysql vertical",
        "*************************** 1. row ***************************\n"
        f"session_uuid: {S}\n   call_uuid: {X}\n",
        ignored=(("call_uuid", 1),),
    ),
    Layout(
        "mysql batch",
        f"id\tsession_uuid\tcall_uuid\n1\t{S}\t{X}\n2\t{T}\tNULL\n",
        found=(S, T),
        ignored=(("call_uuid", 1),),
    ),
    Layout(
        "Excel CSV",
        f'sep=;\r\nTicket;Session UUID;Call UUID\r\nOPS-1;="{S}";="{X}"\r\n',
        ignored=(("call_uuid", 1),),
    ),
    Layout(
        "Excel CSV with doubled quotes",
        f'Ticket,Session UUID,Call UUID\r\nOPS-1,"=""{S}""","=""{X}"""\r\n',
        ignored=(("call_uuid", 1),),
    ),
    Layout(
        "Excel copy",
        f"Ticket\tSession UUID\tCall UUID\r\nOPS-1\t{S}\t{X}\r\n",
        ignored=(("call_uuid", 1),),
    ),
    Layout(
        "kubectl",
        f"NAME      SESSION-UUID     POD-UID\nmasking   {S}   {X}\n",
        ignored=(("pod_uid", 1),),
    ),
    Layout(
        "MongoDB shell",
        f"{{\n  session_uuid: UUID(\"{S}\"),\n  call_uuid: UUID('{X}')\n}}\n",
        ignored=(("call_uuid", 1),),
    ),
    Layout(
        "Python log",
        f"{{'session_uuid': UUID('{S}'), 'request_id': UUID('{X}')}}\n",
        ignored=(("request_id", 1),),
    ),
    Layout(
        "PHP print_r",
        f"Plivo\\Response Object\n(\n    [session_uuid:protected] => {S}\n"
        f"    [api_id:protected] => {X}\n)\n",
        ignored=(("api_id", 1),),
    ),
    Layout(
        "PHP var_dump",
        f'  ["session_uuid"]=>\n  string(36) "{S}"\n  ["api_id"]=>\n'
        f'  string(36) "{X}"\n',
        ignored=(("api_id", 1),),
    ),
    Layout(
        "Sentry",
        f"event_id\t{X}\ntransaction\t/expire\nsession_uuid\t{S}\n",
        ignored=(("event_id", 1),),
    ),
    Layout(
        "mail, quoted-printable",
        "Content-Transfer-Encoding: quoted-printable\r\nMessage-ID: "
        f"<{X}@mail.example>\r\n\r\nhttps://ops.example/s?session_uuid=3D"
        f"{S[:20]}=\r\n{S[20:]}&x=3D1\r\n",
        ignored=(("message_id", 1),),
    ),
    Layout(
        "Plivo's console",
        f"Session UUID\n{S}\nCall UUID\n{X}\nAPI ID\n{Y}\n",
        ignored=(("call_uuid", 1), ("api_id", 1)),
    ),
)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.tool)
def test_sessions_are_told_from_other_ids(layout: Layout) -> None:
    read = read_session_ids(layout.text)

    assert read.found == layout.found
    assert sorted(read.ignored_names) == sorted(layout.ignored)
    assert read.incomplete == ()
    assert read.broken_tables == ()
