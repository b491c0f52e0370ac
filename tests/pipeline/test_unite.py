"""Merging two records of one person: everything moves, consent never widens, and undone both are as they were."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.access.restrict import lift, restrict
from leads.appointments.book import book
from leads.clock import now
from leads.consent.fhir_export import to_bundle
from leads.consent.history import own_choices
from leads.consent.ledger import (
    Spoken,
    confirm,
    grant,
    granted,
    hold,
    open_holds,
    pause,
    paused_until,
    suppress,
    suppressed_topics,
    withdraw,
    withdrawn,
)  # fmt: skip
from leads.consent.models import GRANTS
from leads.errors import Conflict, Invalid
from leads.inquiries.receive import Arrival, receive
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.models import metadata
from leads.people.match import suggest_merge
from leads.people.merge import differences, family_of
from leads.people.models import MergeSuggestion, Person
from leads.people.suggest import DIFFERENT, dismiss
from leads.pipeline.facts import facts_about
from leads.pipeline.find import by_number, open_lead_of
from leads.pipeline.models import Lead, Note
from leads.pipeline.notes import write
from leads.pipeline.unite import separate, unite
from leads.screening.begin import begin
from leads.sequences.enroll import enroll
from leads.sequences.publish import publish
from leads.todos.models import Todo
from leads.todos.open import finish, finish_all, open_todo, reopen
from tests.appointments.visits import ready, slot
from tests.cast import ACTOR, BY_FORM, make_confirmed_person, make_lead, make_person, submission

pytestmark = pytest.mark.usefixtures("tuesday")
ANN: dict[str, Any] = {"given_name": "Anna", "email": "anna@example.com", "phone": "+12035550199"}
# What is only ever added to, and what tells how often a row was written rather than what it says.
NOT_COMPARED = {"audit_entries", "audit_seals", "choices", "consents", "merges", "merge_moves", "stage_changes", "sequence_versions"}
HOW_OFTEN = {"version", "fence", "state_at", "actor", "lease_until"}


def both(session: Session) -> tuple[Person, Person]:
    """Ana, and Ana once more under another address."""
    return make_confirmed_person(session), make_confirmed_person(session, **ANN)


def close(session: Session, person: Person) -> None:
    restrict(session, person.id, reason="She works at our front desk.", actor=ACTOR, roles={"supervisor"})


def standing(session: Session) -> dict[str, Any]:
    """Every row of every table, without how often it was written."""
    session.flush()
    rows: dict[str, Any] = {}
    session.expire_all()
    for table in metadata.sorted_tables:
        if table.name not in NOT_COMPARED:
            columns = [column for column in table.c if column.name not in HOW_OFTEN]
            for row in session.execute(select(*columns)):
                rows[f"{table.name} {row.id}"] = {name: str(value) for name, value in row._mapping.items()}
    for person in session.scalars(select(Person)):
        rows[str(person.id)] = (granted(session, person.id), withdrawn(session, person.id))
    return rows


def test_everything_of_the_other_hangs_on_the_kept_record(session: Session) -> None:
    kept, other = both(session)
    lead = make_lead(session, other)
    write(session, lead.id, "Called twice.", actor=ACTOR)
    mail = post(session, other.id, "still-here", cause="test", lead_id=lead.id)
    unite(session, kept.id, other.id, actor=ACTOR)
    assert (lead.person_id, mail.person_id, open_lead_of(session, kept.id)) == (kept.id, kept.id, lead)


def test_what_the_other_chose_stays_as_it_was_written_and_is_told_with_the_rest(session: Session) -> None:
    kept, other = both(session)
    suppress(session, person_id=other.id, topic="visits", reason="unsubscribed", actor=ACTOR, how=Spoken("preferences", "page"))
    session.flush()
    unite(session, kept.id, other.id, actor=ACTOR)
    assert suppressed_topics(session, kept.id) == {"visits"}
    assert "topic:visits" in [act.what for act in own_choices(session, family_of(session, kept.id))]
    held = {entry["resource"]["status"] for entry in to_bundle(session, kept.id, merged=[other.id])["entry"][:4]}
    assert held == {"inactive"}


def test_two_open_leads_become_one_journey(session: Session) -> None:
    kept, other = both(session)
    first, further = make_lead(session, kept), make_lead(session, other, stage="qualified", reached_at=now())
    write(session, first.id, "A first call.", actor=ACTOR)
    unite(session, kept.id, other.id, actor=ACTOR)
    assert open_lead_of(session, kept.id) == further
    assert session.scalars(select(Note.lead_id)).all() == [further.id]
    assert by_number(session, first.number) == further


def test_what_runs_for_both_goes_on_once(session: Session) -> None:
    publish(session)
    kept, other = both(session)
    for person in (kept, other):
        lead = make_lead(session, person)
        enroll(session, "new-inquiry", person_id=person.id, lead_id=lead.id, anchor=now(), actor=ACTOR, facts={"office": "woodbury"})
    unite(session, kept.id, other.id, actor=ACTOR)
    planned = session.scalars(select(Message.step).where(Message.state == "planned")).all()
    assert planned
    assert len(planned) == len(set(planned))


@pytest.mark.parametrize("kind", ["contact", "education", "unencrypted_email"])
def test_what_the_other_refused_is_refused(session: Session, kind: str) -> None:
    kept, other = both(session)
    withdraw(session, other.id, kind, BY_FORM, actor="person")
    unite(session, kept.id, other.id, actor=ACTOR)
    assert kind not in granted(session, kept.id)
    assert kind in withdrawn(session, kept.id)


def test_nothing_is_granted_that_the_kept_record_did_not_grant(session: Session) -> None:
    kept, other = make_person(session, grants=("contact",)), make_person(session, **ANN)
    unite(session, kept.id, other.id, actor=ACTOR)
    assert granted(session, kept.id) == {"contact"}


def test_a_grant_for_one_mailbox_is_none_for_another(session: Session) -> None:
    kept, other = make_person(session), make_person(session, grants=("contact",), **ANN)
    unite(session, kept.id, other.id, from_other={"email"}, actor=ACTOR)
    assert kept.email == "anna@example.com"
    assert granted(session, kept.id) == {"contact"}


def test_a_hold_of_the_one_holds_the_mails_of_the_other(session: Session) -> None:
    publish(session)
    kept, other = both(session)
    lead = make_lead(session, kept)
    enroll(session, "new-inquiry", person_id=kept.id, lead_id=lead.id, anchor=now(), actor=ACTOR, facts={"office": "woodbury"})
    hold(session, other.id, reason="inquiry")
    unite(session, kept.id, other.id, actor=ACTOR)
    assert open_holds(session, kept.id)
    assert not session.scalars(select(Message).where(Message.state == "planned")).all()


def test_a_rest_goes_along(session: Session) -> None:
    kept, other = both(session)
    pause(session, other.id, now() + timedelta(days=9), reason="staff", actor=ACTOR)
    unite(session, kept.id, other.id, actor=ACTOR)
    assert paused_until(session, kept.id)


def test_not_safe_by_one_is_not_safe(session: Session) -> None:
    kept, other = both(session)
    other.safe_email = other.safe_voicemail = False
    unite(session, kept.id, other.id, actor=ACTOR)
    assert not kept.safe_email
    assert not kept.safe_voicemail


def test_only_what_both_say_differently_is_asked(session: Session) -> None:
    kept, other = make_person(session, birth_date=None), make_person(session, given_name="Anna")
    assert [(each.field, each.kept, each.other) for each in differences(kept, other)] == [("given_name", "Ana", "Anna")]


def test_a_blank_is_filled_from_the_other(session: Session) -> None:
    kept, other = make_person(session, phone=None), make_person(session, **ANN)
    unite(session, kept.id, other.id, actor=ACTOR)
    assert (kept.phone, kept.phone_index) == (other.phone, other.phone_index)


def test_who_writes_again_under_the_old_address_is_recognised(session: Session) -> None:
    kept, other = both(session)
    unite(session, kept.id, other.id, actor=ACTOR)
    receipt = receive(session, submission(given_name="Anna", email="anna@example.com", phone="203-555-0199"), Arrival("page"))
    assert by_number(session, receipt.number).person_id == kept.id


def test_two_inquiries_are_acknowledged_once_and_called_about_once(session: Session) -> None:
    kept, other = both(session)
    sooner = now() + timedelta(hours=1)
    for person, promise in ((kept, now() + timedelta(hours=5)), (other, sooner)):
        lead = make_lead(session, person)
        facts = {"office": "woodbury", "expected_by": promise.isoformat()}
        post(session, person.id, "inquiry-received", cause="inquiry", lead_id=lead.id, facts=facts)
        open_todo(session, "call", person_id=person.id, lead_id=lead.id, due_at=promise)
        open_todo(session, "look-again", person_id=person.id, lead_id=lead.id, due_at=promise, note=f"Ask {person.given_name}.")
    session.flush()
    before = standing(session)
    made = unite(session, kept.id, other.id, actor=ACTOR)
    planned = session.scalars(select(Message).where(Message.person_id == kept.id, Message.state == "planned")).all()
    assert [(mail.facts or {})["expected_by"] for mail in planned] == [sooner.isoformat()]
    todos = session.scalars(select(Todo).where(Todo.person_id == kept.id, Todo.done_at.is_(None)).order_by(Todo.kind)).all()
    assert [(todo.kind, todo.due_at) for todo in todos][:1] == [("call", sooner)]
    assert [todo.kind for todo in todos] == ["call", "look-again", "look-again"]
    separate(session, made.id, actor=ACTOR)
    after = standing(session)
    assert {place: row for place, row in before.items() if after.get(place) != row} == {}


def test_different_letters_of_one_kind_all_go(session: Session) -> None:
    kept, other = both(session)
    leads = [make_lead(session, person) for person in (kept, other)]
    for lead, words in ((leads[0], "Bring your insurance card."), (leads[1], "The parking lot is closed."), (leads[1], "Come early.")):
        post(session, lead.person_id, "personal-note", cause="note", lead_id=lead.id, facts={"note": words})
    session.flush()
    unite(session, kept.id, other.id, actor=ACTOR)
    assert session.scalars(select(Message.state).where(Message.template == "personal-note")).all() == ["planned"] * 3


def test_the_call_that_stays_is_as_pressing_as_both(session: Session) -> None:
    kept, other = both(session)
    soon, later = now() + timedelta(hours=1), now() + timedelta(days=2)
    for person, due, urgent in ((kept, soon, False), (other, later, True)):
        open_todo(session, "call", person_id=person.id, lead_id=make_lead(session, person).id, due_at=due, urgent=urgent)
    session.flush()
    before = standing(session)
    made = unite(session, kept.id, other.id, actor=ACTOR)
    stays = session.scalars(select(Todo).where(Todo.kind == "call", Todo.done_at.is_(None))).one()
    assert (stays.due_at, stays.urgent) == (soon, True)
    separate(session, made.id, actor=ACTOR)
    after = standing(session)
    assert {place: row for place, row in before.items() if after.get(place) != row} == {}


def test_a_lead_that_has_a_call_anew_gets_no_second_one(session: Session) -> None:
    kept, other = both(session)
    leads = [make_lead(session, person) for person in (kept, other)]
    for lead, due in zip(leads, (now() + timedelta(hours=2), now() + timedelta(hours=1)), strict=True):
        open_todo(session, "call", person_id=lead.person_id, lead_id=lead.id, due_at=due)
    session.flush()
    made = unite(session, kept.id, other.id, actor=ACTOR)
    finish_all(session, "call", lead_id=leads[0].id, actor=ACTOR, outcome="reached")
    open_todo(session, "call", person_id=kept.id, lead_id=leads[0].id, due_at=now())
    separate(session, made.id, actor=ACTOR)
    assert len(session.scalars(select(Todo).where(Todo.lead_id == leads[0].id, Todo.done_at.is_(None))).all()) == 1


def test_what_waits_to_be_reviewed_of_both_is_reviewed_of_both(session: Session) -> None:
    kept, other = both(session)
    for person in (kept, other):
        open_todo(session, "review-screening", person_id=person.id, lead_id=make_lead(session, person).id, due_at=now(), role="clinician")
    session.flush()
    unite(session, kept.id, other.id, actor=ACTOR)
    assert len(session.scalars(select(Todo).where(Todo.kind == "review-screening", Todo.done_at.is_(None))).all()) == 2


def test_a_call_that_was_made_meanwhile_is_not_asked_for_again(session: Session) -> None:
    kept, other = both(session)
    for person in (kept, other):
        open_todo(session, "call", person_id=person.id, lead_id=make_lead(session, person).id, due_at=now())
    session.flush()
    made = unite(session, kept.id, other.id, actor=ACTOR)
    double = session.scalars(select(Todo).where(Todo.outcome == "merged")).one()
    for todo_id in session.scalars(select(Todo.id).where(Todo.kind == "call", Todo.done_at.is_(None))).all():
        finish(session, todo_id, actor=ACTOR, outcome="reached")
    reopen(session, double.id, actor=ACTOR)
    finish(session, double.id, actor=ACTOR, outcome="reached")
    separate(session, made.id, actor=ACTOR)
    assert double.outcome == "reached"


def test_a_dismissed_pair_is_never_suggested_again_for_what_they_become(session: Session) -> None:
    kept, other = both(session)
    third = make_person(session, given_name="Bea")
    suggest_merge(session, other.id, third.id, why="phone")
    dismiss(session, session.scalars(select(MergeSuggestion.id)).one(), actor=ACTOR)
    unite(session, kept.id, other.id, actor=ACTOR)
    suggest_merge(session, kept.id, third.id, why="phone")
    assert set(session.scalars(select(MergeSuggestion.decision))) == {DIFFERENT}


def test_a_record_is_merged_once(session: Session) -> None:
    kept, other = both(session)
    unite(session, kept.id, other.id, actor=ACTOR)
    with pytest.raises(Conflict, match="merged one of these two already"):
        unite(session, other.id, kept.id, actor=ACTOR)
    with pytest.raises(Invalid, match="one record already"):
        unite(session, kept.id, kept.id, actor=ACTOR)


def test_two_visits_ahead_are_for_a_person_to_settle_first(session: Session) -> None:
    kept, other = both(session)
    for hour, person in ((9, kept), (10, other)):
        book(session, ready(session, person=person).id, slot(hour), actor=ACTOR)
    with pytest.raises(Conflict, match="a visit ahead"):
        unite(session, kept.id, other.id, actor=ACTOR)
    assert session.scalars(select(Person.merged_into)).all() == [None, None]


def test_open_questions_of_both_are_for_a_person_to_settle_first(session: Session) -> None:
    kept, other = both(session)
    for person in (kept, other):
        begin(session, make_lead(session, person, stage="screening").id, channel="link", actor=ACTOR, language="en")
    with pytest.raises(Conflict, match="open questions"):
        unite(session, kept.id, other.id, actor=ACTOR)
    assert session.scalars(select(Person.merged_into)).all() == [None, None]


def test_what_is_restricted_of_either_is_restricted(session: Session) -> None:
    kept, other = both(session)
    close(session, other)
    made = unite(session, kept.id, other.id, actor=ACTOR)
    assert kept.listed_name == "Restricted"
    separate(session, made.id, actor=ACTOR)
    assert (kept.listed_name, other.listed_name) == ("Ana Rivera", "Restricted")


def test_two_restricted_records_become_one_that_is_lifted_once(session: Session) -> None:
    kept, other = both(session)
    for person in (kept, other):
        close(session, person)
    made = unite(session, kept.id, other.id, actor=ACTOR)
    lift(session, kept.id, actor=ACTOR, roles={"supervisor"})
    assert kept.listed_name == "Ana Rivera"
    separate(session, made.id, actor=ACTOR)
    assert other.listed_name == "Restricted"


def test_restricted_since_the_merge_it_stays_so_when_taken_apart(session: Session) -> None:
    kept, other = both(session)
    made = unite(session, kept.id, other.id, actor=ACTOR)
    close(session, kept)
    separate(session, made.id, actor=ACTOR)
    assert kept.listed_name == "Restricted"


def test_a_merge_is_undone_once_and_the_last_first(session: Session) -> None:
    kept, other = both(session)
    third = make_person(session, given_name="Ann", email=None)
    first = unite(session, kept.id, other.id, actor=ACTOR)
    second = unite(session, kept.id, third.id, actor=ACTOR)
    with pytest.raises(Conflict, match="Undo that one first"):
        separate(session, first.id, actor=ACTOR)
    for each in (second, first):
        separate(session, each.id, actor=ACTOR)
    with pytest.raises(Conflict, match="undone already"):
        separate(session, first.id, actor=ACTOR)


def test_what_came_since_stays_with_the_kept_record(session: Session) -> None:
    kept, other = both(session)
    lead = make_lead(session, kept)
    made = unite(session, kept.id, other.id, actor=ACTOR)
    todo = open_todo(session, "call", person_id=kept.id, lead_id=lead.id, due_at=now())
    separate(session, made.id, actor=ACTOR)
    assert todo.person_id == kept.id
    assert family_of(session, kept.id) == [kept.id]


LEADS = st.lists(st.sampled_from(["new", "contacted", "screening", "qualified", "closed"]), max_size=2)
SAID = st.lists(st.tuples(st.sampled_from(GRANTS), st.booleans()), max_size=4)
THINGS = st.sets(st.sampled_from(["hold", "pause", "stop", "address", "confirm", "sequence", "note", "mail", "todo"]))
RECORDS = st.fixed_dictionaries({"stages": LEADS, "said": SAID, "things": THINGS, "phone": st.booleans(), "email": st.booleans()})


def make_record(session: Session, drawn: dict[str, Any], **known: Any) -> Person:
    """Somebody with a history."""
    known |= {} if drawn["phone"] else {"phone": None}
    known |= {} if drawn["email"] else {"email": None}
    person = make_person(session, grants=(), **known)
    for kind, is_grant in drawn["said"]:
        (grant if is_grant else withdraw)(session, person.id, kind, BY_FORM, actor="person")
    is_open = False
    for stage in drawn["stages"]:
        closed = stage == "closed" or is_open
        ended = {"stage": "closed", "closed_at": now(), "outcome": "chose-other-care"} if closed else {"stage": stage}
        _history(session, person, make_lead(session, person, **ended), drawn["things"])
        is_open = is_open or not closed
    _silence(session, person, drawn["things"])
    return person


def _history(session: Session, person: Person, lead: Lead, things: set[str]) -> None:
    if "sequence" in things and lead.closed_at is None:
        facts = facts_about(session, lead)
        # What falls due while a hold of the other's rests on it is left out, as after every hold: so nothing is due yet.
        anchor = now() + timedelta(hours=1)
        enroll(session, "new-inquiry", person_id=person.id, lead_id=lead.id, anchor=anchor, actor=ACTOR, facts=facts)
    if "note" in things:
        write(session, lead.id, "A note.", actor=ACTOR)
    if "mail" in things:
        post(session, person.id, "still-here", cause="test", lead_id=lead.id)
    if "todo" in things:
        open_todo(session, "call", person_id=person.id, lead_id=lead.id, due_at=now())


def _silence(session: Session, person: Person, things: set[str]) -> None:
    if "hold" in things and "sequence" not in things:
        hold(session, person.id, reason="inquiry")
    if "pause" in things and "sequence" not in things:
        pause(session, person.id, now() + timedelta(days=3), reason="staff", actor=ACTOR)
    if "stop" in things:
        suppress(session, person_id=person.id, topic="education", reason="unsubscribed", actor="person")
    if person.email_index and "address" in things:
        suppress(session, person_id=person.id, address_index=person.email_index, reason="not-safe", actor="person")
    if person.email_index and "confirm" in things:
        confirm(session, person.id, person.email_index, method="button", actor="person")


# Without shrinking: each story is some hundred statements.
@settings(max_examples=8, deadline=None, phases=[Phase.reuse, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=RECORDS, two=RECORDS, same=st.booleans(), from_other=st.sets(st.sampled_from(["email", "phone", "given_name"])))
def test_merged_and_undone_all_is_as_it_was(
    session: Session, one: dict[str, Any], two: dict[str, Any], *, same: bool, from_other: set[str]
) -> None:
    with session.begin_nested() as attempt:
        publish(session)
        kept, other = make_record(session, one), make_record(session, two, **({} if same else ANN))
        suggest_merge(session, kept.id, other.id, why="phone")
        before, agreed, refused = standing(session), granted(session, kept.id), withdrawn(session, other.id)
        made = unite(session, kept.id, other.id, from_other=from_other, actor=ACTOR)
        assert granted(session, kept.id) <= agreed - refused
        separate(session, made.id, actor=ACTOR)
        after = standing(session)
        assert {place: (row, after.get(place)) for place, row in before.items() if after.get(place) != row} == {}
        assert set(after) == set(before)
        attempt.rollback()
