"""The stretched clock never shows less than it has shown before."""

from datetime import timedelta
from pathlib import Path

import pytest

from leads.clock import Anchor, load_anchor, real_now
from leads.local import timepiece
from leads.local.place import Refused


def test_at_normal_speed_there_is_no_clock_but_the_walls(tmp_path: Path) -> None:
    assert timepiece.wind(tmp_path / "clock.json", 1) is None
    assert not (tmp_path / "clock.json").exists()


def test_a_stretched_clock_starts_at_the_walls_time(tmp_path: Path) -> None:
    anchor = timepiece.wind(tmp_path / "clock.json", 100)
    assert anchor
    assert anchor.read(anchor.real + timedelta(seconds=3)) - anchor.real == timedelta(seconds=300)


def test_a_later_start_goes_on_from_where_it_stood(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    timepiece.stop(path, Anchor(real_now() - timedelta(seconds=100), real_now(), 1000))
    stood = load_anchor(path)
    again = timepiece.wind(path, 1)
    assert stood
    assert again
    assert again.shown == stood.shown
    assert again.speed == 1


def test_after_a_crash_the_clock_is_not_set_back(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    running = Anchor(real_now() - timedelta(seconds=10), real_now(), 1000)
    timepiece.note(path, running)
    shown_at_the_crash = running.read(real_now() + timedelta(seconds=1))
    again = timepiece.wind(path, 1000)
    assert again
    assert again.shown >= shown_at_the_crash


def test_once_the_wall_has_caught_up_the_clock_is_the_walls(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    past = real_now() - timedelta(days=1)
    Anchor(past, past, 1).save(path)
    assert timepiece.wind(path, 1) is None


@pytest.mark.parametrize("text", ["", "garbage", "{}", "[]"])
def test_a_clock_that_cannot_be_read_says_which_file_to_remove(tmp_path: Path, text: str) -> None:
    (tmp_path / "clock.json").write_text(text)
    with pytest.raises(Refused, match=r"clock\.json, where the clock stood, cannot be read: remove it"):
        timepiece.wind(tmp_path / "clock.json", 1)
