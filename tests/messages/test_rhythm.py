"""A relay next door needs two lines that send a few mails together; one that is far away gets as many lines as its distance is worth."""

import pytest

from leads.messages.rhythm import Rhythm


def after(mails: int, *, waiting: float, busy: float = 0.002) -> Rhythm:
    rhythm = Rhythm()
    for _ in range(mails):
        rhythm.note([waiting], busy)
    return rhythm


def shape(rhythm: Rhythm) -> tuple[int, int]:
    """Return how many lines, and how many mails together on each."""
    return rhythm.lines, rhythm.together


def test_before_anything_is_known_it_is_taken_to_be_next_door() -> None:
    assert shape(Rhythm()) == (2, 5)


def test_a_relay_next_door_gets_two_lines_with_five_mails_each() -> None:
    assert shape(after(100, waiting=0.0006)) == (2, 5)


@pytest.mark.parametrize("busy", [0.0008, 0.002])
def test_a_busy_machine_is_not_taken_for_a_distant_relay(busy: float) -> None:
    rhythm = after(100, waiting=0.012, busy=busy)
    rhythm.note([0.0029, 0.02, 0.03], busy)
    assert shape(rhythm) == (2, 5)


def test_a_relay_ten_milliseconds_away_is_worth_a_dozen_lines_of_one_mail() -> None:
    rhythm = after(100, waiting=0.024)
    assert 10 <= rhythm.lines <= 14
    assert rhythm.together == 1


def test_a_few_mails_are_enough_to_see_that_it_is_far() -> None:
    rhythm = after(1, waiting=0.1)
    assert rhythm.together == 1
    assert after(5, waiting=0.1).lines > 10


def test_what_was_far_yesterday_is_forgotten() -> None:
    rhythm = after(100, waiting=0.1)
    rhythm.note([0.0005], 0.002)
    assert shape(rhythm) == (2, 5)


def test_one_quick_answer_of_many_slow_ones_is_forgotten_too() -> None:
    rhythm = after(1, waiting=0.0005)
    rhythm.note([0.1] * 10, 0.002)
    assert rhythm.together == 1


def test_a_clock_that_saw_no_time_pass_divides_by_nothing() -> None:
    assert shape(after(500, waiting=0.0, busy=0.0)) == (2, 5)
    assert after(500, waiting=0.1, busy=0.0).lines > 500
