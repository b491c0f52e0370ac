"""The picture of a trend: the worse the higher, by the day it was sent, and never a label over another."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from leads.http.console.draw_trend import BOTTOM, HEIGHT, LABEL_NEEDS, TOP, WIDTH, draw_trend
from leads.screening.questionnaire import definition
from leads.screening.trend import Point

PHQ = definition().instruments["phq-9"]
FIRST = datetime(2026, 10, 6, 14, 0, tzinfo=UTC)


def points(*totals: int, every: timedelta = timedelta(days=14)) -> list[Point]:
    return [Point(FIRST + every * place, total, "mild", is_short=False) for place, total in enumerate(totals)]


def test_one_score_is_no_trend() -> None:
    assert draw_trend(PHQ, points(12)) is None
    assert draw_trend(PHQ, []) is None


def test_the_highest_total_stands_on_top_and_nothing_at_the_bottom() -> None:
    drawn = draw_trend(PHQ, points(27, 0))
    assert drawn is not None
    assert [dot.y for dot in drawn.dots] == [TOP, HEIGHT - BOTTOM]


def test_twice_the_time_is_twice_the_way() -> None:
    at = [Point(FIRST + timedelta(days=days), 5, "mild", is_short=False) for days in (0, 10, 30)]
    drawn = draw_trend(PHQ, at)
    assert drawn is not None
    first, second, third = (dot.x for dot in drawn.dots)
    assert abs((third - second) - 2 * (second - first)) < 0.5


def test_scores_of_one_moment_stand_apart() -> None:
    drawn = draw_trend(PHQ, points(3, 4, every=timedelta(0)))
    assert drawn is not None
    assert drawn.dots[0].x < drawn.dots[1].x < WIDTH


def test_the_bands_fill_the_picture_without_a_gap() -> None:
    drawn = draw_trend(PHQ, points(3, 4))
    assert drawn is not None
    assert [stripe.code for stripe in drawn.stripes] == [band.code for band in PHQ.bands]
    assert round(sum(stripe.height for stripe in drawn.stripes), 1) == HEIGHT - TOP - BOTTOM


def test_labels_keep_apart_and_the_newest_has_one() -> None:
    drawn = draw_trend(PHQ, points(*range(25), every=timedelta(days=1)))
    assert drawn is not None
    labelled = [dot.x for dot in drawn.dots if dot.has_label]
    assert drawn.dots[-1].has_label
    assert all(after - before >= LABEL_NEEDS for before, after in pairwise(labelled))


def test_the_line_goes_through_every_dot() -> None:
    drawn = draw_trend(PHQ, points(3, 9, 4))
    assert drawn is not None
    assert drawn.line == " ".join(f"{dot.x},{dot.y}" for dot in drawn.dots)
