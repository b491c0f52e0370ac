"""Each thing a colleague does to a lead by a click goes back by one, and not where something has followed that this would overwrite."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.audit.models import AuditEntry
from leads.clock import now
from leads.consent.ledger import hold, paused_until, suppress, withdraw
from leads.errors import Conflict
from leads.messages.models import Message
from leads.messages.outbox import cancel_one
from leads.messages.steer import move as move_mail
from leads.people.models import Person
from leads.pipeline.assign import assign
from leads.pipeline.contact import log_call
from leads.pipeline.models import Deed, Lead, Note
from leads.pipeline.notes import write
from leads.pipeline.take_back import Why, act_and_keep
from leads.pipeline.waitlist import stop_waiting, wait
from leads.sequences.by_hand import send_now
from leads.sequences.models import Enrolment
from leads.sequences.rest import end_pause, pause
from leads.sequences.stop import stop_one
from leads.todos.models import Todo
from leads.todos.open import finish, open_todo
from leads.undo import undo
from tests.accounts.cast import make_account
from tests.cast import BY_FORM, make_confirmed_person, make_lead
from tests.sequences.conftest import enrolled, rows_of

Advance = Callable[[timedelta], None]


class Desk:
    """A coordinator at work on one lead."""

    def __init__(self, session: Session, account: Account, lead: Lead) -> None:
        self.session, self.account, self.lead, self.actor = session, account, lead, f"account:{account.id}"

    def does(self, act: Callable[[], object]) -> Deed | Why:
        """Do it as the console does."""
        return act_and_keep(self.session, self.lead, "done", act, account_id=self.account.id)

    def undoes(self, deed: Deed | Why) -> None:
        """Press Undo."""
        assert isinstance(deed, Deed), deed
        undo(self.session, deed.id, account_id=self.account.id, roles=self.account.roles)
        self.session.flush()


@pytest.fixture
def desk(session: Session, tuesday: Advance) -> Desk:
    """Casey, and Ana's lead in its sequence."""
    lead = make_lead(session, make_confirmed_person(session), stage="contacted", reached_at=now())
    enrolled(session, lead)
    return Desk(session, make_account(session), lead)


def times(desk: Desk) -> list[tuple[object, ...]]:
    """When the mails of the lead's sequence go."""
    desk.session.flush()
    rows = desk.session.scalars(select(Message).where(Message.lead_id == desk.lead.id).order_by(Message.planned_for, Message.id))
    return [(row.step, row.state, row.reason, row.due_at, row.local_due, row.moved_by, row.useful_until) for row in rows]


def first_mail(desk: Desk) -> Message:
    """The next mail to come."""
    (enrolment,) = desk.session.scalars(select(Enrolment).where(Enrolment.lead_id == desk.lead.id)).all()
    return min((row for row in rows_of(desk.session, enrolment) if row.state == "planned"), key=lambda row: row.due_at)


def withdrawn(session: Session, person_id: uuid.UUID) -> None:
    withdraw(session, person_id, "education", BY_FORM, actor=f"person:{person_id}")


def stopped(session: Session, person_id: uuid.UUID) -> None:
    suppress(session, person_id=person_id, reason="unsubscribed", actor=f"person:{person_id}")


def disclosed(session: Session, person_id: uuid.UUID) -> None:
    hold(session, person_id, reason="reply")


def test_a_note_stays_legible_and_is_marked(desk: Desk) -> None:
    desk.undoes(desk.does(lambda: write(desk.session, desk.lead.id, "For somebody else.", actor=desk.actor)))
    note = desk.session.scalars(select(Note)).one()
    assert note.taken_back_at is not None
    assert note.text == "For somebody else."


def test_a_call_nobody_answered_owes_what_it_owed_before(desk: Desk) -> None:
    due = now() + timedelta(hours=2)
    call = open_todo(desk.session, "call", person_id=desk.lead.person_id, lead_id=desk.lead.id, due_at=due)
    deed = desk.does(lambda: log_call(desk.session, desk.lead.id, result="no-answer", actor=desk.actor))
    assert call.due_at > due
    desk.undoes(deed)
    assert (call.due_at, call.done_at) == (due, None)


