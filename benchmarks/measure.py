"""Paired rounds, medians and spread; one row a figure."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One figure: what, how much, against what in the same run, and whether it reaches what it must."""

    name: str
    value: float
    unit: str
    against: str
    ratio: float | None
    must: float | None
    aim: float | None
    ok: bool
    spread: str

    def as_json(self) -> dict[str, Any]:
        """The row as `benchmarks/results.json` keeps it."""
        return asdict(self)


def seconds(act: Callable[[], object]) -> float:
    """Return how long `act` takes, in seconds."""
    since = time.perf_counter()
    act()
    return time.perf_counter() - since


def at_least(name: str, unit: str, pairs: list[tuple[float, float]], *, against: str, must: float, aim: float) -> Row:
    """Return the row of a rate that must reach `must` times its rival's; pairs are (ours, theirs) of one round each."""
    ratios = [ours / theirs for ours, theirs in pairs]
    ratio = statistics.median(ratios)
    return Row(name, statistics.median(ours for ours, _ in pairs), unit, against, ratio, must, aim, ratio >= must, _spread(ratios))


def at_most(name: str, unit: str, values: list[float], *, must: float, aim: float) -> Row:
    """Return the row of a cost that must stay under `must`."""
    value = statistics.median(values)
    return Row(name, value, unit, "itself", None, must, aim, value <= must, _spread(values))


def grows(name: str, unit: str, pairs: list[tuple[float, float]], *, against: str, must: float, aim: float) -> Row:
    """Return the row of a cost that may grow to at most `must` times its rival's; pairs are (ours, theirs) of one round each."""
    ratios = [ours / theirs for ours, theirs in pairs]
    ratio = statistics.median(ratios)
    return Row(name, statistics.median(ours for ours, _ in pairs), unit, against, ratio, must, aim, ratio <= must, _spread(ratios))


def told(name: str, unit: str, pairs: list[tuple[float, float]], *, against: str) -> Row:
    """Return a row that is only told, beside one that must reach something; pairs are (ours, theirs) of one round each."""
    ratios = [ours / theirs for ours, theirs in pairs]
    value = statistics.median(ours for ours, _ in pairs)
    return Row(name, value, unit, against, statistics.median(ratios), None, None, True, _spread(ratios))


def percentile(values: list[float], share: float) -> float:
    """Return the value that `share` of all lie at or under (nearest rank)."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _spread(values: list[float]) -> str:
    rounds = "1 round" if len(values) == 1 else f"{len(values)} rounds"
    return f"{min(values):.3g} to {max(values):.3g} in {rounds}"
