"""A disclosure from the form to the release, by the clock: real rows, real SMTP, the tasks themselves."""

import importlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from leads.clock import real_now
from leads.db import transaction
from leads.http.public.traps import stamp
from leads.messages.models import LANES, Message
from leads.pipeline.models import Lead
from leads.safety.models import Alarm
from leads.safety.release import Disposition, release
from leads.safety.take import take
from tests.cast import ACTOR
from tests.conftest import Mailbox
from tests.http.public.conftest import typed
from tests.safety.cast import answer_test, make_roster, put_on_call
from tests.the_app import the_app

pytestmark = pytest.mark.committed
Advance = Callable[[timedelta], None]


@pytest.fixture
def clinic_on_call(database: None, tuesday: object, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alba, Boris and Chloe are on call, and each answered a test."""
    with transaction() as session:
        people = make_roster(session)
        for each in people:
            answer_test(session, each)
    put_on_call(monkeypatch, "alba@example.com", "boris@example.com", "chloe@example.com", staffed=True)


def disclose_by_form() -> str:
    """Ana writes what she writes; returns where the form leads her."""
    with TestClient(the_app(), follow_redirects=False) as web:
        form = typed(message="I don't want to be here anymore.", opened=stamp(real_now() - timedelta(minutes=1)))
        return web.post("/inquire", data=form).headers["Location"]


def tick() -> None:
    """What clock and workers do in one round."""
    importlib.import_module("tasks.page").escalate_pages()
    for lane in LANES:
        importlib.import_module("tasks.deliver").deliver(lane)


def test_a_disclosure_reaches_a_human_step_by_step_until_somebody_has_it(clinic_on_call: None, mailbox: Mailbox, tuesday: Advance) -> None:
    assert disclose_by_form() == "/crisis?language=en&kept=yes"
    tick()
    for minutes in (15, 15, 30):
        tuesday(timedelta(minutes=minutes))
        tick()
    # Nobody but those on call got anything, and the fourth page is the third escalation.
    assert [mail.envelope_to for mail in mailbox.messages] == [f"{who}@example.com" for who in ("alba", "boris", "chloe", "alba")]
    assert not [mail for mail in mailbox.messages if "Ana" in mail.text or "Rivera" in mail.text]

    with transaction() as session:
        alarm = session.scalars(select(Alarm)).one()
        number = session.get_one(Lead, alarm.lead_id).number
        assert all(number in mail.text for mail in mailbox.messages)
        take(session, alarm.id, actor=ACTOR)
    tuesday(timedelta(hours=3))
    tick()
    assert len(mailbox.messages) == 4

    with transaction() as session:
        release(session, alarm.person_id, actor=ACTOR, roles=("clinician",), disposition=Disposition("safety-plan", "Spoke."))
    tick()
    with transaction() as session:
        # Planned anew, never replayed: what the hold overtook does not go out afterwards.
        assert session.scalars(select(Message.state).where(Message.template == "inquiry-received", Message.state == "sent")).all() == []
    assert len(mailbox.messages) == 4


def test_unanswered_it_is_everybodys_each_hour(clinic_on_call: None, mailbox: Mailbox, tuesday: Advance) -> None:
    disclose_by_form()
    tick()
    for _ in range(3):
        tuesday(timedelta(hours=1))
        tick()
    last_hour = {mail.envelope_to for mail in mailbox.messages[-4:]}
    assert last_hour == {"alba@example.com", "boris@example.com", "chloe@example.com", "woodbury@elmharbor.test"}
