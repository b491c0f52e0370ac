"""Small numbers are not shown: fewer than eleven people in a cell might be known by it, and no other cell may give it away.

The threshold is that of the Centers for Medicare & Medicaid Services' cell size suppression policy: no cell of 1 to 10, and none from
which one of 1 to 10 can be computed. A zero is shown, for it speaks of nobody.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

SMALLEST = 11
Key = TypeVar("Key", bound=Hashable)
Count = int | None


def suppressed(rows: Mapping[Key, Sequence[int]]) -> tuple[dict[Key, list[Count]], list[Count]]:
    """Return rows of counts and the total of each column, with None for what is not shown.

    A column of a row is hidden where it is small; where hidden cells of a column could be computed from its total and the others, or
    together still speak of fewer than eleven, the next smallest is hidden as well. Where there is none, the total goes too. Of two
    columns that count the same people on their way, the later one being part of the earlier, a small difference is no cell of ours:
    it is nowhere shown.
    """
    width = max((len(counts) for counts in rows.values()), default=0)
    shown: dict[Key, list[Count]] = {key: list(counts) for key, counts in rows.items()}
    totals: list[Count] = []
    for place in range(width):
        column = {key: counts[place] for key, counts in rows.items()}
        hidden, total = _hidden(column), sum(column.values())
        for key in hidden:
            shown[key][place] = None
        totals.append(total if _may_tell(hidden, column, total) else None)
    return shown, totals


def small(count: int) -> bool:
    """True for a count that might tell of somebody."""
    return 0 < count < SMALLEST


def _hidden(column: Mapping[Key, int]) -> set[Key]:
    hidden = {key for key, count in column.items() if small(count)}
    for key in sorted((key for key, count in column.items() if count >= SMALLEST), key=lambda key: column[key]):
        if not hidden or (len(hidden) > 1 and sum(column[each] for each in hidden) >= SMALLEST):
            break
        hidden.add(key)
    return hidden


def _may_tell(hidden: Iterable[Key], column: Mapping[Key, int], total: int) -> bool:
    """True where a total gives away neither itself nor a single hidden cell, nor a few people who are hidden together."""
    sizes = [column[key] for key in hidden]
    return not small(total) and (not sizes or (len(sizes) > 1 and sum(sizes) >= SMALLEST))


def hidden_parts(parts: Sequence[int]) -> list[Count]:
    """Return the parts of one whole that is shown beside them, with None for those that are not."""
    shown, _ = suppressed({place: [part] for place, part in enumerate(parts)})
    return [shown[place][0] for place in range(len(parts))]


def falls(counts: Sequence[Count]) -> list[int | None]:
    """Return how many percent of the column before each column keeps, where both may be shown."""
    pairs = [None, *(None if not before or after is None else round(100 * after / before) for before, after in pairwise(counts))]
    return pairs[: len(counts)]
