"""The link of a mail about a referral: it shows a state, and more only to who names a detail of the patient; each opening is on record."""

import re
from dataclasses import dataclass
from hmac import compare_digest

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.db import lock
from leads.loop.disclosure import Seen, seen
from leads.loop.errands import errand
from leads.loop.models import Referral, StatusOpening
from leads.people.models import Person
from leads.providers.sign_in import Referrer
from leads.referrals.enter import mailed_to
from leads.referrals.find import get_of_practice
from leads.referrals.worklists import patient_of
from leads.security.tokens import Token, no_such_link, read

MOST_TRIES = 5
DIGITS = re.compile(r"\D+")


@dataclass(frozen=True)
class Opened:
    """What a link leads to, and how many wrong details it still bears."""

    referral: Referral
    referrer: Referrer
    seen: Seen
    tries_left: int
    is_shown: bool = False

    @property
    def may_ask(self) -> bool:
        """True where a detail would open more than the state that is shown to anybody who has the link."""
        return self.seen.level != "acknowledged"


def look(session: Session, text: str) -> Opened:
    """Return what a link leads to, to be shown without anything of the patient; raises NotFound for a link that leads nowhere."""
    token = read(session, "referrer", text)
    opened = _behind(session, token)
    _write_down(session, token, opened, "looked")
    return opened


def name_detail(session: Session, text: str, *, birth_date: str = "", last_four: str = "") -> Opened:
    """Return the same, with `is_shown` where the detail is the patient's; the fifth wrong one closes the link and asks us to phone.

    The birth date is ISO 8601, the four digits are the last of their phone number: as the sender gave them, or as we have them.
    """
    token = read(session, "referrer", text)
    # Tries that come at once would all find one left.
    lock(session, "status-link", token.id)
    opened, given = _behind(session, token), (birth_date.strip(), DIGITS.sub("", last_four))
    if not opened.may_ask or opened.tries_left == 0 or not any(given):
        return opened
    if _is_right(session, opened.referral, *given):
        _write_down(session, token, opened, "shown")
        return Opened(opened.referral, opened.referrer, opened.seen, opened.tries_left, is_shown=True)
    _write_down(session, token, opened, "refused")
    if opened.tries_left == 1:
        errand(session, opened.referral, "help-referrer", "their link is closed after five wrong details", actor=opened.referrer.actor)
    return Opened(opened.referral, opened.referrer, opened.seen, opened.tries_left - 1)


def _behind(session: Session, token: Token) -> Opened:
    message, referrer = mailed_to(session, token)
    if message.referral_id is None:
        raise no_such_link()
    referral = get_of_practice(session, referrer.practice.id, str(message.referral_id))
    wrong = select(func.count()).where(StatusOpening.token_id == token.id, StatusOpening.outcome == "refused")
    left = max(0, MOST_TRIES - (session.scalar(wrong) or 0))
    return Opened(referral, referrer, seen(session, referral), left)


def _is_right(session: Session, referral: Referral, birth_date: str, last_four: str) -> bool:
    person, sent = session.get_one(Person, referral.person_id), patient_of(referral)
    dates = {known for known in (person.birth_date, sent.get("birth_date")) if known}
    endings = {known[-4:] for known in (person.phone, sent.get("phone")) if known}
    # Compared in the same time whatever agrees: how long an answer takes must not say how near it came.
    agree = [compare_digest(birth_date.encode(), known.encode()) for known in dates]
    agree += [compare_digest(last_four.encode(), known.encode()) for known in endings]
    return any(agree)


def _write_down(session: Session, token: Token, opened: Opened, outcome: str) -> None:
    actor = opened.referrer.actor
    session.add(StatusOpening(token_id=token.id, referral_id=opened.referral.id, recipient=actor, outcome=outcome, at=now()))
    record(session, "referral.link_opened", opened.referral, actor=actor, outcome=outcome, level=opened.seen.level)
