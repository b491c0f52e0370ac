"""A relay next door needs six lines; one that is far away gets as many as its distance is worth."""

from leads.messages.rhythm import Rhythm


def after(mails: int, *, waiting: float, busy: float = 0.002) -> Rhythm:
    rhythm = Rhythm()
    for _ in range(mails):
        rhythm.note(waiting, busy)
    return rhythm


def test_before_anything_is_known_there_are_six() -> None:
    assert Rhythm().lines == 6


def test_a_relay_next_door_keeps_six_busy() -> None:
    assert after(100, waiting=0.0006).lines == 6


def test_a_busy_machine_is_not_taken_for_a_distant_relay() -> None:
    assert after(100, waiting=0.0029, busy=0.0008).lines == 6


def test_a_relay_ten_milliseconds_away_is_worth_a_dozen() -> None:
    assert 10 <= after(100, waiting=0.024).lines <= 14


def test_a_few_mails_are_enough_to_see_that_it_is_far() -> None:
    assert after(5, waiting=0.1).lines > 10


def test_what_was_far_yesterday_is_forgotten() -> None:
    rhythm = after(100, waiting=0.1)
    for _ in range(100):
        rhythm.note(0.0005, 0.002)
    assert rhythm.lines == 6


def test_a_clock_that_saw_no_time_pass_divides_by_nothing() -> None:
    assert after(500, waiting=0.0, busy=0.0).lines == 6
