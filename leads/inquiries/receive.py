"""An inquiry arrives: person, lead, inquiry, consent, promise and acknowledgement are kept in one transaction."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from leads.accounts.throttle import FORM_MAIL, count
from leads.accounts.throttle import note as note_attempt
from leads.audit.trail import SYSTEM, record
from leads.clinic.profile import clinic
from leads.clock import now
from leads.consent.as_said import AsSaid
from leads.consent.ledger import NOT_SAFE, Spoken, grant, suppress
from leads.errors import Conflict, Invalid, NotFound
from leads.inquiries.look import STRANGER, Known, Look, look_up, standing_of
from leads.inquiries.models import Inquiry, QuarantinedInquiry
from leads.inquiries.submission import Submission
from leads.messages.outbox import post
from leads.people.add import Manner, recognise
from leads.people.match import email_index
from leads.people.models import Person
from leads.pipeline.begin import begin_lead
from leads.pipeline.confirm import start
from leads.pipeline.deadlines import expected_by
from leads.pipeline.facts import person_changed
from leads.pipeline.find import further_number
from leads.pipeline.models import Lead
from leads.safety.disclose import disclose
from leads.safety.phrases import found
from leads.todos.open import new_todo, open_todo

GIVEN_BY_FORM = ("contact", "education", "unencrypted_email")
CRIES_OVER_THE_LIMIT = 5
USEFUL_FOR = timedelta(days=3)


@dataclass(frozen=True)
class Receipt:
    """What the sender is told: the inquiry's id, the lead's number, by when we answer; and whether to show the crisis page."""

    id: uuid.UUID
    number: str
    expected_by: datetime
    disclosed: bool


@dataclass(frozen=True)
class Arrival:
    """How a submission came: by which channel, from which source (a keyed hash), with which key, by whose hand.

    What a colleague takes down is `spoken`: who said it, and how; the colleague answers for it in the ledger.
    """

    channel: str
    source: bytes | None = None
    api_key_id: uuid.UUID | None = None
    actor: str = SYSTEM
    spoken: AsSaid | None = None


def receive(session: Session, asked: Submission, arrival: Arrival) -> Receipt:
    """Keep an inquiry and all that follows from it; raises TooMany when its source sends too often."""
    disclosed = found((asked.message, asked.insurance_question, asked.given_name, asked.family_name))
    _count(session, arrival, disclosed=disclosed)
    # Read first, write afterwards, all in one round trip: a look in between would send what is new so far.
    session.flush()
    with session.no_autoflush:
        look = look_up(session, asked)
        person, is_known = _person(session, asked, look)
        known = standing_of(session, person) if is_known else STRANGER
        lead, is_new = _lead(session, person, asked, arrival, known=known, serial=look.serial)
        promise = expected_by(lead.office, now())
        inquiry = _keep(session, asked, arrival, lead)
        given = _grant(session, asked, person, arrival, refused=known.words.withdrawn)
        ask_to_call = new_todo if is_new else open_todo
        ask_to_call(session, "call", person_id=person.id, lead_id=lead.id, due_at=promise, actor=arrival.actor)
        if disclosed:
            session.flush()
            disclose(session, person.id, lead.id, source="inquiry", actor=f"person:{person.id}")
        against = "held" if disclosed or known.is_held else _against_acknowledging(session, asked.email, person, look)
        _acknowledge(session, asked, person, lead, promise, against=against)
        # What is new goes to the database with the commit, unless somebody asks for it first.
        if is_new and known.is_confirmed:
            start(session, lead, grants=known.words.granted | given, actor=arrival.actor)
    if not is_new:
        person_changed(session, person.id, actor=arrival.actor)
    # The number of the lead it joined would tell whoever sent it that the person is known here.
    return Receipt(inquiry.id, lead.number if is_new else further_number(session, lead, look.serial), promise, disclosed)


def _count(session: Session, arrival: Arrival, *, disclosed: bool) -> None:
    if arrival.source is not None:
        # A cry for help is kept when others from the same place must wait; but the form must not serve to fill the disk either.
        limit = clinic().limits.submissions_per_hour_per_source * (CRIES_OVER_THE_LIMIT if disclosed else 1)
        count(session, "submission", arrival.source, limit=limit, within=timedelta(hours=1))


def quarantine(session: Session, raw: Mapping[str, Any], *, channel: str, why: str) -> QuarantinedInquiry:
    """Keep what tripped a trap, as it came, for a person to look at; it mails nobody."""
    kept = QuarantinedInquiry(why=why, channel=channel, received=dict(raw), received_at=now())
    session.add(kept)
    record(session, "inquiry.quarantined", kept, why=why)
    return kept


def let_in(session: Session, quarantined_id: uuid.UUID, *, actor: str) -> Receipt:
    """Receive a quarantined submission after all; raises Invalid, and keeps it waiting, where fields cannot be accepted."""
    kept = _waiting(session, quarantined_id)
    try:
        asked = Submission.model_validate(kept.received)
    except ValidationError as error:
        fields = ", ".join(".".join(str(part) for part in each["loc"]) for each in error.errors())
        raise Invalid(f"This cannot be let in as it stands: {fields} would be refused. Call the person, or discard it.") from None
    _decide(session, kept, "let-in", actor)
    return receive(session, asked, Arrival(kept.channel, actor=actor))


def discard(session: Session, quarantined_id: uuid.UUID, *, actor: str) -> None:
    """Put a quarantined submission aside; it stays on record, and can be taken up again."""
    _decide(session, _waiting(session, quarantined_id), "discarded", actor)


def _person(session: Session, asked: Submission, look: Look) -> tuple[Person, bool]:
    manner = Manner(asked.language, asked.reach_by, asked.reach_when, asked.safe_voicemail, asked.safe_email)
    return recognise(session, look.who, manner, look.candidates)


def _lead(session: Session, person: Person, asked: Submission, arrival: Arrival, *, known: Known, serial: int) -> tuple[Lead, bool]:
    # A second inquiry while the first is open belongs to the same journey; its words show in the timeline.
    if known.lead_id is not None:
        return session.get_one(Lead, known.lead_id), False
    about: dict[str, Any] = {"office": asked.office, "source": "inquiry", "for_whom": asked.for_whom, "interest": asked.interest}
    return begin_lead(session, person, **about, serial=serial, actor=arrival.actor), True


def _keep(session: Session, asked: Submission, arrival: Arrival, lead: Lead) -> Inquiry:
    inquiry = Inquiry(
        person_id=lead.person_id,
        lead_id=lead.id,
        channel=arrival.channel,
        received=asked.model_dump(mode="json", exclude={"campaign"}),
        campaign=asked.campaign.model_dump() if asked.campaign else None,
        api_key_id=arrival.api_key_id,
        received_at=now(),
    )
    session.add(inquiry)
    record(session, "inquiry.received", inquiry, actor=arrival.actor, channel=arrival.channel, lead=str(lead.id))
    return inquiry


def _grant(session: Session, asked: Submission, person: Person, arrival: Arrival, *, refused: Collection[str]) -> set[str]:
    """Put on record what was agreed to; returns the kinds."""
    said, actor = arrival.spoken, arrival.actor if arrival.spoken else f"person:{person.id}"
    method, evidence = (said.method, said.evidence) if said else (arrival.channel, None)
    how = Spoken(source="inquiry", method=method, wording=asked.consent.wording, evidence=evidence)
    # Anybody who knows two things about a person can fill in a form for them: it cannot take back their own no. A colleague hears them.
    given = {kind for kind in GIVEN_BY_FORM if getattr(asked.consent, kind) and (said or kind not in refused)}
    for kind in sorted(given):
        grant(session, person.id, kind, how, actor=actor)
    if asked.email and not asked.safe_email:
        session.flush()
        suppress(session, person_id=person.id, address_index=email_index(asked.email), reason=NOT_SAFE, actor=actor)
    return given


def _acknowledge(session: Session, asked: Submission, person: Person, lead: Lead, promise: datetime, *, against: str | None) -> None:
    if asked.email is None:
        return
    post(
        session,
        person.id,
        "inquiry-received",
        cause="inquiry",
        lead_id=lead.id,
        facts={"office": lead.office, "expected_by": promise.isoformat()},
        useful_until=now() + USEFUL_FOR,
        state="skipped" if against else "planned",
        reason=against,
    )


def _against_acknowledging(session: Session, address: str | None, person: Person, look: Look) -> str | None:
    if address is None:
        return None
    index = email_index(address)
    if person.email_index != index:
        # Nothing typed into a form is added to a person we know, so nothing goes there either.
        return "other-address"
    # A form that mails whatever address is typed could be used to bomb a stranger's mailbox.
    limits = clinic().limits
    if look.mails[0] >= limits.mails_per_hour_per_address or look.mails[1] >= limits.mails_per_day_per_address:
        return "recipient-limit"
    note_attempt(session, FORM_MAIL, index)
    return None


def _waiting(session: Session, quarantined_id: uuid.UUID) -> QuarantinedInquiry:
    kept = session.get(QuarantinedInquiry, quarantined_id, with_for_update=True, populate_existing=True)
    if kept is None:
        raise NotFound("There is no such submission.")
    if kept.decided_at is not None:
        raise Conflict("Somebody has already decided about this one.")
    return kept


def _decide(session: Session, kept: QuarantinedInquiry, decision: str, actor: str) -> None:
    kept.decided_at, kept.decided_by, kept.decision = now(), actor, decision
    record(session, "inquiry.decided", kept, actor=actor, decision=decision)
