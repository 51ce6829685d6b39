"""What was found in a pasted text, in words."""

from collections import Counter

from masking_console.models.session_ids import PastedIds
from masking_console.models.session_uuid import EXAMPLE

NOTHING_FOUND = f"No session ids in this text. A session id looks like {EXAMPLE}."


def pasted_words(pasted: PastedIds, new: int) -> tuple[str, ...]:
    """Return what the source pane says of a text, line by line."""
    lines = []
    if pasted.found:
        counts = [_count(len(pasted.found), "id"), f"{new} new"]
        if pasted.repeated:
            counts.append(_count(pasted.repeated, "repeat"))
        if pasted.ignored_count:
            counts.append(f"{pasted.ignored_count} ignored")
        lines.append("   ".join(counts))
    elif not pasted.incomplete_count:
        lines.append(NOTHING_FOUND)
    if pasted.incomplete_count:
        where = ", ".join(str(cut.line) for cut in pasted.incomplete[:3])
        more = "..." if pasted.incomplete_count > len(pasted.incomplete[:3]) else ""
        one = pasted.incomplete_count == 1
        lines.append(
            f"{'1 id is' if one else f'{pasted.incomplete_count} ids are'} incomplete "
            f"(line {where}{more}) and {'was' if one else 'were'} left out. "
            f"Paste {'it' if one else 'them'} again."
        )
    if pasted.ignored:
        names = Counter(ignored.name for ignored in pasted.ignored)
        kinds = ", ".join(f"{count} {name}" for name, count in names.most_common(3))
        lines.append(f"Ignored: {kinds} (not a session id)")
    return tuple(lines)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
