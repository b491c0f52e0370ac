"""What differs between two versions, line by line."""

from leads.messages.difference import Line, as_read, differences
from leads.messages.render import render
from tests.messages.mails import FACTS


def test_the_same_words_differ_in_nothing() -> None:
    assert differences(["a", "b"], ["a", "b"]) == []


def test_a_changed_line_is_removed_and_added() -> None:
    assert differences(["a", "b", "c"], ["a", "x", "c"]) == [Line("same", "a"), Line("removed", "b"), Line("added", "x"), Line("same", "c")]


def test_many_lines_that_are_the_same_are_left_out() -> None:
    same = [str(number) for number in range(20)]
    found = differences([*same, "old"], [*same, "new"])
    assert found == [
        Line("left-out", "18 lines are the same"),
        *(Line("same", text) for text in ("18", "19")),
        Line("removed", "old"),
        Line("added", "new"),
    ]


def test_lines_before_and_behind_a_change_are_kept() -> None:
    same = [str(number) for number in range(20)]
    found = differences(["old", *same, "end"], ["new", *same, "fin"])
    assert [line.text for line in found] == ["old", "new", "0", "1", "16 lines are the same", "18", "19", "end", "fin"]


def test_a_mail_is_read_with_its_subject_and_what_stands_behind_it() -> None:
    assert as_read(render("still-here", "en", FACTS))[:2] == ["Subject: We are still here", "Then: The last e-mail of this series."]
