"""What comes next and why, or why nothing: always answerable."""

import json
import os
import uuid
from datetime import timedelta

import pytest
from click.testing import Result
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from leads.cli import app
from leads.clock import now
from leads.consent.ledger import hold, pause, suppress
from leads.errors import NotFound
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.messages.switch import open_breaker, pause_sending, resume_sending
from leads.pipeline.models import Lead
from leads.sequences.explain import Explanation, explain
from leads.sequences.in_words import WORDS
from leads.sequences.stop import stop_for
from tests.cast import make_confirmed_person, make_lead, make_person
from tests.sequences.conftest import enrolled, make_sequence, make_step, publish_only, rows_of

pytestmark = pytest.mark.usefixtures("tuesday")


@pytest.fixture
def lead(session: Session) -> Lead:
    return make_lead(session)


@pytest.fixture
def rows(session: Session, lead: Lead) -> list[Message]:
    rows = rows_of(session, enrolled(session, lead))
    rows[0].state, rows[0].sent_at = "sent", now()
    session.flush()
    return rows


def explained(session: Session, lead: Lead) -> Explanation:
    session.flush()
    return explain(session, lead.id)


def test_the_next_mail_is_named_with_its_time_and_cause(session: Session, lead: Lead, rows: list[Message]) -> None:
    answer = explained(session, lead)
    assert answer.next
    assert (answer.next.template, answer.next.local_due) == ("how-ketamine-works", "2026-10-09T09:00:00-04:00[America/New_York]")
    assert (answer.next.why, answer.next.moved_by) == ("A step of the sequence new-inquiry.", ("Thu → Fri 09:00",))
    assert answer.why_nothing is None


def test_every_message_is_listed_with_its_state(session: Session, lead: Lead, rows: list[Message]) -> None:
    assert [line.state for line in explained(session, lead).lines] == ["sent", *["planned"] * 6]


def test_a_hold_a_pause_and_a_stop_are_said(session: Session, lead: Lead, rows: list[Message]) -> None:
    pause(session, lead.person_id, now() + timedelta(days=9), reason="asked", actor="system")
    assert explained(session, lead).why_nothing == WORDS["paused"]
    suppress(session, person_id=lead.person_id, topic="education", reason="asked", actor="system")
    assert explained(session, lead).why_nothing == WORDS["suppressed-topic"]
    hold(session, lead.person_id, reason="disclosure")
    assert explained(session, lead).why_nothing == WORDS["held"]


def test_an_unconfirmed_address_is_said(session: Session) -> None:
    lead = make_lead(session, make_person(session))
    enrolled(session, lead)
    assert explained(session, lead).why_nothing == WORDS["unconfirmed"]


def test_a_missing_grant_is_said_before_the_mail_is_due(session: Session) -> None:
    lead = make_lead(session, make_confirmed_person(session, grants=("contact",)))
    rows_of(session, enrolled(session, lead))[0].state = "sent"
    assert explained(session, lead).why_nothing == WORDS["no-education-grant"]


def test_a_closed_lead_is_said(session: Session, lead: Lead, rows: list[Message]) -> None:
    stop_for(session, "stage:closed", lead_id=lead.id, actor="system")
    answer = explained(session, lead)
    assert answer.next is None
    assert answer.why_nothing == "The sequence new-inquiry has ended: The lead moved to closed."
    assert answer.lines[1].why == "The lead moved to closed."


def test_a_sequence_that_is_through_is_said(session: Session, lead: Lead, rows: list[Message]) -> None:
    for row in rows:
        row.state = "sent"
    assert explained(session, lead).why_nothing == WORDS["all-done"]


def test_a_lead_in_no_sequence_is_said(session: Session, lead: Lead) -> None:
    assert explained(session, lead).why_nothing == WORDS["no-enrolment"]


def test_a_pause_of_all_sending_and_a_breaker_are_said(session: Session, lead: Lead, rows: list[Message]) -> None:
    open_breaker(session, "education", reason="smtp-550")
    assert explained(session, lead).why_nothing == WORDS["lane-rests"]
    pause_sending(session, reason="moving house", actor="operator:sam")
    resume_sending(session, actor="operator:sam")
    pause_sending(session, reason="moving house", actor="operator:sam")
    assert explained(session, lead).why_nothing == "All sending is paused: moving house."


def test_a_colleague_whose_turn_it_is_is_said(session: Session, lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    call = {"key": "call-them", "todo": "call", "wait": "0 minutes"}
    publish_only(session, monkeypatch, make_sequence(call, make_step("then", wait="2 days")))
    enrolled(session, lead, "story")
    answer = explained(session, lead)
    assert answer.next is None
    assert answer.why_nothing == "It waits until a colleague has done what comes before it. It waits for: call them."


def test_an_unknown_lead_has_nothing_to_explain(session: Session) -> None:
    assert explain(session, uuid.uuid4()) == Explanation(None, WORDS["no-enrolment"], ())


def test_no_line_names_the_person(session: Session, lead: Lead, rows: list[Message]) -> None:
    assert "Rivera" not in repr(explained(session, lead))
    assert "ana@" not in repr(explained(session, lead))


def test_each_reason_has_its_sentence() -> None:
    assert all(words.endswith(".") for words in WORDS.values())


def handoff(*words: str) -> Result:
    return CliRunner().invoke(app, ["explain", *words, "--data-dir", os.environ["HANDOFF_DATA_DIR"]])


def test_the_command_says_what_comes_next_by_number_and_never_by_name(session: Session, lead: Lead, rows: list[Message]) -> None:
    session.commit()
    said = handoff(lead.number).output
    assert f"{lead.number}: next is how-ketamine-works, due Fri 2026-10-09 09:00 (America/New_York)." in said
    assert "Rivera" not in said


def test_the_command_gives_each_message_its_local_hour_and_its_reason_whole(session: Session, lead: Lead, rows: list[Message]) -> None:
    session.commit()
    said = handoff(lead.number).output
    assert "  Fri 2026-10-09 09:00  how-ketamine-works: planned\n    A step of the sequence new-inquiry. Thu → Fri 09:00\n" in said
    assert "…" not in said


def test_the_command_says_the_same_to_machines(session: Session, lead: Lead, rows: list[Message]) -> None:
    session.commit()
    told = json.loads(handoff(lead.number, "--json").output)
    assert (told["number"], told["next"]["template"], told["why_nothing"]) == (lead.number, "how-ketamine-works", None)
    assert len(told["messages"]) == 7


def test_the_command_refuses_a_number_there_is_not(database: None) -> None:
    assert isinstance(handoff("L-999999").exception, NotFound)


def test_an_acknowledgement_on_its_way_is_not_called_unconfirmed(session: Session) -> None:
    lead = make_lead(session, make_person(session))
    post(session, lead.person_id, "inquiry-received", cause="inquiry", lead_id=lead.id, facts={"office": "woodbury"})
    answer = explained(session, lead)
    assert answer.next
    assert answer.why_nothing is None
