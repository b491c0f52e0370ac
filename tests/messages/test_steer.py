"""Every state has a way out that a coordinator can press: what failed goes again or is settled, what waits is moved and read."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.clock import now
from leads.consent.ledger import suppress
from leads.errors import Conflict, Invalid, NotFound, StaleVersion
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message
from leads.messages.outbox import MOVED_BY_STAFF, cancel_one
from leads.messages.preview import preview
from leads.messages.render import RenderError
from leads.messages.steer import dismiss, move, retry
from leads.sequences.by_hand import rewrite_note, send_now
from leads.todos.models import Todo
from leads.todos.open import open_todo
from tests.cast import ACTOR, make_lead
from tests.smtp_server import ScriptedServer

Due = Callable[..., Message]
OFFICE_HOURS = {"office": "woodbury", "rule": {"from": "09:00", "to": "18:00", "business_days": True}}


@pytest.fixture
def failed(session: Session, due: Due, tuesday: object) -> Message:
    message = due(lead_id=make_lead(session).id)
    message.state, message.reason, message.attempts, message.fence = "failed", "gave-up", 5, 6
    open_todo(session, "phone-instead", person_id=message.person_id, lead_id=message.lead_id, due_at=now())  # type: ignore[arg-type]
    session.flush()
    return message


def test_a_failed_mail_goes_after_all(session: Session, failed: Message, carrier: SmtpCarrier, server: ScriptedServer) -> None:
    retry(session, failed.id, actor=ACTOR)
    assert (failed.state, failed.reason, failed.attempts) == ("planned", "retried", 0)
    drain(LANES, carrier=carrier)
    session.refresh(failed)
    assert (failed.state, len(server.mails)) == ("sent", 1)


def test_one_that_is_not_needed_never_goes(session: Session, failed: Message) -> None:
    dismiss(session, failed.id, actor=ACTOR)
    assert (failed.state, failed.reason, failed.actor) == ("cancelled", "not-needed", ACTOR)


@pytest.mark.parametrize(("verb", "outcome"), [(retry, "again"), (dismiss, "not-needed")])
def test_the_call_it_asked_for_is_done_and_who_decided_is_on_record(
    session: Session, failed: Message, verb: Callable[..., Message], outcome: str
) -> None:
    verb(session, failed.id, actor=ACTOR)
    assert session.scalars(select(Todo.outcome)).one() == outcome
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "message.decided")).one()
    assert (entry.actor, entry.detail["verdict"]) == (ACTOR, outcome)


def test_while_another_mail_of_theirs_has_failed_somebody_still_phones(session: Session, due: Due, failed: Message) -> None:
    other = due(lead_id=failed.lead_id)
    other.state = "failed"
    dismiss(session, failed.id, actor=ACTOR)
    assert session.scalars(select(Todo.done_at)).one() is None


@pytest.mark.parametrize("verb", [retry, dismiss])
def test_pressed_twice_it_acts_once(session: Session, failed: Message, verb: Callable[..., Message]) -> None:
    verb(session, failed.id, actor=ACTOR)
    with pytest.raises(Conflict, match="has not failed, or somebody has settled it"):
        verb(session, failed.id, actor=ACTOR)


def test_one_that_failed_again_since_it_was_looked_at_is_looked_at_again(session: Session, failed: Message) -> None:
    with pytest.raises(StaleVersion):
        retry(session, failed.id, actor=ACTOR, fence=5)
    assert retry(session, failed.id, actor=ACTOR, fence=6).state == "planned"


def test_a_mail_to_an_address_that_bounced_is_asked_every_question_again(
    session: Session, failed: Message, carrier: SmtpCarrier, server: ScriptedServer
) -> None:
    suppress(session, person_id=failed.person_id, reason="bounced", actor="system")
    retry(session, failed.id, actor=ACTOR)
    drain(LANES, carrier=carrier)
    session.refresh(failed)
    assert (failed.state, server.mails) == ("skipped", [])


def test_one_that_is_of_no_use_any_more_expires_instead(session: Session, failed: Message, tuesday: Callable[[timedelta], None]) -> None:
    failed.useful_until = now()
    tuesday(timedelta(days=1))
    assert retry(session, failed.id, actor=ACTOR).state == "expired"


def test_what_killed_workers_is_tried_alone_and_once(session: Session, failed: Message) -> None:
    failed.lost_leases = 3
    assert retry(session, failed.id, actor=ACTOR).lost_leases == 2


def test_a_mail_that_waits_is_moved(session: Session, due: Due, tuesday: object) -> None:
    message, later = due(), now() + timedelta(days=2)
    move(session, message.id, later, actor=ACTOR)
    assert (message.due_at, message.moved_by, message.local_due) == (
        later,
        [MOVED_BY_STAFF],
        "2026-10-08T10:00:00-04:00[America/New_York]",
    )


ON_RECORD: dict[str, Callable[[Session, Message], object]] = {
    "message.cancelled": lambda session, row: cancel_one(session, row.id, reason="stopped-by-staff", actor=ACTOR),
    "message.moved": lambda session, row: move(session, row.id, now() + timedelta(days=1), actor=ACTOR),
    "message.sent_by_hand": lambda session, row: send_now(session, row.id, actor=ACTOR),
    "message.rewritten": lambda session, row: rewrite_note(session, row.id, "Call us.", signed_by="Casey", actor=ACTOR),
}


@pytest.mark.parametrize("action", ON_RECORD)
def test_whatever_a_colleague_does_to_a_mail_that_waits_is_on_record(session: Session, due: Due, tuesday: object, action: str) -> None:
    message = due("personal-note", facts={"paragraphs": ["Hello."], "signed_by": "Casey", "office": "woodbury"})
    ON_RECORD[action](session, message)
    session.flush()
    entry = session.scalars(select(AuditEntry).where(AuditEntry.subject_id == message.id, AuditEntry.action == action)).one()
    assert (entry.actor, message.actor) == (ACTOR, ACTOR)


def test_one_that_was_stopped_never_goes(session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer) -> None:
    message = due()
    cancel_one(session, message.id, reason="stopped-by-staff", actor=ACTOR)
    session.flush()
    drain(LANES, carrier=carrier)
    assert (message.state, server.mails) == ("cancelled", [])


def test_outside_its_hours_it_waits_until_they_begin(session: Session, due: Due, tuesday: object) -> None:
    message = due("screening-reminder-1", window=OFFICE_HOURS, useful_until=None)
    move(session, message.id, datetime(2026, 10, 10, 3, 0, tzinfo=UTC), actor=ACTOR)
    # Columbus Day is Monday the 12th.
    assert message.due_at == datetime(2026, 10, 13, 13, 0, tzinfo=UTC)


def test_a_worker_that_holds_it_lets_it_go(session: Session, due: Due, server: ScriptedServer, tuesday: object) -> None:
    message = due()

    class MovedMeanwhile(SmtpCarrier):
        def offer(self, *offered: Any) -> None:
            super().offer(*offered)
            move(session, message.id, now() + timedelta(days=1), actor=ACTOR)
            session.flush()

    drain(LANES, carrier=MovedMeanwhile(server.url, helo="x.test"))
    session.refresh(message)
    assert (message.state, server.mails) == ("planned", [])


@pytest.mark.parametrize(("days", "words"), [(-1, "still to come"), (9, "too late to be of use")])
def test_a_time_that_cannot_be_is_refused_in_words(session: Session, due: Due, days: int, words: str, tuesday: object) -> None:
    message = due(useful_until=now() + timedelta(days=5))
    with pytest.raises(Invalid, match=words):
        move(session, message.id, now() + timedelta(days=days), actor=ACTOR)


def test_what_has_gone_is_not_moved(session: Session, failed: Message) -> None:
    failed.state = "sent"
    with pytest.raises(Conflict, match="it is sent"):
        move(session, failed.id, now() + timedelta(days=1), actor=ACTOR)


def test_it_is_read_before_it_goes_without_the_links_that_act_for_its_recipient(session: Session, due: Due) -> None:
    read = preview(session, due().id, actor=ACTOR)
    assert "Woodbury" in read.rendered.text
    assert "/u/" not in read.rendered.text
    assert session.scalars(select(AuditEntry.action).where(AuditEntry.action == "message.read")).one()


def test_one_that_cannot_be_written_says_why(session: Session, due: Due) -> None:
    with pytest.raises(RenderError, match="visit-tomorrow needs"):
        preview(session, due("visit-tomorrow").id, actor=ACTOR)


def test_what_is_not_there_is_not_found(session: Session, failed: Message) -> None:
    for verb in (retry, dismiss, preview):
        with pytest.raises(NotFound):
            verb(session, failed.lead_id, actor=ACTOR)  # type: ignore[arg-type]
