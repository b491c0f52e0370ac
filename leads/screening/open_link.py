"""The link of a screening mail: it opens the form to who names a detail of the person, on any device, for two weeks."""

import re
import uuid
from dataclasses import dataclass
from hmac import compare_digest

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.audit.trail import record_about
from leads.clock import now
from leads.db import lock
from leads.messages.models import Message
from leads.people.models import Person
from leads.pipeline.deadlines import next_business_day
from leads.pipeline.models import Lead
from leads.screening.models import ScreeningTry
from leads.security.tokens import Token, no_such_link, read
from leads.todos.open import open_todo

MOST_TRIES = 5
HELP = "help-with-screening"
DIGITS = re.compile(r"\D+")


@dataclass(frozen=True)
class Opened:
    """Whom a link is for, how many wrong details it still bears, and whether this one opened it.

    `asks_for` are the details we have on file; where there is none the form can only be filled in by phone.
    """

    token_id: uuid.UUID
    person_id: uuid.UUID
    lead_id: uuid.UUID
    language: str
    asks_for: tuple[str, ...]
    tries_left: int
    is_open: bool = False


def look(session: Session, text: str) -> Opened:
    """Return whom a link is for, without opening anything; raises NotFound for a link that leads nowhere."""
    return _behind(session, read(session, "screening", text))


def check_factor(session: Session, text: str, *, birth_date: str = "", last_four: str = "") -> Opened:
    """Return the same, with `is_open` where the detail is the person's; the fifth wrong one closes the link and asks us to phone.

    The birth date is ISO 8601, the four digits are the last of the phone number on file.
    """
    token = read(session, "screening", text)
    # Tries that come at once would all find one left.
    lock(session, "screening-link", token.id)
    opened, given = _behind(session, token), (birth_date.strip(), DIGITS.sub("", last_four))
    if opened.tries_left == 0 or not any(given):
        return opened
    right = _is_right(session.get_one(Person, opened.person_id), *given)
    session.add(ScreeningTry(token_id=token.id, outcome="opened" if right else "refused", at=now()))
    record_about(session, "screening.link_tried", "leads", opened.lead_id, actor=f"person:{opened.person_id}", opened=right)
    if right:
        return _with(opened, opened.tries_left, is_open=True)
    if opened.tries_left == 1:
        _ask_to_phone(session, opened)
    return _with(opened, opened.tries_left - 1, is_open=False)


def _behind(session: Session, token: Token) -> Opened:
    message = session.get(Message, token.message_id) if token.message_id else None
    lead = session.get(Lead, message.lead_id) if message is not None and message.lead_id else None
    if lead is None or token.person_id != lead.person_id or lead.closed_at is not None:
        raise no_such_link()
    person = session.get_one(Person, lead.person_id)
    wrong = select(func.count()).where(ScreeningTry.token_id == token.id, ScreeningTry.outcome == "refused")
    known = (("birth_date", person.birth_date), ("last_four", person.phone))
    asks_for = tuple(name for name, value in known if value)
    return Opened(token.id, person.id, lead.id, person.language, asks_for, max(0, MOST_TRIES - (session.scalar(wrong) or 0)))


def _is_right(person: Person, birth_date: str, last_four: str) -> bool:
    # Compared in the same time whatever agrees: how long an answer takes must not say how near it came.
    pairs = ((birth_date, person.birth_date or ""), (last_four, (person.phone or "")[-4:]))
    agree = [compare_digest(given.encode(), known.encode()) and bool(known) for given, known in pairs]
    return any(agree)


def _with(opened: Opened, tries_left: int, *, is_open: bool) -> Opened:
    return Opened(opened.token_id, opened.person_id, opened.lead_id, opened.language, opened.asks_for, tries_left, is_open)


def _ask_to_phone(session: Session, opened: Opened) -> None:
    office = session.get_one(Lead, opened.lead_id).office
    due, why = next_business_day(office), "five wrong details closed the link to the form"
    open_todo(session, HELP, person_id=opened.person_id, lead_id=opened.lead_id, due_at=due, note=why)
