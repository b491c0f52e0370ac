"""Scoring as the instruments' authors published it: totals and bands; what is missing is never made up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leads.screening.questionnaire import Instrument


@dataclass(frozen=True)
class Score:
    """What an instrument's answers add up to; `total` and `band` are None while an item that was asked is unanswered.

    `is_short` says that the safety item was not asked: then a PHQ-9 is a PHQ-8, with the same bands (Kroenke 2009).
    """

    instrument: str
    total: int | None
    band: str | None
    missing: tuple[str, ...]
    is_short: bool


def score(instrument: Instrument, answers: Mapping[str, Any], *, staffed: bool) -> Score:
    """Return the score of an instrument from a screening's answers; nothing is imputed for an item that was left out."""
    asked = [item for item in instrument.items if staffed or not item.is_safety]
    given = {item.key: answers.get(f"{instrument.key}.{item.key}") for item in asked}
    missing = tuple(key for key, value in given.items() if value is None)
    is_short = len(asked) < len(instrument.items)
    if missing:
        return Score(instrument.key, None, None, missing, is_short)
    total = sum(int(value) for value in given.values() if value is not None)
    return Score(instrument.key, total, band_of(instrument, total), (), is_short)


def band_of(instrument: Instrument, total: int) -> str:
    """Return the name of a total: for the PHQ-9 `moderate` from 10 to 14."""
    return [band.code for band in instrument.bands if band.start <= total][-1]
