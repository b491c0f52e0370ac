"""Sequences, offices and lives made up at random: every kind of step, visits that move, rests, caps and what people do meanwhile."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from leads.sequences.definitions import Sequence, Step, Wait
from tests.sequences.conftest import make_sequence, make_step
from tests.sequences.test_properties import windows

# `HANDOFF_PROPERTIES=100` tries a hundred times as many.
MORE = int(os.environ.get("HANDOFF_PROPERTIES", "1"))
few = settings(max_examples=40 * MORE, deadline=None)
some = settings(max_examples=15 * MORE, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PLAIN = ("how-ketamine-works", "iv-and-im", "still-here", "office-location", "screening-call")
OF_VISIT = ("visit-tomorrow", "visit-prepare")
CONDITIONS = ("has_phone", "not has_phone", "language == 'en'", "visit.missed", "not visit.attended", "grants.education")
STOPS = ("reply", "stage:booked", "stage:screening", "appointment:booked", "appointment:cancelled", "withdrawal:education", "asked-to-stop")
# Days on which the clocks change, and the holidays around the turn of the year.
starts = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.datetimes(datetime(2026, 2, 20), datetime(2026, 3, 9), timezones=st.just(UTC)),  # noqa: DTZ001
    st.datetimes(datetime(2026, 10, 20), datetime(2026, 11, 2), timezones=st.just(UTC)),  # noqa: DTZ001
    st.datetimes(datetime(2026, 12, 15), datetime(2027, 1, 2), timezones=st.just(UTC)),  # noqa: DTZ001
).map(lambda at: at.replace(second=0, microsecond=0))
# Several on one day, too.
lengths = st.one_of(
    *(st.integers(0, most).map(lambda n, unit=unit: f"{n} {unit}") for most, unit in ((12, "days"), (72, "hours"), (9, "hours")))
)
uses = st.sampled_from(("4 hours", "2 days", "9 days", "400 days"))


def as_wait(text: str) -> timedelta:
    amount, unit = text.split()
    return Wait(int(amount), unit).length  # type: ignore[arg-type]


@st.composite
def steps(draw: st.DrawFn, key: str, time: str, length: str) -> dict[str, Any]:
    """A mail, one of several mails, or a human's to-do."""
    own: dict[str, Any] = {time: length}
    if draw(st.booleans()):
        own["window"] = draw(windows())
    if draw(st.integers(0, 2)) == 0:
        own["only_if"] = draw(st.sampled_from(CONDITIONS))
    if draw(st.integers(0, 5)) == 0:
        own["stops_on"] = [draw(st.sampled_from(STOPS))]
    if draw(st.integers(0, 4)) == 0:
        return {"key": key, "todo": draw(st.sampled_from(("call", "look"))), **own}
    said = PLAIN + (OF_VISIT if time == "before_appointment" else ())
    mail = make_step(key, lane=draw(st.sampled_from(("reminder", "education", "transactional"))), useful_for=draw(uses), **own)
    if draw(st.integers(0, 3)) == 0:
        del mail["template"]
        return mail | {"variants": [{"template": each, "weight": draw(st.integers(1, 3))} for each in ("iv-and-im", "still-here")]}
    return mail | {"template": draw(st.sampled_from(said))}


@st.composite
def definitions(draw: st.DrawFn) -> Sequence:
    """A sequence of up to eight steps, counted from its beginning, before and after a visit."""
    waits, before, after = (draw(st.lists(lengths, max_size=most)) for most in (3, 3, 2))
    if not (waits or before or after):
        waits = ["1 days"]
    chains = {
        "wait": sorted(waits, key=as_wait),
        "before_appointment": sorted(before, key=as_wait, reverse=True),
        "after_appointment": sorted(after, key=as_wait),
    }
    them = [draw(steps(f"{time[:2]}-{place}", time, each)) for time, chain in chains.items() for place, each in enumerate(chain)]
    stops = draw(st.lists(st.sampled_from(STOPS), max_size=2, unique=True))
    return make_sequence(*them, window=draw(st.one_of(st.just("any_time"), windows())), stops_on=stops)


class Life(NamedTuple):
    """Who begins a sequence, when and where, with which visit to come, and what is taken to happen then."""

    start: datetime
    office: str
    visit_in: timedelta | None
    phone: bool
    caps: tuple[int, int]
    events: tuple[str, ...]


def _event(draw: st.DrawFn, has_visit: bool) -> tuple[str, bool]:
    day, other = draw(st.integers(0, 14)), draw(st.integers(0, 30))
    always = [f"replies on day {day}", f"pauses on day {day} until day {day + other % 9}", f"to-do done on day {day}",
              f"moves to screening on day {day}", f"withdraws education on day {day}", f"asks to stop on day {day}"]  # fmt: skip
    of_visit = [f"moves the visit on day {day} to day {day + other}", f"cancels the visit on day {day}", f"misses the visit on day {day}"]
    said = draw(
        st.sampled_from(always[:3] * 2 + always + (of_visit * 3 if has_visit else [f"books on day {day} for day {day + other}"] * 3))
    )
    return said, (has_visit or said.startswith("books")) and not said.startswith("cancels")


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """A life with up to four events, each of which can happen when it does: only a visit there is can move."""
    visit_in = draw(st.one_of(st.none(), st.integers(0, 60 * 24 * 20).map(lambda minutes: timedelta(minutes=minutes))))
    has_visit, events = visit_in is not None, list[str]()
    for _ in range(draw(st.integers(0, 4))):
        said, has_visit = _event(draw, has_visit)
        events.append(said)
    events.sort(key=lambda said: int(said.partition("on day ")[2].split()[0]))
    caps = draw(st.sampled_from(((2, 5), (1, 1), (1, 3), (3, 20))))
    return Life(
        draw(starts), draw(st.sampled_from(("new-haven", "woodbury"))), visit_in, draw(st.booleans()), caps, _possible(events, visit_in)
    )


def _possible(events: list[str], visit_in: timedelta | None) -> tuple[str, ...]:
    """Leave out what cannot happen any more, now that they stand in order."""
    kept, has_visit = list[str](), visit_in is not None
    for said in events:
        if (said.startswith("books") and has_visit) or (
            said.split()[0] in ("moves", "cancels", "misses") and "the visit" in said and not has_visit
        ):
            continue
        has_visit = (has_visit or said.startswith("books")) and not said.startswith("cancels")
        kept.append(said)
    return tuple(kept)


def step_called(sequence: Sequence, key: str) -> Step:
    return next(step for step in sequence.steps if step.key == key)
