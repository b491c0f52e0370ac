"""The simulator: what a sequence would send and when, to somebody made up or to a lead, if this and that happened on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clinic.profile import Language, clinic
from leads.clock import now
from leads.errors import FieldError, Invalid, LeadsError
from leads.http.console import studio
from leads.http.console.draw import draw
from leads.http.console.staff import Staff
from leads.http.console.studio import Viewer
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.messages.render import Rendered
from leads.people.models import Person
from leads.pipeline.find import by_number
from leads.sequences.clock_changes import clock_changes, local
from leads.sequences.in_words import in_words
from leads.sequences.plan import PlannedStep
from leads.sequences.publish import definition_of, version_numbered
from leads.sequences.read_ahead import read_for_lead, read_made_up
from leads.sequences.simulate import simulate, simulate_lead

ROWS = 4
# What may be assumed, with a place for its days.
EVENTS = {
    "replies": "replies on day {day}",
    "confirms": "confirms on day {day}",
    "books": "books on day {day} for day {other}",
    "moves-visit": "moves the visit on day {day} to day {other}",
    "cancels-visit": "cancels the visit on day {day}",
    "misses-visit": "misses the visit on day {day}",
    "withdraws-education": "withdraws education on day {day}",
    "withdraws-contact": "withdraws contact on day {day}",
    "asks-to-stop": "asks to stop on day {day}",
    "bounces": "bounces on day {day}",
    "complains": "complains on day {day}",
    "answers": "answers the screening on day {day}",
    "pauses": "pauses on day {day} until day {other}",
    "screening": "moves to screening on day {day}",
    "qualified": "moves to qualified on day {day}",
    "closed": "moves to closed on day {day}",
    "daylight-ends": "daylight saving ends on day {day}",
    "daylight-begins": "daylight saving begins on day {day}",
    "does": "to-do done on day {day}",
}
LABELS = {
    "replies": "answers a mail",
    "confirms": "confirms the address",
    "books": "books a visit, for day",
    "moves-visit": "moves the visit, to day",
    "cancels-visit": "cancels the visit",
    "misses-visit": "misses the visit",
    "withdraws-education": "withdraws the consent to education",
    "withdraws-contact": "withdraws the consent to contact",
    "asks-to-stop": "asks us to stop",
    "bounces": "has an address from which a mail comes back",
    "complains": "reports a mail as spam",
    "answers": "answers the screening",
    "pauses": "rests from our mails, until day",
    "screening": "moves to screening",
    "qualified": "moves to qualified",
    "closed": "is closed",
    "daylight-ends": "sees daylight saving end (the start moves)",
    "daylight-begins": "sees daylight saving begin (the start moves)",
    "does": "has a colleague do the to-do",
}
router = APIRouter(prefix="/sequences/{key}/simulate")
Many = Annotated[list[str] | None, Query()]


@dataclass(frozen=True)
class Entry:
    """One line of the calendar: the step, its moment at the office, what the mail says, and whether the clocks changed before it."""

    step: PlannedStep
    at: datetime
    mail: Rendered | None
    clocks: date | None


@router.get("")
def show(
    request: Request,
    session: Db,
    staff: Viewer,
    key: str,
    office: str = "",
    since: Annotated[str, Query(alias="from")] = "",
    language: Language = "en",
    lead: str = "",
    what: Many = None,
    day: Many = None,
    other: Many = None,
) -> Response:
    """Show the form, and the calendar that follows from it."""
    version = version_numbered(session, key, None)
    rows = list(zip(_padded(what), _padded(day), _padded(other), strict=True))
    entries, refusal, spoken = _told(session, staff, key, office=office, since=since, language=language, lead=lead.strip(), rows=rows)
    return draw(
        request,
        "simulate.html",
        staff=staff,
        status=refusal.status if refusal else 200,
        tab="sequences",
        waiting=waiting(session),
        sequence=definition_of(session, version.id),
        chosen={"office": office or clinic().default_office, "from": since or _today(office), "language": spoken, "lead": lead},
        rows=rows,
        events=LABELS,
        with_other=[name for name, sentence in EVENTS.items() if "{other}" in sentence],
        entries=entries,
        refusal=refusal,
        offices=clinic().offices,
        why=in_words,
        studio=studio,
    )


Told = tuple[list[Entry], LeadsError | None, str]


def _told(
    session: Session, staff: Staff, key: str, *, office: str, since: str, language: str, lead: str, rows: Sequence[tuple[str, str, str]]
) -> Told:
    try:
        assumed = [sentence for row in rows if (sentence := _sentence(*row))]
        if lead:
            return _of_lead(session, staff, key, lead, assumed)
        start = _start(since or _today(office))
        steps = simulate(key, office=office or None, start=start, language=language, assume=assumed)
        return _entries(steps, read_made_up(steps, office=office, language=language)), None, language
    except LeadsError as refusal:
        return [], refusal, language


def _of_lead(session: Session, staff: Staff, key: str, number: str, assumed: Sequence[str]) -> Told:
    if not staff.may_work:
        raise Invalid("A lead's own calendar is for those who work with leads. Leave the number out, and simulate somebody made up.")
    lead = by_number(session, number)
    person = session.get_one(Person, lead.person_id)
    record(session, "person.read", person, actor=staff.actor, lead=lead.number, why="simulation")
    steps = simulate_lead(session, lead.id, key, stage=lead.stage, assume=assumed)
    return _entries(steps, read_for_lead(session, lead.id, key, steps)), None, person.language


def _entries(steps: Sequence[PlannedStep], mails: Sequence[Rendered | None]) -> list[Entry]:
    found = [Entry(step, local(step), mail, change) for step, mail, change in zip(steps, mails, clock_changes(steps), strict=True)]
    return sorted(found, key=lambda entry: entry.step.due_at)


def _sentence(what: str, day: str, other: str) -> str:
    if not what:
        return ""
    sentence = EVENTS.get(what)
    if sentence is None:
        raise _wrong("what", f"There is no event {what}; choose one of the list.")
    if not day.isdecimal() or len(day) > 4:
        raise _wrong("day", f"Say on which day somebody {LABELS[what].partition(',')[0]}; day 0 is the first.")
    if "{other}" in sentence and (not other.isdecimal() or len(other) > 4):
        raise _wrong("other", f"Say for which day as well: {LABELS[what]} …")
    return sentence.format(day=day, other=other)


def _padded(given: list[str] | None) -> list[str]:
    return [*(given or [])[:ROWS], *[""] * (ROWS - len(given or []))]


def _start(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _wrong("from", "Choose the first day, or the day of the visit.") from None


def _today(office: str) -> str:
    known = {each.code: each.zone for each in clinic().offices}
    return now().astimezone(known.get(office, clinic().office(None).zone)).date().isoformat()


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, errors=(FieldError(field, "unknown", message),))
