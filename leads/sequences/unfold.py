"""Lets a sequence run through assumed events, without a database: by the plan, the stops and the consents that decide in earnest.

Nothing here decides: times come from plan(), ends from the sequence's own `stops_on`, refusals and caps from the questions delivery asks.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from leads.clock import local_to_utc
from leads.consent.may_email import Kind, Standing, refusal
from leads.messages.templates import catalogue
from leads.sequences.answer import QUIET
from leads.sequences.assume import Assumption
from leads.sequences.cap import is_capped, put_off
from leads.sequences.definitions import Sequence
from leads.sequences.place import Appointment, Past, PlanFacts
from leads.sequences.plan import WAITS, PlannedStep, plan

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
    while True:
        step, event = _next_step(story), coming[0] if coming else None
        if event and (step is None or story.on_day(event.day) <= max(step.due_at, story.now)):
            story = happen(replace(story, now=max(story.now, story.on_day(event.day))), coming.pop(0))
        elif step:
            story = _go(replace(story, now=max(story.now, step.due_at)), step)
        else:
            break
    order = {step.key: place for place, step in enumerate(story.sequence.steps)}
    return sorted([*story.told, *_planned(story)], key=lambda step: (order[step.step], step.occurrence))


def happen(story: Story, event: Assumption) -> Story:
    """Return the story after an assumed event."""
    for name in _events(event):
        story = _stop(story, name)
    facts = story.facts
    match event.kind:
        case "replies":
            return _rest(story, story.now + QUIET)
        case "pauses":
            return _rest(story, story.on_day(event.other or 0, time(0)))
        case "confirms":
            return replace(story, standing=story.standing._replace(confirmed=True))
        case "books" | "moves-visit" if event.other is not None:
            version = facts.appointment.version + 1 if facts.appointment else 1
            return replace(story, facts=replace(facts, appointment=Appointment("assumed", version, story.on_day(event.other))))
        case "cancels-visit":
            return replace(story, facts=replace(facts, appointment=None))
        case "misses-visit":
            return replace(story, facts=replace(facts, conditions=dict(facts.conditions) | {"visit": {"missed": True}}))
        case "withdraws" if event.what == "education":
            return replace(story, off=story.off | {"education"})
        case "withdraws":
            grants = set(story.standing.grants or ()) - {"contact"}
            return replace(story, standing=story.standing._replace(grants=sorted(grants)))
        case "asks-to-stop":
            return replace(story, off=story.off | {None})
        case "does":
            return replace(story, past=tuple(_done(past, story.now) for past in story.past))
    return story


def _events(event: Assumption) -> Iterator[str]:
    match event.kind:
        case "replies":
            yield "reply"
        case "books":
            yield "stage:booked"
        case "moves":
            yield f"stage:{event.what}"
        case "cancels-visit":
            yield "appointment:cancelled"
        case "withdraws":
            yield f"withdrawal:{event.what or 'contact'}"
        case "asks-to-stop":
            yield "asked-to-stop"


def _stop(story: Story, event: str) -> Story:
    if story.ended or not story.has_begun:
        return story
    if story.sequence.stops(event):
        left = tuple(replace(step, skip=event if step.skip in (None, WAITS) else step.skip) for step in _planned(story))
        return replace(story, ended=event, told=story.told + left)
    dropped = [step for step in _planned(story) if step.step in story.sequence.stopped_steps(event)]
    past = tuple(Past(step.step, step.occurrence, story.now, step.todo is not None, step.depends_on) for step in dropped)
    return replace(story, past=story.past + past, told=story.told + tuple(replace(step, skip=event) for step in dropped))


def _rest(story: Story, until: datetime) -> Story:
    longest = max(story.facts.paused_until or until, until)
    return replace(story, facts=replace(story.facts, paused_until=longest))


def _done(past: Past, at: datetime) -> Past:
    return replace(past, at=at, is_open=False) if past.is_open else past


def _planned(story: Story) -> list[PlannedStep]:
    if story.ended or not story.has_begun:
        return []
    return plan(story.sequence, story.facts, story.past, story.now)


def _next_step(story: Story) -> PlannedStep | None:
    if not story.has_begun and not story.ended:
        story = replace(story, now=story.facts.anchor)
    coming = (_put_off(story, step) for step in _planned(story) if not step.skip)
    return min(coming, key=lambda step: step.due_at, default=None)


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
    return replace(story, past=(*story.past, past), told=(*story.told, replace(step, skip=against)))


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
    stopped = "all" if None in story.off else "topic" if meta.topic in story.off else story.standing.stopped
    kind = Kind(meta.topic, step.lane or meta.lane, meta.level, answers=meta.to_unconfirmed)
    return refusal(story.standing._replace(stopped=stopped), kind)
