"""What a person wants from us by mail: each topic, a rest, the language, discretion, or nothing at all."""

import uuid
from dataclasses import dataclass, replace
from datetime import date, time, timedelta

from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clinic.profile import Language, clinic
from leads.clock import local_to_utc, now
from leads.consent.ledger import Spoken, choose, grant, granted, paused_until, suppressed_topics, withdraw
from leads.db import lock
from leads.errors import FieldError, Invalid
from leads.people.models import Person
from leads.pipeline.facts import person_changed
from leads.pipeline.unsubscribe import allow_topic, stop_topic
from leads.sequences.rest import end_pause, pause

TOPICS = ("inquiry", "education", "screening", "visits")
LONGEST_PAUSE = timedelta(days=366)


@dataclass(frozen=True)
class Wishes:
    """A person's choices; `topics` are those they want, `pause_until` the first day on which mails may come again.

    `unencrypted` allows words about health in plain e-mail.
    """

    topics: frozenset[str]
    language: Language
    discreet: bool = False
    all_off: bool = False
    pause_until: date | None = None
    unencrypted: bool = False


def wishes_of(session: Session, person: Person) -> Wishes:
    """Return what holds for a person now."""
    stopped, grants = suppressed_topics(session, person.id), granted(session, person.id)
    wanted = {topic for topic in TOPICS if topic not in stopped}
    # Without the grant none would come, so a ticked box would promise what we may not do.
    if "education" not in grants:
        wanted.discard("education")
    until = paused_until(session, person.id)
    return Wishes(
        topics=frozenset(wanted),
        language="es" if person.language == "es" else "en",
        discreet=person.discreet,
        all_off=None in stopped,
        pause_until=until.astimezone(clinic().office(None).zone).date() if until else None,
        unencrypted="unencrypted_email" in grants,
    )


def change_wishes(session: Session, person: Person, wishes: Wishes, *, method: str = "page", evidence: str | None = None) -> Wishes:
    """Make a person's choices hold from now on, each with its proof in the ledger, and return what held before.

    Raises Invalid for a date we cannot keep. To undo, let what held before hold again (`method` is then `undo`).
    """
    # The page may be saved twice at once: whoever comes second must see what the first has made of it.
    lock(session, "person", person.id)
    session.refresh(person)
    before = wishes_of(session, person)
    how = Spoken(source="preferences", method=method, wording=clinic().consent.version, evidence=evidence)
    _change_pause(session, person.id, before, wishes, how)
    for topic in TOPICS:
        if (topic in wishes.topics) != (topic in before.topics):
            _change_topic(session, person.id, topic, how, wanted=topic in wishes.topics)
    if wishes.all_off != before.all_off:
        (stop_topic if wishes.all_off else allow_topic)(session, person.id, None, how=how)
    if wishes.unencrypted != before.unencrypted:
        (grant if wishes.unencrypted else withdraw)(session, person.id, "unencrypted_email", how, actor=f"person:{person.id}")
    _change_manner(session, person, wishes, how)
    person_changed(session, person.id, actor=f"person:{person.id}")
    return before


def _change_topic(session: Session, person_id: uuid.UUID, topic: str, how: Spoken, *, wanted: bool) -> None:
    if wanted:
        # The words of the consent stand beside the tick.
        allow_topic(session, person_id, topic, how=how, agreed=True)
    else:
        stop_topic(session, person_id, topic, how=how)


def _change_manner(session: Session, person: Person, wishes: Wishes, how: Spoken) -> None:
    actor, how = f"person:{person.id}", replace(how, wording=None)
    if (wishes.language, wishes.discreet) == (person.language, person.discreet):
        return
    if wishes.language != person.language:
        choose(session, person.id, "set", "language", how, actor=actor, value=wishes.language)
    if wishes.discreet != person.discreet:
        choose(session, person.id, "set", "discreet", how, actor=actor, value="on" if wishes.discreet else "off")
    person.language, person.discreet = wishes.language, wishes.discreet
    record(session, "person.preferences", person, actor=actor, language=wishes.language, discreet=wishes.discreet)


def _change_pause(session: Session, person_id: uuid.UUID, before: Wishes, wishes: Wishes, how: Spoken) -> None:
    if wishes.pause_until == before.pause_until:
        return
    if wishes.pause_until is None:
        end_pause(session, person_id, actor=f"person:{person_id}", how=how)
        return
    zone = clinic().office(None).zone
    today = now().astimezone(zone).date()
    if not today < wishes.pause_until <= today + LONGEST_PAUSE:
        code, words = ("date_passed", "This day has passed.") if wishes.pause_until <= today else ("date_far", "This is over a year away.")
        raise Invalid("Some fields need another look.", errors=(FieldError("pause_until", code, words),))
    until = local_to_utc(wishes.pause_until, time(0), zone)
    pause(session, person_id, until, reason="asked", actor=f"person:{person_id}", how=how)
