"""A relay next door needs two lines; one that is far away gets as many as its distance is worth."""

from leads.messages.rhythm import Rhythm


def after(hands: int, *, waited: float, busy: float = 0.006) -> Rhythm:
    rhythm = Rhythm()
    for _ in range(hands):
        rhythm.note(waited, busy)
    return rhythm


def test_before_anything_is_known_there_are_two() -> None:
    assert Rhythm().lines == 2


def test_a_relay_next_door_keeps_two_busy() -> None:
    assert after(100, waited=0.003).lines == 2


def test_a_busy_machine_is_not_taken_for_a_distant_relay() -> None:
    rhythm = after(100, waited=0.06)
    rhythm.note(0.007, 0.006)
    rhythm.note(0.09, 0.006)
    assert rhythm.lines == 2


def test_a_relay_ten_milliseconds_away_is_worth_twice_as_many() -> None:
    assert after(100, waited=0.022).lines == 4


def test_mails_that_go_alone_are_worth_more_lines_than_hands_are() -> None:
    assert after(100, waited=0.022, busy=0.0015).lines == 11


def test_a_few_hands_are_enough_to_see_that_it_is_far() -> None:
    assert after(3, waited=0.1).lines > 15


def test_what_was_far_yesterday_is_forgotten() -> None:
    rhythm = after(100, waited=0.1)
    rhythm.note(0.002, 0.006)
    assert rhythm.lines == 2


def test_one_quick_answer_of_many_slow_ones_is_forgotten_too() -> None:
    rhythm = after(1, waited=0.002)
    for _ in range(10):
        rhythm.note(0.1, 0.006)
    assert rhythm.lines > 15


def test_a_clock_that_saw_no_time_pass_divides_by_nothing() -> None:
    assert after(500, waited=0.0, busy=0.0).lines == 2
    assert after(500, waited=0.1, busy=0.0).lines > 500
