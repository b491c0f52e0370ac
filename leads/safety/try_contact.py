"""Trying who is on call: a test goes the way of a page, by mail, sign-in and a button, and its answer is the proof."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts.models import Account
from leads.audit.trail import SYSTEM, record
from leads.clinic.profile import clinic
from leads.clock import now
from leads.errors import Forbidden, NotFound
from leads.messages.outbox import post
from leads.safety.models import ContactTest
from leads.safety.oncall import Contact, roster
from leads.safety.pager import call_pager


def try_contact(session: Session, account_id: uuid.UUID, *, actor: str = SYSTEM) -> ContactTest:
    """Send a test page to one of us and return the test; raises NotFound for an account that is not open."""
    account = session.get(Account, account_id)
    if account is None or account.disabled_at is not None:
        raise NotFound("There is no open account for this address. Make one with `handoff users create`.")
    test = ContactTest(account_id=account.id, sent_at=now(), sent_by=actor)
    # Only the mail carries this address: whoever opens it has the mail.
    facts = {
        "page_url": f"{settings().public_url}/console/safety/test/{test.id}",
        "answer_minutes": clinic().on_call.answer_within_minutes,
    }
    test.message_id = post(session, None, "safety-test", cause="test", facts=facts, actor=actor, account_id=account.id).id
    session.add(test)
    record(session, "contact.tested", test, actor=actor, account=str(account.id))
    return test


def try_everybody(session: Session, *, email: str | None = None, actor: str = SYSTEM) -> Sequence[Contact]:
    """Send a test to everybody on the roster, or to the one at this address, and to the pager service; return whom.

    Raises NotFound for an address that is not on the roster, and for an empty one.
    """
    wanted = [each for each in roster(session).everybody if email is None or each.email == email.strip().casefold()]
    if not wanted:
        where = "on_call.shifts in config/clinic.yml"
        raise NotFound(f"{email} is not on call; see {where}." if email else f"Nobody is on call; fill in {where}.")
    tried = [each for each in wanted if each.account_id is not None]
    for each in tried:
        try_contact(session, each.account_id, actor=actor)  # type: ignore[arg-type]
    call_pager(session, alarm_id=None, step=0)
    return tried


def answer(session: Session, test_id: uuid.UUID, *, account_id: uuid.UUID) -> ContactTest:
    """Note that a test reached whom it was for; again changes nothing. Raises NotFound, or Forbidden for anybody else."""
    test = session.scalar(select(ContactTest).where(ContactTest.id == test_id).with_for_update())
    if test is None:
        raise NotFound("There is no such test.")
    if test.account_id != account_id:
        raise Forbidden("This test was sent to a colleague: it counts only when they answer it themselves.")
    if test.answered_at is None:
        test.answered_at = now()
        record(session, "contact.answered", test, actor=f"account:{account_id}")
    return test
