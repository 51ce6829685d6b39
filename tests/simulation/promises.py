"""Promises that hold after every run, however it went."""

from collections import Counter
from collections.abc import Iterator

from masking_console.models.expiry import ExpiryOutcome, ExpiryResult, Tier
from masking_console.models.history import SessionRecord, batch_record
from masking_console.models.journal_entry import JournalEntry, JournalEvent
from masking_console.models.run_events import RunFinished, RunStarted, SessionSettled
from masking_console.operations.expire_one import (
    MOST_ATTEMPTS,
    MOST_LOOKS,
    MOST_REFUSALS,
    Waits,
)
from masking_console.operations.expire_sessions import FEW_WORKERS, WORKERS
from masking_console.practice.stored_session import EXPIRED
from tests.simulation.world import OFF, World

MOST_DELETES = 2 * (MOST_ATTEMPTS - 1) + (MOST_REFUSALS - 1) + 1
"""One less than each limit: unclear, without a connection, refused; and the last."""
MOST_GETS = MOST_ATTEMPTS * MOST_LOOKS
LATER = {
    JournalEvent.SESSION_LOOKED,
    JournalEvent.SESSION_CAME_BACK,
    JournalEvent.SECOND_LOOK_ENDED,
}
"""Entries of looks after the end, which the world itself has compared."""
NOT_TOUCHED = {
    ExpiryOutcome.NOT_SENT,
    ExpiryOutcome.REFUSED,
    ExpiryOutcome.NOT_FOUND,
    ExpiryOutcome.ALREADY_EXPIRED,
}
"""Outcomes of sessions that no request of ours expired."""


def check(world: World) -> None:
    """Add to a world's problems what it shows at its end."""
    if not world.is_begun:
        if world.arrivals:
            world.wrong("something was sent without a batch")
        return
    if not world.events:
        # Cancelled before the batch was written down.
        if world.arrivals or not world.is_cancelled:
            world.wrong("nothing happened, or something was sent without a batch")
        return
    entries = [
        entry
        for entry in world.shelf.entries(world.batch_id)
        if entry.event not in LATER
    ]
    for problem in (
        *_of_the_requests(world),
        *_of_the_order(world),
        *_of_the_events(world),
        *_of_the_journal(world, entries),
    ):
        world.wrong(problem)
    for name, outcome in _last_words(world, entries):
        for problem in _of_a_verdict(world, name, outcome):
            world.wrong(f"WRONG VERDICT {name[:8]} {outcome.value}: {problem}")


def story(world: World) -> str:
    """Return what happened, for somebody who has to find out why."""
    rows = [
        f"  {each.session_uuid} {each.state.value}"
        for each in world.confirmed.plan.sessions
    ]
    return "\n".join(
        [
            f"seed {world.seed}: {'; '.join(world.problems)}",
            f"MASKING_CONSOLE_SEED={world.seed} runs it alone.",
            f"weather: {world.weather}",
            *rows,
            *world.lines,
        ]
    )


def _last_words(
    world: World, entries: list[JournalEntry]
) -> Iterator[tuple[str, ExpiryOutcome]]:
    """Yield what is said of each session: by the summary, or by the journal later."""
    if world.summary is not None:
        for result in world.summary.results:
            yield result.session_uuid, result.outcome
        return
    record = batch_record(entries)
    assert record is not None
    for each in record.sessions:
        yield each.session_uuid, each.outcome


def _of_a_verdict(world: World, name: str, outcome: ExpiryOutcome) -> Iterator[str]:
    by_us = name in world.account.expired_by_us
    if outcome in OFF and world.account.status_of(name) != EXPIRED:
        yield "it is open"
    if outcome in NOT_TOUCHED and by_us:
        yield "a DELETE of ours expired it"
    # A DELETE that took longer than we waited may work after the last look: nobody
    # can know that, so what counts is what this look saw.
    if outcome is ExpiryOutcome.OPEN and world.last_seen.get(name, EXPIRED) == EXPIRED:
        yield "the last look saw it expired, or there was none"


def _of_the_requests(world: World) -> Iterator[str]:
    counts = Counter((each.session_uuid, each.method) for each in world.arrivals)
    for (name, method), count in counts.items():
        # Each sleep is followed by looks, patient with 429s, until they are answered.
        most_gets = MOST_GETS + 40 * world.sleeps
        if count > (MOST_DELETES if method == "DELETE" else most_gets):
            yield f"{count} times {method} for {name[:8]}"
    if world.summary is None:
        return
    for result in world.summary.results:
        sent = counts[result.session_uuid, "DELETE"]
        if result.attempts != sent:
            yield f"{result.session_uuid.short}: {result.attempts} of {sent} DELETEs"


def _of_the_order(world: World) -> Iterator[str]:
    plan = world.confirmed.plan
    order = [each.session_uuid for each in plan.sessions]
    if plan.tier >= Tier.COUNT_AND_ACCOUNT and plan.count > 1:
        sent = [a for a in world.arrivals if a.method == "DELETE"]
        others = [a.at for a in sent if a.session_uuid != order[0]]
        settled_at = world.settled_at.get(order[0], float("inf"))
        if others and min(others) < settled_at + Waits().first_one:
            yield "the first one did not go alone"