def test_a_call_that_reached_a_new_lead_leaves_it_new_again(session: Session, tuesday: Advance) -> None:
    desk = Desk(session, make_account(session), make_lead(session))
    call = open_todo(session, "call", person_id=desk.lead.person_id, lead_id=desk.lead.id, due_at=desk.lead.expected_by)
    desk.undoes(desk.does(lambda: log_call(session, desk.lead.id, result="reached", actor=desk.actor)))
    assert (desk.lead.stage, desk.lead.reached_at, call.done_at) == ("new", None, None)


def test_whose_it_was_it_is_again(desk: Desk) -> None:
    robin = make_account(desk.session, email="robin@example.com", name="Robin Oak")
    assign(desk.session, desk.lead.id, robin.id, actor="system")
    desk.undoes(desk.does(lambda: assign(desk.session, desk.lead.id, desk.account.id, actor=desk.actor)))
    assert desk.lead.assigned_to == robin.id


def test_a_pause_moves_its_mails_back_to_where_they_were(desk: Desk) -> None:
    before = times(desk)
    deed = desk.does(lambda: pause(desk.session, desk.lead.person_id, now() + timedelta(days=9), reason="staff", actor=desk.actor))
    assert times(desk) != before
    desk.undoes(deed)
    assert times(desk) == before
    assert paused_until(desk.session, desk.lead.person_id) is None


def test_a_pause_ended_by_mistake_goes_on_to_its_own_day(desk: Desk) -> None:
    until = now() + timedelta(days=9)
    pause(desk.session, desk.lead.person_id, until, reason="staff", actor="system")
    desk.undoes(desk.does(lambda: end_pause(desk.session, desk.lead.person_id, actor=desk.actor)))
    assert paused_until(desk.session, desk.lead.person_id) == until


def test_a_pause_they_have_ended_themselves_is_theirs(desk: Desk) -> None:
    deed = desk.does(lambda: pause(desk.session, desk.lead.person_id, now() + timedelta(days=9), reason="staff", actor=desk.actor))
    end_pause(desk.session, desk.lead.person_id, actor=f"person:{desk.lead.person_id}")
    with pytest.raises(Conflict, match="That pause has ended since"):
        desk.undoes(deed)


def test_the_waitlist_gives_back_what_rested(desk: Desk) -> None:
    due = now() + timedelta(hours=2)
    call = open_todo(desk.session, "call", person_id=desk.lead.person_id, lead_id=desk.lead.id, due_at=due)
    day = (now() + timedelta(days=20)).date()
    desk.undoes(desk.does(lambda: wait(desk.session, desk.lead.id, day, note="a Friday", actor=desk.actor)))
    looked = desk.session.scalars(select(Todo).where(Todo.kind == "look-again")).one()
    assert (call.due_at, looked.outcome) == (due, "taken-back")


def test_taken_off_the_waitlist_by_mistake_they_wait_on(desk: Desk) -> None:
    todo = wait(desk.session, desk.lead.id, (now() + timedelta(days=20)).date(), actor="system")
    due = todo.due_at
    desk.undoes(desk.does(lambda: stop_waiting(desk.session, desk.lead.id, actor=desk.actor)))
    assert (todo.done_at, todo.due_at) == (None, due)


def test_a_mail_that_was_moved_goes_at_its_own_time_again(desk: Desk) -> None:
    before, mail = times(desk), first_mail(desk)
    deed = desk.does(lambda: move_mail(desk.session, mail.id, mail.due_at + timedelta(days=2), actor=desk.actor))
    assert times(desk) != before
    desk.undoes(deed)
    assert times(desk) == before


def test_a_mail_sent_by_hand_is_called_back_while_it_waits(desk: Desk) -> None:
    before, mail = times(desk), first_mail(desk)
    deed = desk.does(lambda: send_now(desk.session, mail.id, after=timedelta(seconds=10), actor=desk.actor))
    assert mail.due_at == now() + timedelta(seconds=10)
    desk.undoes(deed)
    assert times(desk) == before


def test_a_mail_that_has_gone_is_not_called_back(desk: Desk) -> None:
    mail = first_mail(desk)
    deed = desk.does(lambda: send_now(desk.session, mail.id, actor=desk.actor))
    mail.state = "sending"
    desk.session.flush()
    with pytest.raises(Conflict, match="nobody can call it back"):
        desk.undoes(deed)


