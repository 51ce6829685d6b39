import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masking_console.errors import InputError
from masking_console.models.cause import (
    LONGEST_TEXT,
    MOST_WAYS,
    Cause,
    CauseRules,
    TicketPattern,
    _ways,
)


@pytest.mark.parametrize(
    ("pattern", "ticket"),
    [
        (r"OPS-\d{4,6}", "OPS-4812"),
        (r"(OPS|INC)-\d+(-[a-z]+)?", "INC-9-late"),
        (r"(?i)ops-\d+", "Ops-1"),
        (r"(?:OPS|INC)-(?P<number>\d{4})", "OPS-4812"),
        (r"[A-Z]+-\d+?", "ABC-12"),
        (r"[])(+*]{2}", "]*"),
        (r"\(\d\)", "(1)"),
        (r"a{,2}b", "aab"),
        (r"a{b", "a{b"),
    ],
)
def test_a_pattern_matches_a_whole_ticket(pattern: str, ticket: str) -> None:
    checked = TicketPattern.of(pattern)

    assert checked.matches(ticket)
    assert not checked.matches(f"x{ticket}")
    assert not checked.matches(f"{ticket}!")


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "it is no regular expression"),
        ("a{99999999999999}", "it is no regular expression"),
        ("x" * 201, "it has more than 200 characters"),
        ("(?=a)b", "only plain groups are allowed in it"),
        ("(?>a)", "only plain groups are allowed in it"),
        ("(?#c)a", "only plain groups are allowed in it"),
        ("(a+)+b", "it repeats too freely"),
        ("(a|a)*b", "it repeats too freely"),
        ("(a*)*", "it repeats too freely"),
        ("(?:a?){40}", "it repeats too freely"),
        ("(a|a)" * 33, "it repeats too freely"),
        ("a?" * 33 + "a" * 33, "it repeats too freely"),
        (".*.*.*.*x", "it repeats too freely"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused(pattern: str, words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)):
        TicketPattern.of(pattern)


def test_a_deprecated_pattern_is_no_warning() -> None:
    assert TicketPattern.of("[[a]").matches("[")


def test_what_is_longer_than_any_ticket_never_matches() -> None:
    anything = TicketPattern.of(".*")

    assert anything.matches("a" * LONGEST_TEXT)
    assert not anything.matches("a" * (LONGEST_TEXT + 1))


_PARTS = st.sampled_from(
    ["a", ".", "[ab]", "(", "(?:", ")", "|", "*", "+", "?", "{2}", "{1,3}", "{2,}"]
)


@given(st.lists(_PARTS, max_size=12).map("".join))
def test_every_pattern_is_either_refused_or_counted(text: str) -> None:
    try:
        pattern = TicketPattern.of(text)
    except InputError:
        return
    assert 1 <= _ways(text) <= MOST_WAYS
    # It comes back, whatever it is matched with.
    assert pattern.matches("a" * 39 + "!") in {True, False}


def test_the_rules_say_what_is_wrong_with_a_ticket() -> None:
    none, good, bad = Cause(), Cause.of("OPS-4812", ""), Cause.of("tuesday", "")
    pattern = TicketPattern.of(r"OPS-\d+")

    assert CauseRules().problem(none) == CauseRules().problem(bad) == ""
    required = CauseRules(ticket_required=True)
    assert required.problem(none) == "A ticket is required. Give one first."
    assert required.problem(bad) == ""
    shaped = CauseRules(ticket_patterns=(pattern,))
    assert shaped.problem(none) == shaped.problem(good) == ""
    words = r"It must fit the ticket_pattern of the configuration: OPS-\d+"
    assert shaped.problem(bad) == f"This is no ticket here. {words}"
    assert CauseRules(ticket_required=True, ticket_patterns=(pattern,)).problem(none)


@pytest.mark.parametrize("hint", ["like OPS-4812", "OPS-4812", " like OPS-4812."])
def test_a_hint_says_what_the_pattern_says(hint: str) -> None:
    pattern = TicketPattern.of(r"OPS-\d+", hint)
    rules = CauseRules(ticket_required=True, ticket_patterns=(pattern,))

    words = rules.problem(Cause.of("tuesday", ""))
    assert words == "This is no ticket here. It must look like OPS-4812."
    words = rules.problem(Cause())
    assert words == "A ticket is required. Give one first. It looks like OPS-4812."


def test_a_ticket_has_to_match_every_pattern() -> None:
    lead = TicketPattern.of(r"OPS-\d+", "like OPS-4812")
    own = TicketPattern.of(r".*-48.*", "something with 48")
    rules = CauseRules(ticket_patterns=(lead, own))

    assert rules.problem(Cause.of("OPS-4812", "")) == ""
    assert "look like OPS-4812." in rules.problem(Cause.of("ABC-4812", ""))
    assert "look like something with 48." in rules.problem(Cause.of("OPS-1", ""))
