"""Lets a sequence run through assumed events, without a database: by the plan, the stops and the consents that decide in earnest.

Nothing here decides: times come from plan(), ends from the sequence's own `stops_on`, refusals and caps from the questions delivery asks.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from leads.clock import local_to_utc
from leads.consent.may_email import Kind, Standing, refusal
from leads.messages.models import LANES
from leads.messages.templates import catalogue
from leads.sequences.answer import QUIET
from leads.sequences.assume import Assumption
from leads.sequences.cap import is_capped, put_off
from leads.sequences.definitions import Sequence
from leads.sequences.place import Appointment, Past, PlanFacts
from leads.sequences.plan import WAITS, PlannedStep, plan

# From these stages a lead moves to screening by answering.
TO_SCREENING = ("new", "contacted")
# Somebody who agreed to everything a form asks for and confirmed the address.
WILLING = Standing(held=False, stopped=None, paused_until=None, confirmed=True, grants=("contact", "education", "unencrypted_email"))


@dataclass(frozen=True)
class Story:
    """Where a simulated enrolment stands: what it knows, what is past, and what has been told so far."""

    sequence: Sequence
    facts: PlanFacts
    now: datetime
    start: datetime
    standing: Standing = WILLING
    past: tuple[Past, ...] = ()
    told: tuple[PlannedStep, ...] = ()
    off: frozenset[str | None] = field(default_factory=frozenset)
    ended: str | None = None
    # The plan as it was put down. A mail that goes changes nothing of it, in earnest as here; what happens, and a to-do, plan anew.
    rows: tuple[PlannedStep, ...] | None = None
    # Where the lead stands in the pipeline, as far as it is known.
    stage: str | None = "new"
    # When mails of other sequences went to the same person, or will, and what the caps have put off.
    elsewhere: tuple[datetime, ...] = ()
    put_off: Mapping[tuple[str, int, datetime], PlannedStep] = field(default_factory=dict)

    @property
    def has_begun(self) -> bool:
        """True once the sequence runs: before that there is nothing to stop."""
        return self.now >= self.facts.anchor

    def on_day(self, day: int, at: time | None = None) -> datetime:
        """Return the moment of a day after the start, at the start's own time of day."""
        zone = self.facts.calendar.zone
        here = self.start.astimezone(zone)
        return local_to_utc(here.date() + timedelta(days=day), at or here.time(), zone)


def unfold(story: Story, assumed: Iterable[Assumption]) -> list[PlannedStep]:
    """Return every step as it would end: gone at `due_at`, or left out with `skip` saying why; in the order of the file."""
    coming = sorted(assumed, key=lambda each: each.day)
    story = _put_down(story) if story.has_begun else story
    while True:
        step, event = _next_step(story), coming[0] if coming else None
        if event and (step is None or story.on_day(event.day) <= max(step.due_at, story.now)):
            story = happen(replace(story, now=max(story.now, story.on_day(event.day))), coming.pop(0))
        elif step:
            story = story if story.rows is not None else _put_down(replace(story, now=max(story.now, story.facts.anchor)))
            story = _go(replace(story, now=max(story.now, step.due_at)), step)
        else:
            break
    order = {step.key: place for place, step in enumerate(story.sequence.steps)}
    return sorted([*story.told, *_planned(story)], key=lambda step: (order[step.step], step.occurrence))


def happen(story: Story, event: Assumption) -> Story:
    """Return the story after an assumed event, planned anew where that plans anew in earnest."""
    if event.kind == "answers" and story.stage in TO_SCREENING:
        # Whoever answers is in screening, whatever was noted before: the lead moves, and then the answers are in.
        story = happen(story, Assumption("moves", event.day, what="screening"))
    names = list(_events(event, story))
    stopped = story
    for name in names:
        stopped = _stop(stopped, name, "complained" if event.kind == "complains" else name)
    after = _told(stopped, event)
    is_news = _known(after) != _known(story) or event.kind == "pauses" or any(map(story.sequence.stopped_steps, names))
    return _put_down(after) if after.rows is not None and is_news else after


