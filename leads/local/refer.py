"""Synthetic clinicians and whom they refer, for trying things out: a dozen practices, known and strange, and a story for each state."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads import clock, db
from leads.accounts.models import ApiKey
from leads.appointments.follow import move_lead
from leads.clinic.profile import clinic
from leads.local import visit
from leads.local.demo import FAMILY, GIVEN
from leads.local.play import ROLES, at_work, mails_until
from leads.loop.models import Referral
from leads.messages.carriers.base import Carrier
from leads.pipeline.confirm import confirm_address
from leads.pipeline.contact import log_call
from leads.pipeline.models import Lead
from leads.providers.npi import wrong_npi
from leads.providers.practices import create_practice_key
from leads.providers.trust import Call
from leads.referrals.answer import answer, withdraw
from leads.referrals.ask import ask
from leads.referrals.attach import attach
from leads.referrals.believe import believe, disbelieve
from leads.referrals.decline import PatientHears, confirm_cancel, decline, hand_on, reopen
from leads.referrals.receive import Arrival, receive
from leads.referrals.submission import Submission, as_kept

KNOWN = (
    "Riverside Psychiatry", "Harbor Family Medicine", "Elm Street Pain Center", "Quinnipiac Behavioral Health",
    "Litchfield Hills Primary Care", "Long Wharf Psychotherapy", "Naugatuck Valley Neurology", "Shoreline Counseling",
)  # fmt: skip
STRANGE = ("Orchard Internal Medicine", "Saybrook Psychiatry", "Mill River Therapy", "West Rock Clinic")
REASONS = (
    "Two adequate trials without lasting response. The patient asks about what else there is.",
    "Recurrent depressive episodes over six years; partial response to three medicines.",
    "Neuropathic pain for four years and low mood; has tried gabapentin and duloxetine.",
)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
Verb = Callable[[Session, Referral, str], object]
Step = tuple[float, Verb]


@dataclass(frozen=True)
class Sent:
    """One synthetic referral: from which practice, known or not, when it came, what it says and how its story goes."""

    practice: str
    is_known: bool
    at: datetime
    asked: dict[str, Any]
    story: str


def referrals(*, seed: int, until: datetime) -> Iterator[Sent]:
    """Yield one referral for each story, known practices taking turns, and one for each strange practice."""
    chance = random.Random(seed)  # noqa: S311 -- synthetic people, not secrets
    for serial, story in enumerate((*STORIES, *STORIES)):
        practice = KNOWN[serial % len(KNOWN)]
        yield Sent(practice, True, until - _ago(chance, story), _asked(chance, serial, practice), story)
    for serial, (practice, story) in enumerate(zip(STRANGE, STRANGE_STORIES, strict=True), start=2 * len(STORIES)):
        yield Sent(practice, False, until - _ago(chance, story), _asked(chance, serial, practice), story)


def play_referral(sent: Sent, carrier: Carrier, *, until: datetime, actor: str) -> None:
    """Live through the story of one referral up to `until`, by the real verbs; its mails go out at their times."""
    with db.engine().connect() as connection, connection.begin(), db.joined_to(connection):
        with clock.frozen(sent.at), db.transaction() as session:
            referral_id, lead_id = _send(session, sent, actor)
        moment = sent.at
        for days, verb in {**STORIES, **STRANGE_STORIES}[sent.story]:
            moment = at_work(moment + timedelta(days=days))
            if moment >= until:
                break
            mails_until(moment, lead_id, carrier)
            with clock.frozen(moment), db.transaction() as session:
                verb(session, session.get_one(Referral, referral_id), actor)
        mails_until(until, lead_id, carrier)


def _send(session: Session, sent: Sent, actor: str) -> tuple[UUID, UUID]:
    key = _key_of(session, sent.practice, actor) if sent.is_known else None
    by = f"key:{key.id}" if key else "system"
    arrival = Arrival("api", key=key, actor=by) if key else Arrival("form")
    receipt = receive(session, Submission.model_validate(sent.asked), arrival)
    referral = session.get_one(Referral, receipt.id)
    if sent.story in ("booked", "received"):
        attach(session, referral, "Letter.pdf", PDF, actor=by)
    return referral.id, referral.lead_id


def _key_of(session: Session, practice: str, actor: str) -> ApiKey:
    known = session.scalar(select(ApiKey).where(ApiKey.name == f"{practice} EHR", ApiKey.revoked_at.is_(None)).limit(1))
    return known or create_practice_key(session, f"{practice} EHR", ["referrals", "fhir"], practice=practice, actor=actor)[0]


def _ago(chance: random.Random, story: str) -> timedelta:
    # What waits for somebody today began lately; what has come to its end is old enough for it.
    least, most = LATELY.get(story, (55, 75))
    return timedelta(days=chance.uniform(least, most))


def _asked(chance: random.Random, serial: int, practice: str) -> dict[str, Any]:
    return {
        **_sender(chance, serial, practice),
        "patient": _patient(chance, serial),
        "reason": chance.choice(REASONS),
        "diagnosis": chance.choice(("Major depressive disorder, recurrent", "Complex regional pain syndrome", None)),
        "trials": [
            {"drug": "sertraline", "dose": "200 mg", "weeks": 10, "outcome": "no response"},
            {"drug": "venlafaxine", "weeks": 12, "outcome": "partial response"},
        ],
        "urgency": chance.choice(("routine", "routine", "routine", "urgent")),
        "office": chance.choice(("new-haven", "woodbury")),
    }


def _sender(chance: random.Random, serial: int, practice: str) -> dict[str, Any]:
    doctor, place, domain = chance.choice(FAMILY), (*KNOWN, *STRANGE).index(practice), practice.lower().replace(" ", "") + ".test"
    provider = {
        "npi": _npi(f"1{place:02d}55010{serial % 2}"),
        "given_name": chance.choice(GIVEN),
        "family_name": doctor,
        "practice": practice,
        "phone": f"203-555-01{place:02d}",
        "email": f"{doctor.lower()}@{domain}",
    }
    return {"provider": provider, "submitted_by": {"name": "Front desk", "email": f"front@{domain}"} if serial % 3 else None}


def _patient(chance: random.Random, serial: int) -> dict[str, Any]:
    given, family = chance.choice(GIVEN), chance.choice(FAMILY)
    granted = {"contact": True, "education": chance.random() < 0.7, "status_to_referrer": serial % 5 != 4}
    return {
        "given_name": given,
        "family_name": family,
        "birth_date": f"{chance.randint(1950, 2004)}-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}",
        "email": f"{given}.{family}.r{serial}@example.com".lower(),
        "phone": f"{('860', '959')[serial % 2]}-555-01{serial:02d}",
        "consent": granted | {"wording": clinic().consent.version},
    }


def _npi(start: str) -> str:
    # Of ten last digits exactly one makes the check sum right.
    return next(npi for last in "0123456789" if wrong_npi(npi := f"{start:0<9}"[:9] + last) is None)


def _reach(session: Session, referral: Referral, actor: str) -> None:
    log_call(session, referral.lead_id, result="reached", actor=actor)


def _press_the_button(session: Session, referral: Referral, actor: str) -> None:
    confirm_address(session, referral.lead_id, method="button", actor=f"person:{referral.person_id}")


def _to(stage: str, outcome: str | None = None) -> Verb:
    def go(session: Session, referral: Referral, actor: str) -> None:
        lead = session.get_one(Lead, referral.lead_id)
        move_lead(session, lead.id, stage, version=lead.version, actor=actor, roles=ROLES, outcome=outcome)

    return go


def _ask(session: Session, referral: Referral, actor: str) -> None:
    ask(session, referral, ["Current medication list", "Blood pressure of the last month"], note="A photo will do.", actor=actor)


def _answer(session: Session, referral: Referral, actor: str) -> None:
    answer(session, referral, "Sertraline 200 mg in the morning. 124 over 79 last week.", actor=f"provider:{referral.provider_id}")


def _withdraw(session: Session, referral: Referral, actor: str) -> None:
    withdraw(session, referral, "The patient has moved away.", actor=f"provider:{referral.provider_id}")


def _confirm(session: Session, referral: Referral, actor: str) -> None:
    confirm_cancel(session, referral, close_as="chose-other-care", actor=actor, roles=ROLES)


def _decline(session: Session, referral: Referral, actor: str) -> None:
    hears = PatientHears("none", "Their own clinician tells them at the next visit.")
    decline(session, referral, reason="other-care-first", destination="psychiatry", patient=hears, actor=actor, roles=ROLES)


def _hand_on(session: Session, referral: Referral, actor: str) -> None:
    hand_on(session, referral, destination="neuromodulation", close_as="chose-other-care", actor=actor, roles=ROLES)


def _reopen(session: Session, referral: Referral, actor: str) -> None:
    reopen(session, referral, "The trial that came first is done.", actor=actor, roles=ROLES)


def _book(session: Session, referral: Referral, actor: str) -> None:
    visit.book_visit(session, referral.lead_id, actor=actor)


def _move_visit(session: Session, referral: Referral, actor: str) -> None:
    visit.move_visit(session, referral.lead_id, actor=actor)


def _call_off(session: Session, referral: Referral, actor: str) -> None:
    visit.cancel_visit(session, referral.lead_id, actor=actor, reason="The patient has a cold.")


def _miss(session: Session, referral: Referral, actor: str) -> None:
    visit.miss_visit(session, referral.lead_id, actor=actor)


def _keep(session: Session, referral: Referral, actor: str) -> None:
    visit.keep_visit(session, referral.lead_id, actor=actor)


def _amend(session: Session, referral: Referral, actor: str) -> None:
    changed = {**(referral.received or {}), "reason": "A third trial, of lithium, has failed since.", "urgency": "urgent"}
    key = session.get_one(ApiKey, referral.api_key_id)
    receive(session, Submission.model_validate(changed), Arrival("api", key=key, actor=f"key:{key.id}"))


def _believe(session: Session, referral: Referral, actor: str) -> None:
    said = as_kept(referral.received).provider
    call = Call(said.phone or "203-555-0150", "Front desk", "State license register")
    believe(session, referral, call, email=said.email, actor=actor)


def _refuse(session: Session, referral: Referral, actor: str) -> None:
    disbelieve(session, referral, actor=actor)


CALL: Sequence[Step] = ((0.2, _reach),)
BOOKED: Sequence[Step] = ((0.1, _press_the_button), *CALL, (1, _to("screening")), (2, _to("qualified")), (1, _book))
STORIES: Mapping[str, Sequence[Step]] = {
    "received": (),
    "accepted": CALL,
    "booked": BOOKED,
    "asked": ((0.05, _ask),),
    "answered": ((0.2, _ask), (1.5, _answer)),
    "amended": ((0.05, _amend),),
    "moved": (*BOOKED, (1, _move_visit)),
    "missed": (*BOOKED, (7, _miss)),
    "called-off": (*BOOKED, (2, _call_off)),
    "attended": (*BOOKED, (7, _keep)),
    "closed": (*BOOKED, (7, _keep), (30, _to("closed", "started-care"))),
    "declined": ((0.5, _decline),),
    "handed-on": (*CALL, (2, _hand_on)),
    "leaving": (*CALL, (3, _withdraw)),
    "withdrawn": (*CALL, (3, _withdraw), (0.5, _confirm)),
    "reopened": ((0.5, _decline), (10, _reopen)),
}
STRANGE_STORIES: Mapping[str, Sequence[Step]] = {
    "waiting": (),
    "called": CALL,
    "believed": ((0.2, _believe), *CALL),
    "not-theirs": ((0.2, _refuse),),
}
LATELY: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("received", "asked", "amended", "waiting"), (0.1, 0.6)),
    **dict.fromkeys(("accepted", "called", "answered"), (2, 3)),
    "leaving": (4, 6),
}
