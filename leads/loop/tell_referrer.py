"""Telling whoever sent a referral what became of it: once each, from the transaction in which it happens."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.throttle import FORM_MAIL, has_room, note
from leads.clinic.profile import clinic
from leads.clinic.windows import Window, next_open
from leads.clock import now
from leads.db import lock
from leads.loop.disclosure import IN_WORDS, level_for
from leads.loop.errands import errand
from leads.loop.models import DIGEST, Referral, ReferralEvent
from leads.messages.models import Message
from leads.messages.outbox import cancel, post
from leads.people.match import email_index
from leads.providers.models import DAILY, Claim, Delegate, Provider
from leads.sequences.definitions import sequence_called
from leads.sequences.plan import PlanFacts, plan

TEMPLATES = {
    "package": "referral-received",
    "accept": "referral-accepted",
    "ask": "referral-needs-information",
    "schedule": "referral-booked",
    "reschedule": "referral-moved",
    "cancel_visit": "referral-cancelled",
    "no_show": "referral-missed",
    "interim": "referral-attended",
    "decline": "referral-declined",
    "hand_on": "referral-handed-on",
    "outcome": "referral-closed",
    "confirm_cancel": "referral-closed",
    "reopen": "referral-accepted",
}
# Of these somebody phones a sender of whom we have no address on file; a system that asks us by itself finds them out.
MUST_BE_HEARD = ("accept", "decline", "hand_on", "outcome", "confirm_cancel", "no_show")
ASK_THEMSELVES = ("api", "fhir")
RECEIVED = "referral-received"
USEFUL_FOR = timedelta(days=7)
MOST_LISTED = 40
MORNING = Window.model_validate({"from": "08:00", "to": "08:01", "business_days": True})


def tell(session: Session, referral: Referral, happened: ReferralEvent) -> Sequence[Message]:
    """Post the notices of an event, each with no more than a number and a link; returns them.

    Without the patient's grant the sender hears that it was received and nothing after that; nor does whoever nobody has verified.
    """
    template = TEMPLATES.get(happened.event)
    if template is None or (happened.event != "package" and level_for(session, referral) == "acknowledged"):
        return []
    if not referral.is_verified:
        return _answer_claim(session, referral, happened, template)
    told = [mail for each in recipients(session, referral) for mail in _notify(session, referral, happened, template, each)]
    if not told and happened.event in MUST_BE_HEARD and referral.channel not in ASK_THEMSELVES:
        errand(session, referral, "tell-referrer", IN_WORDS[happened.event], actor=happened.actor)
    return told


def take_back_questions(session: Session, referral: Referral, *, actor: str) -> None:
    """Stop the questions that have not gone out, such as while sending rested: nothing is missing any more."""
    cancel(session, Message.referral_id == referral.id, Message.template == TEMPLATES["ask"], reason="no-longer-missing", actor=actor)


def recipients(session: Session, referral: Referral) -> Sequence[Provider | Delegate]:
    """Return who hears about a referral: the clinician, and who wrote for them; each at an address on file."""
    provider = session.get_one(Provider, referral.provider_id)
    delegate = session.get(Delegate, referral.delegate_id) if referral.delegate_id else None
    reached = [each for each in (provider, delegate) if each and each.email_index and each.verified_at]
    # A clinician and their office may share one mailbox: it gets one notice.
    return list({each.email_index: each for each in reversed(reached)}.values())


def _notify(session: Session, referral: Referral, happened: ReferralEvent, template: str, to: Provider | Delegate) -> Iterator[Message]:
    if happened.event == "package":
        yield from _acknowledge(session, referral, happened, to)
    elif to.notify == DAILY:
        yield _gather(session, referral, to)
    else:
        yield _post(session, referral, happened, template, **_to(to))


def _acknowledge(session: Session, referral: Referral, happened: ReferralEvent, to: Provider | Delegate) -> Iterator[Message]:
    """Post what the clinic's own sequence says to whoever has referred: by default one mail, at once."""
    facts = PlanFacts(now(), clinic().office(referral.office).calendar, {"office": referral.office, "language": "en"}, whose=str(to.id))
    for step in plan(sequence_called(RECEIVED), facts, (), now()):
        if step.template is not None and step.skip is None:
            when = {"due_at": step.due_at, "planned_for": step.planned_for, "local_due": step.local_due, "useful_until": step.useful_until}
            yield _post(session, referral, happened, step.template, **when, **_to(to))


def _post(session: Session, referral: Referral, happened: ReferralEvent, template: str, **decided: Any) -> Message:
    return post(
        session,
        None,
        template,
        cause=f"referral:{happened.event}",
        about_id=referral.person_id,
        referral_id=referral.id,
        lead_id=referral.lead_id,
        facts={"number": referral.number, "office": referral.office, "expected_by": _by_when(referral)},
        depends_on={"event": str(happened.id)},
        actor=happened.actor,
        **{"useful_until": now() + USEFUL_FOR} | decided,
    )


def _by_when(referral: Referral) -> str:
    # While they owe us an answer, the date in the mail is theirs.
    return (referral.their_promise or referral.expected_by).isoformat()


def _gather(session: Session, referral: Referral, to: Provider | Delegate) -> Message:
    """Add a referral to the digest of the next business morning, or begin one."""
    lock(session, "digest", to.id)
    mine = Message.provider_id == to.id if isinstance(to, Provider) else Message.delegate_id == to.id
    waiting = select(Message).where(mine, Message.template == DIGEST, Message.state == "planned").with_for_update()
    digest = session.scalar(waiting.limit(1))
    if digest is None:
        due = next_open(MORNING, clinic().office(None).calendar, now())
        facts = {"numbers": [referral.number]}
        return post(session, None, DIGEST, cause="referral:digest", facts=facts, due_at=due.at if due else now(), **_to(to))
    facts = digest.facts or {}
    numbers = sorted({*facts.get("numbers", ()), referral.number})
    # A mail lists so many and no more; the portal it leads to has them all.
    digest.facts = facts | {"numbers": numbers[-MOST_LISTED:]}
    return digest


def _answer_claim(session: Session, referral: Referral, happened: ReferralEvent, template: str) -> Sequence[Message]:
    claim = session.get_one(Claim, referral.claim_id)
    if happened.event != "package" or claim.email is None:
        return []
    # The same limit, and the same count, as for what patients' forms send: nobody's mailbox is to be bombed through us.
    key, limits = email_index(claim.email), clinic().limits
    spans = ((limits.mails_per_hour_per_address, timedelta(hours=1)), (limits.mails_per_day_per_address, timedelta(days=1)))
    if not all(has_room(session, FORM_MAIL, key, limit=limit, within=span) for limit, span in spans):
        return []
    note(session, FORM_MAIL, key)
    return [_post(session, referral, happened, template, claim_id=claim.id)]


def _to(to: Provider | Delegate) -> dict[str, Any]:
    return {"provider_id": to.id} if isinstance(to, Provider) else {"delegate_id": to.id}
