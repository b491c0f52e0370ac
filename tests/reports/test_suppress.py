"""Small numbers are hidden, and so is whatever would give them away."""

from hypothesis import given
from hypothesis import strategies as st

from leads.reports.suppress import SMALLEST, falls, hidden_parts, suppressed

COLUMN = st.lists(st.one_of(st.just(0), st.integers(1, 10), st.integers(11, 60)), min_size=1, max_size=8)


def test_one_to_ten_are_hidden_and_nought_is_not() -> None:
    assert suppressed({"a": [0], "b": [10], "c": [11], "d": [3]})[0] == {"a": [0], "b": [None], "c": [11], "d": [None]}


def test_a_single_hidden_cell_takes_the_next_smallest_with_it() -> None:
    shown, totals = suppressed({"a": [5], "b": [40], "c": [90]})
    assert (shown, totals) == ({"a": [None], "b": [None], "c": [90]}, [135])


def test_few_who_are_hidden_together_take_another_with_them() -> None:
    assert suppressed({"a": [2], "b": [3], "c": [50]})[0]["c"] == [None]


def test_where_nothing_is_left_to_hide_behind_the_total_goes() -> None:
    assert suppressed({"a": [4], "b": [0]}) == ({"a": [None], "b": [0]}, [None])
    assert suppressed({"a": [2], "b": [3]})[1] == [None]


def test_each_column_is_judged_by_itself() -> None:
    assert suppressed({"a": [30, 5], "b": [40, 20]})[0] == {"a": [30, None], "b": [40, None]}


def test_no_rows_are_no_totals() -> None:
    assert suppressed({}) == ({}, [])


@given(COLUMN)
def test_no_hidden_cell_can_be_computed_from_what_is_shown(counts: list[int]) -> None:
    shown, totals = suppressed(dict(enumerate([count] for count in counts)))
    hidden = [counts[place] for place, (count,) in shown.items() if count is None]
    assert all(count is None or count == 0 or count >= SMALLEST for (count,) in shown.values())
    if hidden and totals[0] is not None:
        assert len(hidden) > 1
        assert totals[0] - sum(count for (count,) in shown.values() if count is not None) >= SMALLEST


@given(COLUMN)
def test_what_is_large_and_needed_by_nobody_is_shown(counts: list[int]) -> None:
    if all(count == 0 or count >= SMALLEST for count in counts):
        assert hidden_parts(counts) == counts


def test_a_share_is_told_only_of_what_is_shown() -> None:
    assert falls([100, 50, None, 20, 0]) == [None, 50, None, None, 0]
