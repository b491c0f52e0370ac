"""What is known before an inquiry is written down: who it may be, and what stands on record of them."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from leads.accounts.throttle import FORM_MAIL, SEEN_OF_LATE, seen_of_late
from leads.consent.ledger import IS_CONFIRMED, IS_HELD, LAST_WORDS, LastWords
from leads.db import LOCKS, lock_name
from leads.inquiries.submission import Submission
from leads.people.match import CANDIDATES, Identity, indexes_of
from leads.people.models import Person
from leads.pipeline.find import NEXT_SERIAL, OPEN_LEAD
from leads.round_trips import Statement, together

HOLD, FIND, COUNT, DRAW = (Statement.of(each) for each in (LOCKS, CANDIDATES, SEEN_OF_LATE, NEXT_SERIAL))


@dataclass(frozen=True)
class Look:
    """What is known before anything is written: who it may be, how many mails the address had in an hour and a day, and a free number."""

    who: Identity
    candidates: list[uuid.UUID]
    mails: tuple[int, int]
    serial: int


def look_up(session: Session, asked: Submission) -> Look:
    """Hold the identifiers and read what decides about the rest, in one round trip."""
    who = Identity(asked.given_name, asked.family_name, asked.email, asked.phone, asked.birth_date)
    indexes = indexes_of(who)
    # Two submissions of one new person at the same moment would not see each other otherwise.
    names = sorted(lock_name("identity", index) for index in indexes.values() if index)
    mail = indexes["email"]
    # Nobody without an address is mailed, and nobody must wait for another who has none either.
    locked = [*names, lock_name(FORM_MAIL, mail)] if mail else names
    mails = seen_of_late(FORM_MAIL, mail or b"", timedelta(hours=1), timedelta(days=1))
    _, found, [(in_hour, in_day)], [(serial,)] = together(session, (HOLD, {"names": locked}), (FIND, indexes), (COUNT, mails), (DRAW, {}))
    return Look(who, [row[0] for row in found], (in_hour, in_day), serial)


class Known(NamedTuple):
    """What is on record of a person: their open lead, their last words on each consent, whether they are held, and the address proved."""

    lead_id: uuid.UUID | None
    words: LastWords
    is_held: bool
    is_confirmed: bool


STRANGER = Known(None, LastWords.of(()), is_held=False, is_confirmed=False)


def standing_of(session: Session, person: Person) -> Known:
    """Return what is on record of somebody we know, in one round trip."""
    whose = {"person": person.id}
    asked = ((OPEN_LEAD, whose), (LAST_WORDS, whose), (IS_HELD, whose), (IS_CONFIRMED, {**whose, "address": person.email_index}))
    lead, words, [(is_held,)], [(is_confirmed,)] = together(session, *asked)
    return Known(lead[0][0] if lead else None, LastWords.of(words), is_held, is_confirmed)