def _of_the_events(world: World) -> Iterator[str]:
    finished = sum(isinstance(each, RunFinished) for each in world.events)
    if not isinstance(world.events[0], RunStarted):
        yield "the first event is not the start"
    if finished != (not world.is_cancelled):
        yield "a run ends with one event, or is cancelled"
    if (world.summary is None) != world.is_cancelled:
        yield "the last event is not the end"
    if world.summary is not None:
        yield from _of_what_was_shown(world, world.summary.results)


def _of_what_was_shown(
    world: World, results: tuple[ExpiryResult, ...]
) -> Iterator[str]:
    planned = [each.session_uuid for each in world.confirmed.plan.sessions]
    if [each.session_uuid for each in results] != planned:
        yield "the summary does not hold each session once"
    shown: dict[str, list[ExpiryResult]] = {name: [] for name in planned}
    for event in world.events:
        if isinstance(event, SessionSettled):
            shown[event.result.session_uuid].append(event.result)
    plan = world.confirmed.plan
    settled = [
        each.result.session_uuid
        for each in world.events
        if isinstance(each, SessionSettled)
    ]
    is_small = plan.count < plan.rules.name_from
    # What is held back for its turn is shown as soon as nothing is sent.
    is_ordered = is_small and not world.was_held
    if is_ordered and settled != planned[: len(settled)]:
        yield "the results of a small batch are not shown in the reviewed order"
    for result in results:
        name = result.session_uuid
        if not shown[name] and result.outcome is not ExpiryOutcome.NOT_SENT:
            yield f"no event settled {name.short}"
        if shown[name] not in ([], [result]):
            yield f"what was shown of {name.short} differs from the summary"


def _of_the_intents(world: World, entries: list[JournalEntry]) -> Iterator[str]:
    """Yield what is wrong with how many sessions were under way, and which."""
    plan = world.confirmed.plan
    order = [each.session_uuid for each in plan.sessions]
    most = FEW_WORKERS if plan.count < plan.rules.name_from else WORKERS
    under_way: set[str] = set()
    begun: list[str] = []
    for entry in entries:
        if entry.event is JournalEvent.SESSION_SETTLED:
            under_way -= {entry.session_uuid}
        if entry.event is JournalEvent.EXPIRE_INTENDED:
            under_way |= {entry.session_uuid}
            begun.append(entry.session_uuid)
            if len(under_way) > (1 if order[0] in under_way else most):
                yield f"{len(under_way)} sessions were under way at once"
    # One that was expired when it was looked at after a sleep is left out.
    planned = [name for name in order if not world.sleeps or name in begun]
    for number, name in enumerate(dict.fromkeys(begun)):
        if name not in planned[: number + most]:
            yield f"{name[:8]} was begun before its turn"


def _of_the_journal(world: World, entries: list[JournalEntry]) -> Iterator[str]:
    settled = {
        e.session_uuid: e for e in entries if e.event is JournalEvent.SESSION_SETTLED
    }
    if len(settled) != sum(e.event is JournalEvent.SESSION_SETTLED for e in entries):
        yield "the journal settles a session twice"
    yield from _of_the_intents(world, entries)
    record = batch_record(entries)
    assert record is not None
    if world.recovered is None and record.ended_at is None:
        yield "the next start does not find the batch"
    elif world.recovered and world.recovered.sessions != _sessions(world):
        yield "the next start reads another batch than the journal holds"
    if world.summary is None:
        sent = {a.session_uuid for a in world.arrivals if a.method == "DELETE"}
        if sent - settled.keys() and not world.is_disk_full:
            yield "a cancelled run does not write down what was under way"
        return
    results = world.summary.results
    for result, recorded in zip(results, record.sessions, strict=True):
        if (recorded.session_uuid, recorded.outcome) != (
            result.session_uuid,
            result.outcome,
        ):
            words = f"the journal says {recorded.outcome.value} of"
            yield f"{words} {result.session_uuid.short}"
        yield from _of_an_entry(world, settled.get(result.session_uuid), result)


def _sessions(world: World) -> tuple[SessionRecord, ...]:
    """Return what the whole journal says of a batch, with all that was learnt later."""
    record = batch_record(world.shelf.entries(world.batch_id))
    assert record is not None
    return record.sessions


def _of_an_entry(
    world: World, entry: JournalEntry | None, result: ExpiryResult
) -> Iterator[str]:
    name = result.session_uuid
    if entry is not None and not _is_same(entry, result):
        yield f"the journal settles {name.short} otherwise"
    if entry is None and name in world.settled_at and not world.is_disk_full:
        yield f"the journal does not settle {name.short}"


def _is_same(entry: JournalEntry, result: ExpiryResult) -> bool:
    return (
        entry.outcome,
        entry.evidence,
        entry.http_status,
        entry.api_id,
        entry.attempt,
        entry.detail,
    ) == (
        result.outcome.value,
        result.evidence.value,
        result.http_status,
        result.api_id,
        result.attempts,
        result.detail,
    )