def test_a_mail_that_was_skipped_is_planned_again(desk: Desk) -> None:
    before, mail = times(desk), first_mail(desk)
    deed = desk.does(lambda: cancel_one(desk.session, mail.id, reason="stopped-by-staff", actor=desk.actor))
    assert mail.state == "cancelled"
    desk.undoes(deed)
    assert times(desk) == before


def test_a_sequence_that_was_stopped_runs_on_as_planned(desk: Desk) -> None:
    before, mail = times(desk), first_mail(desk)
    assert mail.enrolment_id
    enrolment_id = mail.enrolment_id
    deed = desk.does(lambda: stop_one(desk.session, enrolment_id, actor=desk.actor, reason="sequence-stopped-by-staff"))
    assert {state for _, state, *_ in times(desk)} == {"cancelled"}
    desk.undoes(deed)
    assert times(desk) == before
    assert desk.session.get_one(Enrolment, enrolment_id).ended_at is None


def test_a_sequence_that_began_again_since_is_not_doubled(desk: Desk) -> None:
    mail = first_mail(desk)
    assert mail.enrolment_id
    enrolment_id = mail.enrolment_id
    deed = desk.does(lambda: stop_one(desk.session, enrolment_id, actor=desk.actor, reason="sequence-stopped-by-staff"))
    enrolled(desk.session, desk.lead)
    with pytest.raises(Conflict, match="has begun again since"):
        desk.undoes(deed)


@pytest.mark.parametrize("since", [withdrawn, stopped, disclosed])
def test_mails_are_not_brought_back_over_what_they_said_since(
    desk: Desk, tuesday: Advance, since: Callable[[Session, uuid.UUID], object]
) -> None:
    mail = first_mail(desk)
    deed = desk.does(lambda: cancel_one(desk.session, mail.id, reason="stopped-by-staff", actor=desk.actor))
    tuesday(timedelta(minutes=1))
    since(desk.session, desk.lead.person_id)
    with pytest.raises(Conflict, match="they have said since what mail they want"):
        desk.undoes(deed)
    assert mail.state == "cancelled"


def test_who_asked_for_no_calls_by_mistake_is_reached_as_before(desk: Desk) -> None:
    person = desk.session.get_one(Person, desk.lead.person_id)
    before = person.reach_by
    desk.undoes(desk.does(lambda: log_call(desk.session, desk.lead.id, result="no-calls", actor=desk.actor)))
    assert person.reach_by == before


def test_a_todo_done_by_mistake_is_open_again(desk: Desk) -> None:
    todo = open_todo(desk.session, "look", person_id=desk.lead.person_id, lead_id=desk.lead.id, due_at=now())
    desk.undoes(desk.does(lambda: finish(desk.session, todo.id, actor=desk.actor, outcome="done")))
    assert todo.done_at is None


def test_a_todo_that_was_asked_anew_stays_done(desk: Desk) -> None:
    todo = open_todo(desk.session, "look", person_id=desk.lead.person_id, lead_id=desk.lead.id, due_at=now())
    deed = desk.does(lambda: finish(desk.session, todo.id, actor=desk.actor, outcome="done"))
    open_todo(desk.session, "look", person_id=desk.lead.person_id, lead_id=desk.lead.id, due_at=now())
    with pytest.raises(Conflict, match="open already"):
        desk.undoes(deed)


def test_what_a_colleague_did_since_is_not_overwritten(desk: Desk) -> None:
    deed = desk.does(lambda: write(desk.session, desk.lead.id, "She prefers mornings.", actor=desk.actor))
    assign(desk.session, desk.lead.id, desk.account.id, actor="account:robin")
    with pytest.raises(Conflict, match="has gone on since"):
        desk.undoes(deed)


def test_every_undo_is_on_record_beside_what_it_undid(desk: Desk) -> None:
    desk.undoes(desk.does(lambda: write(desk.session, desk.lead.id, "For somebody else.", actor=desk.actor)))
    acts = desk.session.scalars(select(AuditEntry.action).where(AuditEntry.actor == desk.actor).order_by(AuditEntry.id)).all()
    assert acts[-3:] == ["note.written", "deed.undone", "note.taken_back"]
