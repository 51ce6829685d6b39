"""`masking-console expire`: the same job without a screen, one line an event."""

import os
import sys
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from masking_console.cli.options import (
    account_options,
    load_settings,
    say_where,
    text_of,
)
from masking_console.cli.process import protect
from masking_console.errors import InputError, RefusedError, StoppedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from masking_console.models.session_ids import PastedIds
    from masking_console.models.session_uuid import SessionUuid
    from masking_console.settings import Settings


_MOST_REHEARSED = 2
"""One session without a call, and one with."""


class _Wishes(TypedDict):
    """The options of one call besides account and text, by click's names."""

    dry_run: bool
    confirm: str | None
    include_in_call: bool
    ticket: str
    reason: str
    watch: bool
    form: str


@click.command()
@click.argument("ids", nargs=-1, metavar="[UUID ...]")
@account_options
@click.option(
    "--file", "file", type=click.Path(), help="Take ids from a file; - is a pipe."
)
@click.option("--dry-run", is_flag=True, help="Look and tell; expire nothing.")
@click.option(
    "--confirm",
    metavar="TEXT",
    help='What a dry run prints, such as "12 acme-prod kqzrtb".',
)
@click.option("--include-in-call", is_flag=True, help="Also sessions in a call.")
@click.option("--ticket", default="", help="The ticket that asks for it.")
@click.option("--reason", default="", help="Why, in your words.")
@click.option("--watch", is_flag=True, help="Look once more a minute later.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl"]),
    default="text",
    show_default=True,
    help="How to print it.",
)
def expire(
    ids: tuple[str, ...],
    account: str | None,
    file: str | None,
    practice: bool,
    api_url: str | None,
    **wishes: Unpack[_Wishes],
) -> None:
    """Expire sessions without a screen: one line an event.

    Every session is looked at first. Only active ones go, after number and account
    were confirmed: with --confirm, or on the terminal.
    """
    from masking_console.models.session_ids import read_session_ids

    settings = load_settings(account=account, practice=practice, api_url=api_url)
    say_where(settings)
    protect(os.environ, practice=practice)
    text = text_of(ids, None if file == "-" else file)
    if file == "-":
        text = "\n".join(filter(None, [text, _piped_text()]))
    pasted = read_session_ids(text)
    if not text.strip():
        raise InputError("Give session ids, or --file with a text that has them.")
    sys.exit(_run(settings, pasted, wishes))


@click.command(short_help="Try the open questions on a live account, step by step.")
@click.argument("ids", nargs=-1, required=True, metavar="UUID [UUID]")
@account_options
@click.option("--ticket", default="", help="The ticket that asks for it.")
def rehearse(
    ids: tuple[str, ...],
    account: str | None,
    practice: bool,
    api_url: str | None,
    ticket: str,
) -> None:
    """Lead through the open questions, with sessions that you can spare.

    The first session is expired while nobody talks, the second while its two people
    do. Each step says what it does and asks; an expiry is confirmed as any other. A
    page of facts, without numbers and secrets, is written at the end.
    """
    from masking_console.models.session_uuid import SessionUuid

    settings = load_settings(account=account, practice=practice, api_url=api_url)
    if len(ids) > _MOST_REHEARSED:
        raise InputError("Give one session, or two; no more are expired.")
    uuids = [SessionUuid(each) for each in ids]
    if not sys.stdin.isatty():
        raise InputError("A rehearsal asks a person. It needs a terminal.")
    say_where(settings)
    protect(os.environ, practice=practice)
    sys.exit(_rehearse(settings, uuids, ticket))


def _rehearse(settings: "Settings", uuids: "Sequence[SessionUuid]", ticket: str) -> int:
    from masking_console.linear.output import Output
    from masking_console.linear.rehearse import Rehearsal
    from masking_console.models.cause import Cause
    from masking_console.operations.wiring import build_operations
    from masking_console.presentation.display import show_as

    show_as(settings)
    operations = build_operations(settings, os.environ)
    cause = Cause.of(ticket, "rehearsal of the open questions")
    try:
        if refused := operations.policy.ticket_problem(cause):
            raise RefusedError(refused)
        return Rehearsal(operations, uuids, cause, Output(), _asked_line).run()
    finally:
        operations.close(audit_seconds=3.0)


def _asked_line(question: str) -> str:
    """Return the line that a person types.

    Raises:
        StoppedError: the person has left.
    """
    try:
        return input(question)
    except (EOFError, KeyboardInterrupt):
        raise StoppedError("Stopped. No page of facts was written.") from None


def _piped_text() -> str:
    """Return the standard input.

    Raises:
        InputError: it is a terminal, or cannot be used.
    """
    from masking_console.operations.read_ids import read_text_stream

    if sys.stdin.isatty():
        raise InputError("Standard input is a terminal. Pipe the text into it.")
    return read_text_stream(sys.stdin.buffer, "Standard input")


def _run(settings: "Settings", pasted: "PastedIds", wishes: _Wishes) -> int:
    from masking_console.linear.expire import ExpireJob
    from masking_console.linear.output import JsonLines, Output, TextLines
    from masking_console.linear.plan import ExpiryRequest
    from masking_console.models.cause import CHANGED, Cause
    from masking_console.operations.wiring import build_operations
    from masking_console.presentation.display import show_as
    from masking_console.presentation.listing import offered_ticket, pasted_words

    show_as(settings)
    output, ticket = Output(), wishes["ticket"]
    words = pasted_words(pasted, len(pasted.found))
    if (offered := offered_ticket(pasted)) and not ticket:
        words += (f'The report names ticket {offered}. Give --ticket "{offered}".',)
    if not pasted.found:
        raise InputError(" ".join(words))
    request = ExpiryRequest(
        session_uuids=pasted.found,
        pasted=pasted,
        cause=Cause.of(ticket, wishes["reason"]),
        confirm=wishes["confirm"],
        is_dry_run=wishes["dry_run"],
        includes_in_call=wishes["include_in_call"],
        watches=wishes["watch"],
    )
    if request.cause.was_changed:
        words += (f"{CHANGED} It says: {request.cause.reason}",)
    if len(words) > 1 or pasted.repeated or pasted.decoded:
        for line in words:
            output.note(line)
    is_json = wishes["form"] == "jsonl"
    lines = JsonLines(output, request) if is_json else TextLines(output)
    operations = build_operations(settings, os.environ)
    try:
        if refused := operations.policy.ticket_problem(request.cause):
            raise RefusedError(refused)
        return ExpireJob(operations, request, lines).run()
    finally:
        operations.close(audit_seconds=3.0)
