"""An office hears of a new lead and of a mail that did not arrive: once, by number, and only where it wants to."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clinic.profile import StaffMail, clinic
from leads.clock import now
from leads.messages.models import Message
from leads.pipeline.models import Lead
from leads.pipeline.tell_staff import tell_of_bounces, tell_of_new_leads
from leads.todos.open import open_todo
from tests.cast import make_lead

pytestmark = pytest.mark.usefixtures("tuesday")


@pytest.fixture(autouse=True)
def wanted(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The office wants to hear of both; call it to say otherwise."""

    def say(**chosen: bool) -> None:
        monkeypatch.setitem(clinic().__dict__, "staff_mail", StaffMail.model_validate(chosen))

    say(new_lead=True)
    return say


@pytest.fixture
def lead(session: Session) -> Lead:
    return make_lead(session)


def mails(session: Session, template: str = "new-lead") -> list[Message]:
    session.flush()
    return list(session.scalars(select(Message).where(Message.template == template)))


def phone_instead(session: Session, lead: Lead) -> None:
    open_todo(session, "phone-instead", person_id=lead.person_id, lead_id=lead.id, due_at=now())
    session.flush()


def test_the_office_hears_of_a_new_lead_by_number_only(session: Session, lead: Lead) -> None:
    assert tell_of_new_leads(session) == 1
    (mail,) = mails(session)
    assert mail.desk_id is not None
    assert set(mail.facts or {}) == {"number", "office", "lead_url", "expected_by"}


def test_however_often_the_clock_ticks_it_hears_once(session: Session, lead: Lead) -> None:
    tell_of_new_leads(session)
    assert tell_of_new_leads(session) == 0
    assert len(mails(session)) == 1


def test_who_does_not_want_to_hear_does_not(session: Session, lead: Lead, wanted: Callable[..., None]) -> None:
    wanted(new_lead=False, bounced=False)
    phone_instead(session, lead)
    assert (tell_of_new_leads(session), tell_of_bounces(session)) == (0, 0)


def test_after_an_outage_nobody_is_buried(session: Session, lead: Lead, tuesday: Callable[[timedelta], None]) -> None:
    tuesday(timedelta(days=2))
    assert tell_of_new_leads(session) == 0


def test_the_office_hears_of_a_mail_that_did_not_arrive(session: Session, lead: Lead) -> None:
    phone_instead(session, lead)
    assert tell_of_bounces(session) == 1
    assert tell_of_bounces(session) == 0
    (mail,) = mails(session, "bounce-phone-instead")
    assert set(mail.facts or {}) == {"number", "office", "lead_url"}
