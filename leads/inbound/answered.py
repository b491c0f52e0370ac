"""A person, or somebody who refers, answers a mail of ours: what follows from it, all in one transaction."""

import uuid
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from email.message import Message as Mail

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.clock import local_to_utc, now
from leads.consent.ledger import Spoken, paused_until, withdraw
from leads.inbound.mail import text_of
from leads.inbound.mail_models import InboundMail
from leads.inbound.own_words import asks_to_stop, denies, ours_in, ours_to, own_words, without_ours
from leads.inbound.return_date import back_on
from leads.inbound.whose import Whose, comes_from_the_address
from leads.loop.errands import errand
from leads.loop.models import Referral
from leads.people.models import Person
from leads.pipeline.confirm import confirm_address
from leads.pipeline.find import open_lead_of
from leads.pipeline.models import Lead
from leads.pipeline.unsubscribe import stop_topic
from leads.safety.disclose import listen
from leads.safety.watch import watch_words
from leads.sequences.answer import replied
from leads.sequences.rest import pause

# Where an absence note names no day: most absences are a long weekend or a few days of illness.
AWAY_FOR = timedelta(days=3)
SPANISH = ("hasta", "regres", "vuelvo", "volver", "ausente", "fuera de", "vacaciones", "de vuelta")


def person_answered(session: Session, row: InboundMail, mail: Mail, whose: Whose, *, by_machine: bool = False) -> str:
    """Take a person's answer and return what it was: `opt-out`, or `reply`.

    Their sequences rest, a colleague is asked to read it, it is listened to for a disclosure, and it may prove their address.
    `by_machine` is true where a program may have written it: that proves nothing.
    """
    lead = lead_for(session, whose)
    person_id, text = lead.person_id, text_of(mail)
    row.person_id, row.lead_id = person_id, lead.id
    actor = f"person:{person_id}"
    stops = asks_to_stop(text, (row.said or {}).get("subject", ""))
    if not (by_machine or stops or denies(text)):
        _prove_address(session, row, mail, whose, lead)
    replied(session, person_id, lead_id=lead.id, message_id=whose.message.id if whose.message else None, actor=actor)
    # Whoever has seen no mail of ours could silence somebody else's with a forged From; a colleague reads it and asks.
    if stops and whose.is_proved:
        _opt_out(session, row, person_id)
    hear(session, whose, lead, _texts(mail, row))
    return "opt-out" if stops and whose.is_proved else "reply"


def hear(session: Session, whose: Whose, lead: Lead, texts: Iterable[str]) -> bool:
    """Listen for a disclosure in what somebody wrote, our own words in it left out; returns whether there was one."""
    ours = ours_to(session, lead.person_id, whose.message.id if whose.message else None)
    return listen(session, lead.person_id, lead.id, [without_ours(text, ours) for text in texts], source="reply")


def person_is_away(session: Session, row: InboundMail, mail: Mail, whose: Whose, *, surely: bool) -> None:
    """Let a person's sequences rest until the day they say they are back; an absence note withdraws nothing and proves nothing."""
    lead = lead_for(session, whose)
    row.person_id, row.lead_id = lead.person_id, lead.id
    until = _back(row, mail, lead)
    if (paused_until(session, lead.person_id) or now()) < until:
        pause(session, lead.person_id, until, reason="out-of-office", actor="system")
    if not surely:
        # Only its subject says that a program wrote it: it may be a person after all.
        hear(session, whose, lead, _texts(mail, row))


def referrer_answered(session: Session, row: InboundMail, mail: Mail, referral: Referral, answered: uuid.UUID) -> None:
    """Let a colleague read what somebody who refers wrote; of itself it changes nothing about the referral."""
    row.referral_id, row.lead_id = referral.id, referral.lead_id
    errand(session, referral, "read-answer", "the referrer wrote by mail", actor="system")
    ours = ours_in(session, [answered])
    watch_words(session, referral, [without_ours(text, ours) for text in _texts(mail, row)], actor="system")


def lead_for(session: Session, whose: Whose) -> Lead:
    """Return the lead an answer belongs to: that of the mail while it is open, else the open one, else the newest."""
    answered = session.get(Lead, whose.message.lead_id) if whose.message and whose.message.lead_id else None
    if answered is not None and answered.closed_at is None:
        return answered
    assert whose.person_id is not None
    newest = select(Lead).where(Lead.person_id == whose.person_id).order_by(Lead.serial.desc()).limit(1)
    return open_lead_of(session, whose.person_id) or answered or session.scalars(newest).one()


def _prove_address(session: Session, row: InboundMail, mail: Mail, whose: Whose, lead: Lead) -> None:
    """Take an answer as proof that the address is theirs, where it is as good as the button in the mail.

    The answer address stood only in the mail that went to that address, signed for that message: like the button's link, it is known to
    whoever reads that mailbox. A From can be forged, and no verdict on SPF or DMARC reaches us that could be trusted, so From alone
    proves nothing; that it must name the same address keeps out those to whom the mail was passed on.
    """
    message = whose.message
    person = session.get_one(Person, lead.person_id)
    if message is None or whose.by != "token" or message.person_id != person.id or message.address_index != person.email_index:
        return
    if comes_from_the_address(mail, message.address_index):
        evidence = f"Answered message {message.id}, received {row.received_at.isoformat(timespec='seconds')}"
        actor = f"person:{person.id}"
        confirm_address(session, lead.id, method="reply", actor=actor, evidence=evidence, mailed_to=message.address_index)


def _opt_out(session: Session, row: InboundMail, person_id: uuid.UUID) -> None:
    wrote = own_words((row.said or {}).get("text", ""))[:200]
    proof = f"Wrote “{wrote}” in mail {row.id}, received {row.received_at.isoformat(timespec='seconds')}"
    how = Spoken(source="reply", method="email", evidence=proof)
    withdraw(session, person_id, "education", how, actor=f"person:{person_id}")
    stop_topic(session, person_id, None, how=how)


def _back(row: InboundMail, mail: Mail, lead: Lead) -> datetime:
    zone = clinic().office(lead.office).zone
    words = f"{(row.said or {}).get('subject', '')}\n{own_words(text_of(mail))}"
    day = back_on(words, row.received_at.astimezone(zone).date(), day_first=any(word in words.casefold() for word in SPANISH))
    return local_to_utc(day, time(0), zone) if day else now() + AWAY_FOR


def _texts(mail: Mail, row: InboundMail) -> list[str]:
    return [(row.said or {}).get("subject", ""), text_of(mail)]
