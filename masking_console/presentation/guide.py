"""The guide: its pages, which are Markdown inside the package."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from masking_console.errors import InputError

TOPICS: Mapping[str, str] = {
    "agent": "ten minutes for an agent: the job, the keys, How do I ...?",
    "drills": "six accidents of a real shift, to rehearse",
    "accidents": "accidents, and what to do",
    "lead": "a lead's runbook: installing, tokens from a vault, rules",
    "live": "the first day on a live account, and the open questions",
    "network": "proxies, certificates, and a keyring that does not work",
    "configuration": "every key of config.toml, and shell completion",
    "scripts": "the command line, JSON Lines and exit codes",
    "audit": "the journal's entries in a file or at a syslog server",
    "team": "one history of all consoles, on PostgreSQL",
    "practice-server": "the simulated account for any client",
    "promises": "promises, their tests, findings of verify, files",
    "figures": "how fast it is, and what was measured",
}
"""The pages in their order, with what is in each."""
FOLDER = Path(__file__).parents[1] / "guide"
_PICTURE = re.compile(r"^ *!\[[^\]]*\]\([^)]*\)\n\n?", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


def guide_page(topic: str) -> str:
    """Return a page as Markdown for a terminal, which shows no pictures.

    Raises:
        InputError: there is no such page.
    """
    if topic not in TOPICS:
        near = get_close_matches(topic, TOPICS, 1)
        hint = f"Did you mean {near[0]}?" if near else f"Pages: {', '.join(TOPICS)}."
        raise InputError(f"The guide has no page of this name. {hint}")
    text = (FOLDER / f"{topic}.md").read_text(encoding="utf-8")
    return _LINK.sub(r"\1", _PICTURE.sub("", text))


def guide_topics() -> str:
    """Return the list of the pages, one a line."""
    width = max(map(len, TOPICS))
    return "".join(f"{name:<{width}}  {words}\n" for name, words in TOPICS.items())


def next_topic(topic: str, step: int) -> str:
    """Return the page after or before another one, round and round."""
    names = list(TOPICS)
    return names[(names.index(topic) + step) % len(names)]
