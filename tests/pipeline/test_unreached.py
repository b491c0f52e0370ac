"""Nobody could reach them: a colleague decides so, and the person hears it kindly or not at all."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.consent.ledger import suppress
from leads.errors import Invalid, StaleVersion
from leads.messages.models import Message
from leads.people.models import Person
from leads.pipeline.models import Lead
from leads.pipeline.unreached import give_up
from tests.cast import ACTOR, make_lead

pytestmark = pytest.mark.usefixtures("tuesday")


@pytest.fixture
def lead(session: Session) -> Lead:
    return make_lead(session)


def close(session: Session, lead: Lead, *, write: bool = True, version: int = 1) -> None:
    give_up(session, lead.id, version=version, actor=ACTOR, roles={"coordinator"}, write=write)
    session.flush()


def mails(session: Session) -> list[Message]:
    return list(session.scalars(select(Message).where(Message.template == "cannot-reach-you")))


def test_the_lead_is_closed_and_the_person_hears(session: Session, lead: Lead) -> None:
    close(session, lead)
    assert (lead.stage, lead.outcome) == ("closed", "cannot-reach")
    assert [(mail.person_id, mail.state, mail.actor) for mail in mails(session)] == [(lead.person_id, "planned", ACTOR)]


def test_without_a_mail_it_is_closed_all_the_same(session: Session, lead: Lead) -> None:
    close(session, lead, write=False)
    assert (lead.stage, mails(session)) == ("closed", [])


def test_where_no_mail_may_go_whoever_decides_is_told(session: Session, lead: Lead) -> None:
    suppress(session, address_index=session.get_one(Person, lead.person_id).email_index, reason="bounced", actor="system")
    with pytest.raises(Invalid, match="No mail may go"):
        close(session, lead)


def test_somebody_who_was_reached_is_not_told_otherwise(session: Session, lead: Lead) -> None:
    lead.reached_at = now()
    with pytest.raises(Invalid, match="has reached"):
        close(session, lead)


def test_the_form_of_an_older_page_closes_nothing(session: Session, lead: Lead) -> None:
    with pytest.raises(StaleVersion):
        close(session, lead, version=7)
    assert lead.stage == "new"
