"""Bringing a spreadsheet in: nobody twice, nobody joined in silence, nobody mailed without a consent on record."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.consent.ledger import granted
from leads.consent.models import ConsentEntry
from leads.errors import Conflict
from leads.imports.models import ImportLine
from leads.imports.prepare import begin
from leads.imports.work import step
from leads.messages.models import Message
from leads.people.models import MergeSuggestion, Person
from leads.pipeline.confirm import confirm_address
from leads.pipeline.models import Lead, Note
from leads.todos.models import Todo
from tests.cast import ACTOR, make_person
from tests.imports.cast import ANA, BEN, CLEO, NOBODY, brought_in, lines_of, rehearsed, states_of, work

pytestmark = pytest.mark.usefixtures("tuesday")


def count(session: Session, model: type) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_each_good_line_becomes_a_person_with_a_lead_and_a_call_to_make(session: Session) -> None:
    held = brought_in(session, ANA, BEN, NOBODY)
    assert (states_of(session, held), count(session, Person), count(session, Lead)) == (["made", "made", "wrong"], 2, 2)
    assert {(lead.source, lead.office, lead.stage) for lead in session.scalars(select(Lead))} == {("import", "woodbury", "new")}
    assert {todo.kind for todo in session.scalars(select(Todo))} == {"call"}


def test_what_a_line_said_lies_with_its_person_and_nowhere_else(session: Session) -> None:
    held = brought_in(session, ANA, NOBODY)
    made, wrong = lines_of(session, held)
    assert (made.cells, made.email_index, wrong.cells) == (None, None, list(NOBODY))
    assert session.scalars(select(Note)).one().text == "Asked about parking."


def test_a_consent_with_date_and_source_goes_on_record_and_no_other(session: Session) -> None:
    held = brought_in(session, ANA, BEN, CLEO)
    people = [line.person_id for line in lines_of(session, held)]
    assert [granted(session, each) for each in people if each] == [{"contact"}, set(), set()]
    entry = session.scalars(select(ConsentEntry)).one()
    assert (entry.source, entry.method, entry.evidence) == ("import", "spreadsheet", "Signed intake form, 2026-03-04")


def test_nobody_is_mailed_for_being_brought_in(session: Session) -> None:
    brought_in(session, ANA, BEN)
    assert count(session, Message) == 0


def test_without_a_consent_on_record_even_a_confirmed_address_gets_no_education(session: Session) -> None:
    held = brought_in(session, BEN)
    lead_id = lines_of(session, held)[0].lead_id
    assert lead_id
    confirm_address(session, lead_id, method="spoken", actor=ACTOR, evidence="Ben, by phone")
    assert granted(session, session.get_one(Lead, lead_id).person_id) == set()


def test_somebody_we_know_is_suggested_for_a_merge_and_never_joined(session: Session) -> None:
    known = make_person(session)
    held = brought_in(session, ANA)
    made = lines_of(session, held)[0]
    suggestion = session.scalars(select(MergeSuggestion)).one()
    assert made.person_id != known.id
    assert {suggestion.person_id, suggestion.other_id} == {known.id, made.person_id}
    assert suggestion.why == "email+phone+birth_date"


def test_two_lines_with_one_phone_are_two_people_and_a_suggestion(session: Session) -> None:
    brought_in(session, ANA, ("Luis", "Rivera", "", "203-555-0123", "", "", "", "", ""))
    assert (count(session, Person), session.scalars(select(MergeSuggestion)).one().why) == (2, "phone")


def test_those_we_know_can_be_left_out(session: Session) -> None:
    make_person(session)
    held = brought_in(session, ANA, BEN, leave_out_known=True)
    assert ([line.why for line in lines_of(session, held)], count(session, Person)) == (["known", None], 2)


def test_a_list_is_brought_in_once_however_often_it_is_begun(session: Session) -> None:
    held = rehearsed(session, ANA, BEN)
    begin(session, held.id, actor=ACTOR)
    with pytest.raises(Conflict):
        begin(session, held.id, actor=ACTOR)
    work(session, held)
    with pytest.raises(Conflict):
        begin(session, held.id, actor=ACTOR)
    assert count(session, Person) == 2


def test_a_killed_process_leaves_whole_steps_and_the_next_goes_on_behind_them(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leads.imports.work.LINES_A_STEP", 1)
    held = rehearsed(session, ANA, BEN, CLEO)
    begin(session, held.id, actor=ACTOR)
    step(session, held.id)
    session.flush()
    with session.begin_nested() as killed:
        step(session, held.id)
        session.flush()
        killed.rollback()
    session.expire_all()
    assert states_of(session, held) == ["made", "ready", "ready"]
    work(session, held)
    assert (states_of(session, held), count(session, Person)) == (["made"] * 3, 3)


def test_a_note_that_speaks_of_danger_is_read_by_a_clinician(session: Session) -> None:
    brought_in(session, (*BEN[:8], "Said she would be better off dead, wants to kill herself"), (*CLEO[:8], "I want to kill myself"))
    assert "clinician" in {todo.role for todo in session.scalars(select(Todo).where(Todo.kind == "risk-note"))}


def test_no_supervisor_is_mailed_for_promises_nobody_made(session: Session) -> None:
    brought_in(session, ANA)
    assert session.scalars(select(Lead)).one().promise_told_at is not None


def test_a_thousand_lines_are_worked_in_steps_of_a_hundred(session: Session) -> None:
    people = [(f"Name{n}", "Test", f"n{n}@example.com", "", "", "", "", "", "") for n in range(250)]
    held = rehearsed(session, *people)
    begin(session, held.id, actor=ACTOR)
    assert work(session, held) == 4
    assert session.scalar(select(func.count()).where(ImportLine.state == "made")) == 250
