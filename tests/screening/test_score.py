"""Scores are the published ones: PHQ-9 (Kroenke, Spitzer, Williams 2001), PHQ-8 (Kroenke 2009) and GAD-7 (Spitzer 2006)."""

from itertools import product

import pytest

from leads.screening.questionnaire import definition
from leads.screening.score import band_of, score
from tests.screening.cast import scored

PHQ, GAD = definition().instruments["phq-9"], definition().instruments["gad-7"]
PHQ_BANDS = {
    **dict.fromkeys(range(5), "minimal"),
    **dict.fromkeys(range(5, 10), "mild"),
    **dict.fromkeys(range(10, 15), "moderate"),
    **dict.fromkeys(range(15, 20), "moderately-severe"),
    **dict.fromkeys(range(20, 28), "severe"),
}
GAD_BANDS = {
    **dict.fromkeys(range(5), "minimal"),
    **dict.fromkeys(range(5, 10), "mild"),
    **dict.fromkeys(range(10, 15), "moderate"),
    **dict.fromkeys(range(15, 22), "severe"),
}


def spread(total: int, items: int) -> list[int]:
    """Answers of 0 to 3 that add up to a total."""
    return [max(0, min(3, total - 3 * place)) for place in range(items)]


@pytest.mark.parametrize(("total", "band"), PHQ_BANDS.items())
def test_every_total_of_the_phq_9_bears_its_published_name(total: int, band: str) -> None:
    found = score(PHQ, scored("phq-9", *spread(total, 9)), staffed=True)
    assert (found.total, found.band, found.missing) == (total, band, ())


@pytest.mark.parametrize(("total", "band"), GAD_BANDS.items())
def test_every_total_of_the_gad_7_bears_its_published_name(total: int, band: str) -> None:
    found = score(GAD, scored("gad-7", *spread(total, 7)), staffed=False)
    assert (found.total, found.band, found.is_short) == (total, band, False)


@pytest.mark.parametrize("total", range(25))
def test_without_its_last_item_it_is_a_phq_8_of_the_same_bands(total: int) -> None:
    found = score(PHQ, scored("phq-9", *spread(total, 8)), staffed=False)
    assert (found.total, found.band, found.is_short) == (total, PHQ_BANDS[total], True)


@pytest.mark.parametrize("left_out", range(9))
def test_a_missing_item_is_never_made_up(left_out: int) -> None:
    given = scored("phq-9", *[3] * 9)
    del given[f"phq-9.{PHQ.items[left_out].key}"]
    found = score(PHQ, given, staffed=True)
    assert (found.total, found.band, found.missing) == (None, None, (PHQ.items[left_out].key,))


def test_an_unanswered_last_item_is_not_a_zero() -> None:
    assert score(PHQ, scored("phq-9", *[0] * 8), staffed=True).total is None


def test_nothing_answered_is_no_score() -> None:
    assert score(GAD, {}, staffed=True).missing == tuple(item.key for item in GAD.items)


@pytest.mark.parametrize(("instrument", "highest"), [(PHQ, 27), (GAD, 21)])
def test_each_item_counts_from_zero_to_three(instrument: object, highest: int) -> None:
    assert [option.value for option in instrument.scale] == [0, 1, 2, 3]  # type: ignore[attr-defined]
    assert 3 * len(instrument.items) == highest  # type: ignore[attr-defined]


def test_a_band_never_falls_as_the_total_rises() -> None:
    for instrument, totals in ((PHQ, range(28)), (GAD, range(22))):
        order = [band.code for band in instrument.bands]
        places = [order.index(band_of(instrument, total)) for total in totals]
        assert places == sorted(places)


def test_the_order_of_the_answers_does_not_matter() -> None:
    totals = {
        score(GAD, scored("gad-7", *values, 0, 0, 0, 0), staffed=True).total for values in product((0, 3), repeat=3) if sum(values) == 6
    }
    assert totals == {6}
