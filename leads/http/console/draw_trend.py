"""Drawing how an instrument's total has changed: where each dot, line and band of the picture stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from leads.screening.questionnaire import Instrument
from leads.screening.trend import Point

# In units of the picture, which is drawn as wide as there is room: small enough to be read on a phone.
WIDTH, HEIGHT = 420, 200
LEFT, RIGHT, TOP, BOTTOM = 30, 104, 18, 26
LABEL_NEEDS = 22


@dataclass(frozen=True)
class Dot:
    """One score in the picture; a label that would run into the one before it is left out."""

    x: float
    y: float
    point: Point
    has_label: bool


@dataclass(frozen=True)
class Stripe:
    """One band behind the line, from its lowest total to the next one's."""

    code: str
    starts: int
    y: float
    height: float


@dataclass(frozen=True)
class Drawing:
    """The whole picture: bands from the lowest, dots from the oldest, and the line through them."""

    dots: tuple[Dot, ...]
    stripes: tuple[Stripe, ...]
    right: float
    bottom: float
    left: float = LEFT
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def line(self) -> str:
        """The line as the `points` of an SVG polyline."""
        return " ".join(f"{dot.x},{dot.y}" for dot in self.dots)


def draw_trend(instrument: Instrument, points: Sequence[Point]) -> Drawing | None:
    """Return the picture of these scores, the oldest first; None for fewer than two, which are no trend."""
    if len(points) < 2:
        return None
    most = instrument.scale[-1].value * len(instrument.items)
    highest = int(most)

    def height_of(total: int) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * total / highest, 1)

    starts = [band.start for band in instrument.bands]
    ends = [*starts[1:], highest]
    stripes = tuple(
        Stripe(band.code, band.start, height_of(end), round(height_of(band.start) - height_of(end), 1))
        for band, end in zip(instrument.bands, ends, strict=True)
    )
    places = _places(points)
    labelled = _with_room(places)
    dots = tuple(Dot(x, height_of(each.total), each, x in labelled) for x, each in zip(places, points, strict=True))
    return Drawing(dots, stripes, right=WIDTH - RIGHT, bottom=HEIGHT - BOTTOM)


def _places(points: Sequence[Point]) -> list[float]:
    """Return how far to the right each score stands: by its day, evenly where all are of one moment."""
    first, room = points[0].at, WIDTH - LEFT - RIGHT - 20
    whole = (points[-1].at - first).total_seconds()
    shares = [(each.at - first).total_seconds() / whole if whole else place / (len(points) - 1) for place, each in enumerate(points)]
    return [round(LEFT + 10 + room * share, 1) for share in shares]


def _with_room(places: Sequence[float]) -> set[float]:
    """Return the places that bear a label, chosen from the newest back: the last total is the one people look for."""
    chosen: list[float] = []
    for place in reversed(places):
        if not chosen or chosen[-1] - place >= LABEL_NEEDS:
            chosen.append(place)
    return set(chosen)
