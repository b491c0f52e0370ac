"""Two at the same moment: a patient on two devices, and a colleague at the same lead. Nobody waits for ever, and no disclosure is lost."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.consent.ledger import open_holds
from leads.db import lock, transaction
from leads.errors import Conflict
from leads.messages.models import Message
from leads.pipeline.find import locked
from leads.pipeline.models import Lead
from leads.screening.begin import begin
from leads.screening.models import Screening
from leads.screening.save import save_page
from leads.screening.submit import submit
from tests.cast import make_confirmed_person, make_lead

pytestmark = pytest.mark.committed
ME = "person:test"


@pytest.fixture
def lead(database: None, tuesday: object) -> Lead:
    with transaction() as session:
        return make_lead(session, make_confirmed_person(session), stage="screening")


@pytest.fixture
def screening(lead: Lead) -> Screening:
    with transaction() as session:
        return begin(session, lead.id, channel="link", actor=ME, language="en")


def while_a_colleague_has_the_lead(lead: Lead, act: Callable[[Session], Any]) -> None:
    """Let a colleague hold the lead, then want its person, as every move does, while somebody acts."""
    has_it = threading.Event()

    def colleague() -> None:
        with transaction() as session:
            locked(session, lead.id)
            has_it.set()
            threading.Event().wait(0.3)
            lock(session, "person", lead.person_id)

    def somebody() -> None:
        has_it.wait(5)
        with transaction() as session:
            act(session)

    with ThreadPoolExecutor(2) as hands:
        for done in [hands.submit(colleague), hands.submit(somebody)]:
            done.result(20)


def test_a_disclosure_is_heard_while_a_colleague_moves_the_lead(lead: Lead, screening: Screening) -> None:
    while_a_colleague_has_the_lead(lead, lambda session: save_page(session, screening.id, "safety", {"safety": "yes"}, actor=ME))
    with transaction() as session:
        assert open_holds(session, lead.person_id)


def test_it_is_sent_while_a_colleague_moves_the_lead(lead: Lead, screening: Screening) -> None:
    while_a_colleague_has_the_lead(lead, lambda session: submit(session, screening.id, actor=ME))
    with transaction() as session:
        assert session.get_one(Screening, screening.id).submitted_at is not None


def test_begun_on_two_devices_at_once_it_is_one(lead: Lead) -> None:
    def go(_: int) -> uuid.UUID:
        with transaction() as session:
            return begin(session, lead.id, channel="link", actor=ME, language="en").id

    with ThreadPoolExecutor(4) as hands:
        assert len(set(hands.map(go, range(4)))) == 1


def test_sent_on_two_devices_at_once_it_is_sent_and_thanked_for_once(screening: Screening) -> None:
    def go(_: int) -> None:
        with transaction() as session:
            submit(session, screening.id, actor=ME)

    with ThreadPoolExecutor(4) as hands:
        list(hands.map(go, range(4)))
    with transaction() as session:
        assert session.scalar(select(func.count()).where(Message.template == "screening-thanks")) == 1


def test_a_page_saved_while_it_is_sent_is_in_it_or_is_told(screening: Screening) -> None:
    def save() -> str:
        try:
            with transaction() as session:
                save_page(session, screening.id, "medicines", {"medicines": "aspirin"}, actor=ME)
        except Conflict as refusal:
            return refusal.code
        return "kept"

    def send() -> str:
        with transaction() as session:
            submit(session, screening.id, actor=ME)
        return "sent"

    with ThreadPoolExecutor(2) as hands:
        answers = [each.result(20) for each in (hands.submit(save), hands.submit(send))]
    assert answers in (["kept", "sent"], ["already_sent", "sent"])
