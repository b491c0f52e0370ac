"""The calendar of a sequence before anything is sent: the very same plan, for somebody made up or for a lead as it stands."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, union_all
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.clock import local_to_utc, now
from leads.consent.ledger import suppressed_topics
from leads.consent.may_email import STANDING, Standing
from leads.errors import Invalid, NotFound
from leads.messages.due import WEEK
from leads.messages.models import Message
from leads.people.models import Person
from leads.sequences.assume import Assumption, assumption
from leads.sequences.cap import is_capped
from leads.sequences.clock_changes import next_change
from leads.sequences.conditions import facts_from
from leads.sequences.definitions import Sequence, sequences
from leads.sequences.enroll import history, plan_facts
from leads.sequences.models import Enrolment
from leads.sequences.plan import Appointment, PlanFacts, PlannedStep
from leads.sequences.publish import definition_of
from leads.sequences.unfold import WILLING, Story, unfold

START = time(10, 0)
# On which day the clocks change where nobody says: between two mails that count from a start, or from a visit (True) to come.
DAY_OF_CHANGE = {False: 3, True: -1}


def simulate(
    key: str,
    *,
    office: str | None = None,
    start: date | datetime,
    language: str = "en",
    facts: Mapping[str, Any] | None = None,
    assume: Iterable[str] = (),
    beside: Mapping[str, date | datetime] | None = None,
) -> list[PlannedStep]:
    """Return what would go to somebody who starts at `start` (a bare date means 10:00 there), or whose visit is then.

    `facts` are those of `only_if`, by their dotted names; `assume` are sentences like "replies on day 3"; one like
    "daylight saving ends on day 3" moves the start so that the next change falls there; `beside` are other sequences
    and when they start: their mails fill the clinic's caps too. NotFound names the sequences or offices that exist, Invalid what can be
    assumed.
    """
    sequence, calendar = _sequence(key), clinic().office(_office(office)).calendar
    at = start if isinstance(start, datetime) else local_to_utc(start, START, calendar.zone)
    at = (at if at.tzinfo else at.replace(tzinfo=calendar.zone)).astimezone(UTC)
    assumed = [assumption(text) for text in assume]
    later = _days_to_a_change(at, calendar.zone, assumed, DAY_OF_CHANGE[_around_a_visit(sequence)])
    at = _later(at, later, calendar.zone)
    others = [simulate(other, office=office, start=when + later, language=language, facts=facts) for other, when in (beside or {}).items()]
    conditions = facts_from({"language": language, "office": _office(office)} | dict(facts or {}))
    known = PlanFacts(at, calendar, conditions, whose="somebody")
    story = replace(
        _beginning(sequence, known, assumed),
        stage=_stage_at_start(sequence),
        elsewhere=tuple(went for steps in others for went in _capped(steps)),
    )
    return unfold(story, assumed)


def _days_to_a_change(at: datetime, zone: ZoneInfo, assumed: Iterable[Assumption], usual: int) -> timedelta:
    """Return by how many days a start must be moved for the clocks to change on the day that is assumed; raises Invalid."""
    wanted = next((each for each in assumed if each.kind == "daylight"), None)
    if wanted is None:
        return timedelta()
    day, here = timedelta(days=usual if wanted.other is None else wanted.other), at.astimezone(zone).date()
    change = next_change(zone, here + day, begins=wanted.what == "begins")
    if change is None:
        raise Invalid(f"The clocks of {zone.key} do not change.")
    return change - day - here


def _later(at: datetime, by: timedelta, zone: ZoneInfo) -> datetime:
    here = at.astimezone(zone)
    return local_to_utc(here.date() + by, here.time(), zone) if by else at


def _capped(steps: Iterable[PlannedStep]) -> list[datetime]:
    return [step.due_at for step in steps if not step.skip and is_capped(step)]


def simulate_lead(session: Session, lead_id: uuid.UUID, key: str, *, stage: str, assume: Iterable[str] = ()) -> list[PlannedStep]:
    """Return what is still to come for a lead that runs in a sequence, by its own version, history and consents; raises NotFound.

    `stage` is where the lead stands now. The person's other mails, gone or planned, fill the clinic's caps too.
    """
    enrolment = running(session, lead_id, key)
    person = session.get_one(Person, enrolment.person_id)
    story = Story(
        definition_of(session, enrolment.version_id),
        plan_facts(session, enrolment),
        now(),
        now(),
        standing=_standing(session, person),
        past=tuple(history(session, enrolment)),
        off=frozenset(suppressed_topics(session, person.id)),
        elsewhere=tuple(_other_mails(session, enrolment)),
        stage=stage,
    )
    assumed = [assumption(text) for text in assume]
    if any(each.kind == "daylight" for each in assumed):
        raise Invalid("A lead has begun already, and its days stand. Leave the lead out to see somebody made up across a change of clocks.")
    return unfold(story, assumed)


def running(session: Session, lead_id: uuid.UUID, key: str) -> Enrolment:
    """Return the enrolment of a lead that runs in a sequence; raises NotFound."""
    mine = (Enrolment.lead_id == lead_id, Enrolment.sequence_key == key, Enrolment.ended_at.is_(None))
    enrolment = session.scalar(select(Enrolment).where(*mine))
    if enrolment is None:
        raise NotFound(f"The lead does not run in {_sequence(key).key}. Leave out --lead to simulate somebody who begins it now.")
    return enrolment


def _other_mails(session: Session, enrolment: Enrolment) -> Iterable[datetime]:
    theirs = (Message.person_id == enrolment.person_id, Message.lane != "transactional")
    gone = select(Message.sent_at).where(*theirs, Message.sent_at > now() - WEEK)
    # One that is under way, or that nobody knows the end of, counts as gone, as it does in delivery.
    doubtful = select(Message.state_at).where(*theirs, Message.state.in_(("sending", "unknown")))
    elsewhere = or_(Message.enrolment_id.is_(None), Message.enrolment_id != enrolment.id)
    planned = select(Message.due_at).where(*theirs, Message.state.in_(("planned", "claimed")), elsewhere)
    return (at for at in session.scalars(union_all(gone, doubtful, planned)) if at is not None)


def _standing(session: Session, person: Person) -> Standing:
    asked = {"person_id": person.id, "address_index": person.email_index or b"", "topic": "", "at": now()}
    # A rest moves the plan itself; by the time a step comes it is over.
    return Standing(*session.execute(STANDING, asked).one())._replace(paused_until=None)


def _beginning(sequence: Sequence, known: PlanFacts, assumed: list[Assumption]) -> Story:
    kinds, start = {each.kind for each in assumed}, known.anchor
    if _around_a_visit(sequence) and "books" not in kinds:
        # Booked long ago, so that nothing is late.
        long_ago = datetime(start.year - 1, 1, 1, tzinfo=UTC)
        visit = Appointment("simulated", 1, start)
        return Story(sequence, PlanFacts(long_ago, known.calendar, known.conditions, visit, whose=known.whose), long_ago, start)
    story = Story(sequence, known, start, start, standing=WILLING._replace(confirmed="confirms" not in kinds))
    if "confirms" in kinds and sequence.starts("confirmation"):
        confirmed = story.on_day(min(each.day for each in assumed if each.kind == "confirms"))
        return Story(
            sequence, PlanFacts(confirmed, known.calendar, known.conditions, whose=known.whose), start, start, standing=story.standing
        )
    return story


def _sequence(key: str) -> Sequence:
    found = sequences().get(key)
    if found is None:
        raise NotFound(f"There is no sequence {key}; there are {', '.join(sequences())}.")
    return found


def _office(code: str | None) -> str:
    codes = [office.code for office in clinic().offices]
    if code not in (None, "none", *codes):
        raise NotFound(f"There is no office {code}; there are {', '.join(codes)}.")
    return code or clinic().default_office


def _stage_at_start(sequence: Sequence) -> str:
    """Return at which stage somebody is who begins a sequence, by what it starts on; new where it says nothing of one."""
    if _around_a_visit(sequence):
        return "booked"
    return next((event.removeprefix("stage:") for event in sequence.starts_on if event.startswith("stage:")), "new")


def _around_a_visit(sequence: Sequence) -> bool:
    return all(step.wait is None for step in sequence.steps)