def _known(story: Story) -> tuple[PlanFacts, tuple[Past, ...]]:
    """Return what a plan rests on; a visit is nothing to a sequence of which no step counts from one."""
    facts = replace(story.facts, appointment=None) if all(step.wait for step in story.sequence.steps) else story.facts
    return facts, story.past


def _put_down(story: Story) -> Story:
    rows = tuple(plan(story.sequence, story.facts, story.past, story.now))
    # To a plan that only says "now" the time to which delivery put a mail off is the better one; any other takes its place.
    overdue = {_meant(row) for row in rows if row.due_at <= story.now}
    return replace(story, rows=rows, put_off={meant: later for meant, later in story.put_off.items() if meant in overdue})


def _told(story: Story, event: Assumption) -> Story:
    facts = story.facts
    match event.kind:
        case "replies":
            return _rest(story, max(facts.paused_until or story.now, story.now + QUIET))
        case "pauses":
            # A newer wish takes the place of an older one, a shorter one too.
            return _rest(story, story.on_day(event.other or 0, time(0)))
        case "confirms":
            return replace(story, standing=story.standing._replace(confirmed=True))
        case "books" | "moves-visit" if event.other is not None:
            known = facts.appointment
            # One booked anew after another was called off is another visit: what was said of the first is said again.
            named = known.id if known else f"assumed:{story.now.isoformat()}"
            visit = Appointment(named, known.version + 1 if known else 1, story.on_day(event.other))
            return replace(_moved(story, "booked") if event.kind == "books" else story, facts=replace(facts, appointment=visit))
        case "books":
            return _moved(story, "booked")
        case "cancels-visit":
            # Whose booked visit is called off is among the qualified again.
            after = _moved(story, "qualified") if story.stage == "booked" else story
            return replace(after, facts=replace(facts, appointment=None))
        case "misses-visit":
            return replace(story, facts=_with(facts, "visit", missed=True))
        case "withdraws" if event.what == "education":
            return replace(story, off=story.off | {"education"}, facts=_with(facts, "grants", education=False))
        case "withdraws":
            grants = set(story.standing.grants or ()) - {"contact"}
            return replace(story, standing=story.standing._replace(grants=sorted(grants)))
        case "asks-to-stop" | "complains":
            return replace(story, off=story.off | {None})
        case "bounces":
            return replace(story, standing=story.standing._replace(stopped="address"))
        case "moves":
            return _moved(story, event.what)
        case "does":
            return replace(story, past=tuple(_done(past, story.now) for past in story.past))
    return story


def _with(facts: PlanFacts, group: str, **changed: bool) -> PlanFacts:
    return replace(facts, conditions={**facts.conditions, group: {**facts.conditions[group], **changed}})


def _events(event: Assumption, story: Story) -> Iterator[str]:
    match event.kind:
        case "replies":
            yield "reply"
        case "books":
            yield "stage:booked"
            # To what is about the visit itself, that there is one is no end.
            if all(step.wait for step in story.sequence.steps):
                yield "appointment:booked"
        case "moves":
            yield f"stage:{event.what}"
        case "cancels-visit":
            yield "appointment:cancelled"
            if story.stage == "booked":
                yield "stage:qualified"
        case "withdraws":
            yield f"withdrawal:{event.what or 'contact'}"
        case "asks-to-stop" | "complains":
            yield "asked-to-stop"
        case "bounces":
            yield "bounce"
        case "answers":
            yield "screening:submitted"


def _moved(story: Story, stage: str | None) -> Story:
    """Return the story at another stage: whoever gets there was spoken with, so a call that was owed is done."""
    calls = {step.key for step in story.sequence.steps if step.todo == "call"} if stage != "closed" else set()
    past = tuple(_done(each, story.now) if each.step in calls else each for each in story.past)
    return replace(story, stage=stage, past=past)


