import pytest

from masking_console.cli import main
from masking_console.errors import InputError
from masking_console.presentation.guide import (
    TOPICS,
    guide_page,
    guide_topics,
    next_topic,
)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_has_no_pictures_and_no_links_for_a_terminal(topic: str) -> None:
    page = guide_page(topic)

    assert page.startswith("# ")
    assert "](" not in page


def test_a_page_that_there_is_not_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean agent"):
        guide_page("agnet")
    with pytest.raises(InputError, match="Pages: agent, drills"):
        guide_page("zzz")


def test_pages_follow_each_other_round_and_round() -> None:
    assert next_topic("agent", -1) == "figures"
    assert next_topic("figures", 1) == "agent"


def test_the_command_lists_the_pages_and_prints_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for topic, words in ((), guide_topics()), (("team",), "# A team"):
        with pytest.raises(SystemExit) as ended:
            main(["guide", *topic])
        assert not ended.value.code
        assert capsys.readouterr().out.startswith(words)
