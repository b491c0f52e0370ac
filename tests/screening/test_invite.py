"""The link goes out when a colleague says so: once, with the move that begins its reminders, and never where no mail may go."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.consent.ledger import hold
from leads.errors import Conflict
from leads.messages.models import Message
from leads.pipeline.models import Lead
from leads.screening.begin import begin, open_screening
from leads.screening.invite import all_sent, invite
from leads.screening.models import Screening
from leads.screening.submit import submit
from tests.cast import ACTOR, make_confirmed_person, make_lead, make_person

BY = {"actor": ACTOR, "roles": ("coordinator",)}


def invitations(session: Session) -> list[Message]:
    session.flush()
    return list(session.scalars(select(Message).where(Message.template == "screening-invitation").order_by(Message.id)))


def test_who_was_only_spoken_with_is_in_screening_now_and_is_invited_once(session: Session, tuesday: object) -> None:
    lead = make_lead(session, make_confirmed_person(session), stage="contacted")
    mail = invite(session, lead.id, **BY)
    assert lead.stage == "screening"
    assert [each.id for each in invitations(session)] == [mail.id]
    assert mail.enrolment_id is not None


def test_the_link_can_be_sent_once_more(session: Session, lead: Lead) -> None:
    mail = invite(session, lead.id, **BY)
    assert (mail.enrolment_id, mail.level, mail.facts) == (None, 1, {"office": "woodbury"})


def test_pressed_again_before_it_went_it_goes_once(session: Session, lead: Lead) -> None:
    assert invite(session, lead.id, **BY) is invite(session, lead.id, **BY)
    assert len(invitations(session)) == 1


def test_who_has_sent_it_is_asked_anew(session: Session, lead: Lead, screening: Screening) -> None:
    submit(session, screening.id, actor="person:x")
    assert open_screening(session, lead.id) is None
    invite(session, lead.id, **BY)
    again = open_screening(session, lead.id)
    assert again is not None
    assert (again.channel, again.begun_by) == ("link", ACTOR)
    assert all_sent(session, lead.id) == [screening]


def test_what_is_half_filled_in_is_gone_on_with(session: Session, lead: Lead, screening: Screening) -> None:
    invite(session, lead.id, **BY)
    assert open_screening(session, lead.id) is screening


def test_nobody_is_invited_during_a_hold(session: Session, lead: Lead) -> None:
    hold(session, lead.person_id, reason="screening", actor=ACTOR)
    with pytest.raises(Conflict, match=r"safety hold.*by phone"):
        invite(session, lead.id, **BY)
    assert not invitations(session)


@pytest.mark.parametrize("email", [None, "ana@example.com"])
def test_who_has_no_confirmed_address_is_asked_by_phone(session: Session, tuesday: object, email: str | None) -> None:
    lead = make_lead(session, make_person(session, email=email), stage="contacted")
    with pytest.raises(Conflict, match="by phone"):
        invite(session, lead.id, **BY)
    assert lead.stage == "contacted"


def test_a_closed_lead_is_not_invited(session: Session, lead: Lead) -> None:
    lead.closed_at = lead.opened_at
    with pytest.raises(Conflict, match="Reopen it first"):
        invite(session, lead.id, **BY)


def test_begun_on_a_phone_and_finished_by_voice_it_came_by_phone(session: Session, lead: Lead) -> None:
    screening = begin(session, lead.id, channel="link", actor=f"person:{lead.person_id}", language="en")
    assert submit(session, screening.id, actor=ACTOR).channel == "phone"
    assert session.scalar(select(Message.id).where(Message.template == "screening-thanks")) is None
