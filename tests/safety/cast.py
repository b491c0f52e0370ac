"""Who is on call in the tests, and what they are asked."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.clinic.hours import WEEKDAYS
from leads.clinic.on_call import OnCall
from leads.clinic.profile import clinic
from leads.messages.models import Message
from leads.messages.outbox import cancel
from leads.safety.models import ContactTest, Page
from leads.safety.try_contact import answer, try_contact
from tests.accounts.cast import make_account

ALWAYS = {"days": list(WEEKDAYS), "hours": "00:00-00:00"}
NAMES = ("Alba Kern", "Boris Hale", "Chloe Dunn")


def put_on_call(monkeypatch: pytest.MonkeyPatch, *order: str, **changes: Any) -> None:
    """Let clinic.yml say this under `on_call`; the people named are on call at every hour."""
    shifts = [{**ALWAYS, "order": list(order)}] if order else []
    monkeypatch.setitem(clinic().__dict__, "on_call", OnCall.model_validate({"shifts": shifts} | changes))


def make_roster(session: Session) -> list[Account]:
    """Three accounts: two clinicians and a supervisor."""
    roles = (("clinician",), ("clinician", "coordinator"), ("supervisor",))
    people = zip(NAMES, roles, strict=True)
    return [make_account(session, *held, email=f"{name.split()[0].lower()}@example.com", name=name) for name, held in people]


def answer_test(session: Session, account: Account) -> ContactTest:
    """A test that was sent to somebody and answered; its mail stays out of the way of what is tested."""
    test = try_contact(session, account.id)
    session.flush()
    cancel(session, Message.id == test.message_id, reason="test")
    return answer(session, test.id, account_id=account.id)


def paged(session: Session) -> list[list[str]]:
    """Whom each step paged: `[["Alba"], ["Boris"]]`; `desk` is the office's address."""
    session.flush()
    rows = session.execute(select(Page, Account).outerjoin(Account, Account.id == Page.account_id).order_by(Page.step, Page.id)).all()
    steps = sorted({page.step for page, _ in rows})
    return [[(who.name or "").split()[0] if who else "desk" for page, who in rows if page.step == step] for step in steps]


def pages_planned(session: Session) -> list[Message]:
    """The mails to who is on call that have not gone out."""
    session.flush()
    return list(session.scalars(select(Message).where(Message.template == "safety-page", Message.state == "planned").order_by(Message.id)))
