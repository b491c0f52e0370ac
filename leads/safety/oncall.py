"""Who is on call, and whether anybody is: without a human at the other end nobody is asked what only a human can answer."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.accounts.staff import account_index
from leads.clinic.on_call import OnCall, Shift
from leads.clinic.profile import clinic
from leads.clock import now
from leads.safety.models import ContactTest


@dataclass(frozen=True)
class Contact:
    """Somebody on the roster: their address there, their account if there is one that is open, when they were last sent a test, and when
    they last answered one."""

    email: str
    account_id: uuid.UUID | None
    name: str
    tested_at: datetime | None
    asked_at: datetime | None

    @property
    def counts(self) -> bool:
        """True while a page is known to reach them: only who answered a test of late is somebody on call."""
        return self.account_id is not None and self.tested_at is not None and now() < self.tested_at + good_for()

    @property
    def is_silent(self) -> bool:
        """True while the last test they were sent has gone without an answer for longer than one may take."""
        if self.asked_at is None or (self.tested_at is not None and self.tested_at >= self.asked_at):
            return False
        return now() >= self.asked_at + timedelta(minutes=clinic().on_call.answer_within_minutes)


@dataclass(frozen=True)
class Roster:
    """Who is on call at this moment, in the order in which they are paged, and everybody who ever is."""

    now: Sequence[Contact]
    everybody: Sequence[Contact]

    @property
    def answers(self) -> bool:
        """True when one of those on call now is known to be reached by a page."""
        return any(contact.counts for contact in self.now)


def is_staffed(session: Session) -> bool:
    """True while the clinic has switched staffed mode on, and somebody is on call now who answered a test of late."""
    return clinic().on_call.staffed and roster(session).answers


def roster(session: Session) -> Roster:
    """Return who is on call now and who ever is, in the order of config/clinic.yml."""
    ours, at = clinic().on_call, now()
    on = [shift for shift in ours.shifts if shift.covers(at, clinic().office(shift.office).zone)]
    known = _contacts(session, ours)
    return Roster([known[each] for each in _each_once(on)], list(known.values()))


def good_for() -> timedelta:
    """Return for how long an answered test counts."""
    return timedelta(days=clinic().on_call.test_every_days)


def _contacts(session: Session, ours: OnCall) -> dict[str, Contact]:
    emails = _each_once(ours.shifts)
    if not emails:
        return {}
    by_index = {account_index(email): email for email in emails}
    accounts = session.scalars(select(Account).where(Account.email_index.in_(by_index), Account.disabled_at.is_(None))).all()
    found = {by_index[account.email_index]: account for account in accounts}
    asked, answered = _tests(session, [account.id for account in accounts])
    return {
        email: Contact(email, account.id, account.name or email, answered.get(account.id), asked.get(account.id))
        if (account := found.get(email))
        else Contact(email, None, email, None, None)
        for email in emails
    }


def _tests(session: Session, ids: Iterable[uuid.UUID]) -> tuple[dict[uuid.UUID, datetime], dict[uuid.UUID, datetime]]:
    latest = select(ContactTest.account_id, func.max(ContactTest.sent_at), func.max(ContactTest.answered_at))
    rows = session.execute(latest.where(ContactTest.account_id.in_(list(ids))).group_by(ContactTest.account_id)).all()
    return {account_id: sent for account_id, sent, _ in rows}, {account_id: at for account_id, _, at in rows if at is not None}


def _each_once(shifts: Iterable[Shift]) -> list[str]:
    return list(dict.fromkeys(email.casefold() for shift in shifts for email in shift.order))