def _stop(story: Story, event: str, why: str) -> Story:
    if story.ended or not story.has_begun:
        return story
    if story.sequence.stops(event):
        left = tuple(replace(step, skip=why if step.skip in (None, WAITS) else step.skip) for step in _planned(story))
        return replace(story, ended=why, told=story.told + left)
    pointless = story.sequence.stopped_steps(event)
    dropped = [step for step in _planned(story) if step.step in pointless]
    # A to-do that is open already is let go, and what waited for it goes on from here.
    gone = tuple(_done(each, story.now) if each.step in pointless else each for each in story.past)
    past = tuple(Past(step.step, step.occurrence, story.now, step.todo is not None, step.depends_on) for step in dropped)
    return replace(story, past=gone + past, told=story.told + tuple(replace(step, skip=why) for step in dropped))


def _rest(story: Story, until: datetime) -> Story:
    return replace(story, facts=replace(story.facts, paused_until=until))


def _done(past: Past, at: datetime) -> Past:
    return replace(past, at=at, is_open=False) if past.is_open else past


def _planned(story: Story) -> list[PlannedStep]:
    if story.ended or not story.has_begun:
        return []
    gone = {(past.step, past.occurrence) for past in story.past}
    rows = plan(story.sequence, story.facts, story.past, story.now) if story.rows is None else story.rows
    return [row for row in rows if (row.step, row.occurrence) not in gone]


def _next_step(story: Story) -> PlannedStep | None:
    if not story.has_begun and not story.ended:
        story = replace(story, now=story.facts.anchor)
    coming = (_put_off(story, step) for step in _planned(story) if not step.skip)
    return min(coming, key=lambda step: _turn(story, step), default=None)


def _turn(story: Story, step: PlannedStep) -> tuple[datetime, int, datetime]:
    # Of what is due at one moment the more pressing lane goes first, as in delivery: where a cap leaves room for one, it decides which.
    return max(step.due_at, story.now), LANES.index(step.lane) if step.lane else -1, step.due_at


def _put_off(story: Story, step: PlannedStep) -> PlannedStep:
    # Keyed by what the plan meant: a visit that moves plans its mails anew, and the wait begins anew with them.
    return story.put_off.get(_meant(step), step)


def _meant(step: PlannedStep) -> tuple[str, int, datetime]:
    return step.step, step.occurrence, step.planned_for


def _go(story: Story, step: PlannedStep) -> Story:
    against, step = _refusal(story, step), _at_once(story, step)
    if against is None and (later := put_off(step, _had(story), at=story.now, calendar=story.facts.calendar)):
        if later.skip is None:
            return replace(story, put_off={**story.put_off, _meant(step): later})
        against, step = later.skip, later
    past = Past(step.step, step.occurrence, story.now, against is None, step.depends_on, is_open=step.todo is not None)
    after = replace(story, past=(*story.past, past), told=(*story.told, replace(step, skip=against)))
    return _put_down(after) if step.todo else after


def _had(story: Story) -> list[datetime]:
    return [*story.elsewhere, *(step.due_at for step in story.told if not step.skip and is_capped(step))]


def _at_once(story: Story, step: PlannedStep) -> PlannedStep:
    """Return the step at the moment it really goes: what is overdue in an open window keeps its old moment in the plan."""
    if step.due_at >= story.now:
        return step
    here = story.now.astimezone(story.facts.calendar.zone)
    return replace(step, due_at=story.now, local_due=f"{here.isoformat(timespec='seconds')}[{step.zone}]")


def _refusal(story: Story, step: PlannedStep) -> str | None:
    if step.template is None:
        return None
    meta = catalogue()[step.template].meta
    theirs = "all" if None in story.off else "topic" if meta.topic in story.off else story.standing.stopped
    # What stops an address stops more than any wish of theirs.
    stopped = "address" if story.standing.stopped == "address" else theirs
    kind = Kind(meta.topic, step.lane or meta.lane, meta.level, answers=meta.to_unconfirmed)
    return refusal(story.standing._replace(stopped=stopped), kind)
