"""What a person wants from us by mail: each topic, a rest, the language, discretion, or nothing at all."""

from dataclasses import dataclass
from datetime import date, time, timedelta

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clinic.profile import Language, clinic
from leads.clock import local_to_utc, now
from leads.consent.ledger import Spoken, grant, granted, paused_until, suppressed_topics
from leads.errors import FieldError, Invalid
from leads.people.models import Person
from leads.pipeline.facts import person_changed
from leads.pipeline.unsubscribe import allow_topic, stop_topic
from leads.sequences.rest import end_pause, pause

TOPICS = ("inquiry", "education", "screening", "visits")
LONGEST_PAUSE = timedelta(days=366)


@dataclass(frozen=True)
class Wishes:
    """A person's choices; `topics` are those they want, `pause_until` the first day on which mails may come again."""

    topics: frozenset[str]
    language: Language
    discreet: bool = False
    all_off: bool = False
    pause_until: date | None = None


def wishes_of(session: Session, person: Person) -> Wishes:
    """Return what holds for a person now."""
    stopped = suppressed_topics(session, person.id)
    wanted = {topic for topic in TOPICS if topic not in stopped}
    # Without the grant none would come, so a ticked box would promise what we may not do.
    if "education" not in granted(session, person.id):
        wanted.discard("education")
    until = paused_until(session, person.id)
    resting = until.astimezone(clinic().office(None).zone).date() if until else None
    return Wishes(frozenset(wanted), "es" if person.language == "es" else "en", person.discreet, None in stopped, resting)


def change_wishes(session: Session, person: Person, wishes: Wishes) -> None:
    """Make a person's choices hold from now on, each with its proof in the ledger; raises Invalid for a date we cannot keep."""
    before = wishes_of(session, person)
    _change_pause(session, person, before, wishes)
    for topic in TOPICS:
        if (topic in wishes.topics) != (topic in before.topics):
            _change_topic(session, person, topic, wanted=topic in wishes.topics)
    if wishes.all_off != before.all_off:
        (stop_topic if wishes.all_off else allow_topic)(session, person.id, None)
    if (wishes.language, wishes.discreet) != (before.language, before.discreet):
        person.language, person.discreet = wishes.language, wishes.discreet
        record(session, "person.preferences", person, actor=f"person:{person.id}", language=wishes.language, discreet=wishes.discreet)
    person_changed(session, person.id, actor=f"person:{person.id}")


def _change_topic(session: Session, person: Person, topic: str, *, wanted: bool) -> None:
    if not wanted:
        stop_topic(session, person.id, topic)
        return
    if topic == "education" and "education" not in granted(session, person.id):
        how = Spoken(source="preferences", method="page", wording=clinic().consent.version)
        grant(session, person.id, "education", how, actor=f"person:{person.id}")
    allow_topic(session, person.id, topic)


def _change_pause(session: Session, person: Person, before: Wishes, wishes: Wishes) -> None:
    if wishes.pause_until == before.pause_until:
        return
    if wishes.pause_until is None:
        end_pause(session, person.id, actor=f"person:{person.id}")
        return
    zone = clinic().office(None).zone
    today = now().astimezone(zone).date()
    if not today < wishes.pause_until <= today + LONGEST_PAUSE:
        code, words = ("date_passed", "This day has passed.") if wishes.pause_until <= today else ("date_far", "This is over a year away.")
        raise Invalid("Some fields need another look.", errors=(FieldError("pause_until", code, words),))
    pause(session, person.id, local_to_utc(wishes.pause_until, time(0), zone), reason="asked", actor=f"person:{person.id}")
