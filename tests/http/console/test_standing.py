"""Where a lead stands: waitlist, what is agreed aloud, never to be contacted, two records of one person; each on its version."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.clock import now
from leads.consent.ledger import granted, suppressed_topics
from leads.consent.never import never_again
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.people.match import suggest_merge
from leads.people.models import MergeSuggestion
from leads.pipeline.models import Lead
from leads.pipeline.unsubscribe import allow_topic, stop_topic
from leads.todos.models import Todo
from leads.todos.open import open_todo
from tests.accounts.cast import make_account
from tests.cast import make_confirmed_person, make_lead
from tests.http.console.conftest import Browser, hidden_fields


def at(lead: Lead, verb: str = "") -> str:
    """The address of a lead's page or of one of its forms."""
    return f"/console/leads/{lead.number}" + (f"/{verb}" if verb else "")


@pytest.fixture
def spoken_with(session: Session, lead: Lead) -> Lead:
    lead.stage, lead.reached_at = "contacted", now()
    session.commit()
    return lead


@pytest.fixture
def pair(session: Session, lead: Lead) -> MergeSuggestion:
    other = make_confirmed_person(session, given_name="Anna", email="anna@example.com")
    make_lead(session, other)
    suggest_merge(session, lead.person_id, other.id, why="phone")
    session.commit()
    return session.scalars(select(MergeSuggestion)).one()


def test_a_call_with_a_day_to_call_again_opens_the_next_to_do(coordinator: Browser, session: Session, lead: Lead) -> None:
    coordinator.form(at(lead, "call"), result="reached", note="Call me on Friday.", again_on="2026-10-09")
    todo = session.scalars(select(Todo).where(Todo.kind == "call", Todo.done_at.is_(None))).one()
    assert todo.due_at.isoformat().startswith("2026-10-09")


def test_a_day_that_is_past_is_refused_and_no_call_is_logged(coordinator: Browser, session: Session, lead: Lead) -> None:
    answer = coordinator.form(at(lead, "call"), result="no-answer", note="Rang out.", again_on="2026-10-01")
    assert answer.status_code == 422
    assert "Rang out." in answer.text


def test_a_lead_is_given_to_a_colleague_and_to_nobody_else(coordinator: Browser, session: Session, lead: Lead) -> None:
    robin = make_account(session, "coordinator", email="robin@example.com")
    auditor = make_account(session, "auditor", email="audit@example.com")
    session.commit()
    assert coordinator.form(at(lead, "assign"), to_account=str(robin.id)).status_code == 303
    assert coordinator.form(at(lead, "assign"), to_account=str(auditor.id)).status_code == 422
    session.refresh(lead)
    assert lead.assigned_to == robin.id


def test_who_waits_for_a_place_is_looked_at_again_and_owed_no_call_until_then(
    coordinator: Browser, session: Session, spoken_with: Lead
) -> None:
    open_todo(session, "call", person_id=spoken_with.person_id, lead_id=spoken_with.id, due_at=now())
    session.commit()
    assert coordinator.form(at(spoken_with, "wait"), look_again="2026-11-10").status_code == 303
    due = {todo.kind: todo.due_at.date().isoformat() for todo in session.scalars(select(Todo).where(Todo.done_at.is_(None)))}
    assert due == {"call": "2026-11-10", "look-again": "2026-11-10"}
    assert "waits for a place" in coordinator.get(at(spoken_with)).text


def test_nobody_waits_who_has_not_heard_from_us(coordinator: Browser, lead: Lead) -> None:
    assert "Waitlist: not now, we have not spoken with them yet." in coordinator.get(at(lead)).text
    assert coordinator.form(at(lead, "wait"), look_again="2026-11-10").status_code == 409


@pytest.mark.parametrize("day", ["", "soon", "2026-10-01", "2030-01-01"])
def test_a_day_that_cannot_be_is_refused(coordinator: Browser, spoken_with: Lead, day: str) -> None:
    assert coordinator.form(at(spoken_with, "wait"), look_again=day).status_code == 422


def test_a_place_ends_the_wait(coordinator: Browser, session: Session, spoken_with: Lead) -> None:
    coordinator.form(at(spoken_with, "wait"), look_again="2026-11-10")
    coordinator.form(at(spoken_with, "wait-no-more"))
    assert "waits for a place" not in coordinator.get(at(spoken_with)).text


def test_what_they_agree_to_holds_as_they_said_it(coordinator: Browser, session: Session, lead: Lead) -> None:
    coordinator.form(at(lead, "agreed"), contact="yes", agreed_evidence="Ana, on the phone")
    assert granted(session, lead.person_id) == {"contact"}
    assert coordinator.form(at(lead, "agreed"), contact="yes", agreed_evidence=" ").status_code == 422


@pytest.mark.parametrize(
    ("why", "outcome", "words"), [("deceased", "deceased", "has died"), ("never-contact", "asked-to-stop", "asked never")]
)
def test_everything_stops_at_once(coordinator: Browser, session: Session, lead: Lead, why: str, outcome: str, words: str) -> None:
    mail = post(session, lead.person_id, "still-here", cause="test", lead_id=lead.id)
    open_todo(session, "call", person_id=lead.person_id, lead_id=lead.id, due_at=now())
    session.commit()
    assert coordinator.form(at(lead, "never-contact"), why_never=why, never_evidence="Her sister called.").status_code == 303
    for row in (lead, mail):
        session.refresh(row)
    assert (lead.stage, lead.outcome, mail.state, mail.reason) == ("closed", outcome, "cancelled", why)
    assert not session.scalars(select(Todo).where(Todo.done_at.is_(None))).all()
    assert words in coordinator.get(at(lead)).text


def test_no_mail_is_written_to_somebody_who_has_died(coordinator: Browser, session: Session, lead: Lead) -> None:
    coordinator.form(at(lead, "never-contact"), why_never="deceased", never_evidence="Her sister called.")
    coordinator.form(at(lead, "mail-note"), note_text="Hello.")
    assert not session.scalars(select(Message).where(Message.state == "planned", Message.person_id.is_not(None))).all()


@pytest.mark.parametrize(("why", "words"), [("deceased", "they have died"), ("never-contact", "they asked never to be contacted again")])
def test_nobody_agrees_to_anything_who_is_never_contacted(coordinator: Browser, session: Session, lead: Lead, why: str, words: str) -> None:
    coordinator.form(at(lead, "never-contact"), why_never=why, never_evidence="Her sister called.")
    assert f"What they agree to: not now, {words}" in coordinator.get(at(lead)).text
    held = granted(session, lead.person_id)
    answer = coordinator.form(at(lead, "agreed"), contact="yes", education="yes", agreed_evidence="Ana, on the phone")
    assert (answer.status_code, f"Nothing can be agreed to now: {words}" in answer.text) == (409, True)
    assert granted(session, lead.person_id) == held


@pytest.mark.parametrize("verb", ["assign", "take", "give-back"])
def test_a_closed_lead_is_assigned_to_nobody(coordinator: Browser, session: Session, lead: Lead, verb: str) -> None:
    lead.stage, lead.closed_at, lead.outcome = "closed", now(), "not-a-fit"
    session.commit()
    page = coordinator.get(at(lead)).text
    assert ("Assign: not now. A closed lead is assigned to nobody" in page, at(lead, "assign") in page) == (True, False)
    answer = coordinator.form(at(lead, verb), to_account=str(session.scalars(select(Account.id)).one()))
    assert (answer.status_code, "A closed lead is assigned to nobody" in answer.text) == (409, True)


def test_only_a_supervisor_takes_it_back(signed_in: Callable[..., Browser], session: Session, lead: Lead) -> None:
    browser = signed_in("coordinator", "supervisor")
    browser.form(at(lead, "never-contact"), why_never="deceased", never_evidence="A wrong number.")
    account = session.scalars(select(Account)).one()
    account.roles = ["coordinator"]
    session.commit()
    assert browser.form(at(lead, "never-contact/take-back"), never_evidence="She called.").status_code == 403
    account.roles = ["coordinator", "supervisor"]
    session.commit()
    assert browser.form(at(lead, "never-contact/take-back"), never_evidence="She called.").status_code == 303
    assert never_again(session, lead.person_id) is None


@pytest.mark.parametrize(
    "verb", ["call", "assign", "wait", "wait-no-more", "agreed", "never-contact", "mail-note", "pause", "same-as", "unmerge"]
)
def test_the_second_of_two_coordinators_overwrites_nothing(coordinator: Browser, session: Session, lead: Lead, verb: str) -> None:
    coordinator.form(at(lead, "note"), text="A colleague was here.")
    typed = {"merge_id": "01a2238c-cf34-7696-b011-f9be338d04b5", "result": "reached", "why_never": "deceased", "never_evidence": "x"}
    answer = coordinator.form(at(lead, verb), version="1", **typed)
    assert answer.status_code == 409
    assert "Somebody changed this lead" in answer.text
    assert "A colleague was here." in answer.text


def merged(browser: Browser, pair: MergeSuggestion, **fields: str) -> str:
    """Merge a pair from its page, and return where it leads."""
    page = browser.get(f"/console/merges/{pair.id}").text
    hidden = {name: hidden_fields(page, name)[0] for name in ("csrf", "keep", "seen")}
    answer = browser.post(f"/console/merges/{pair.id}/merge", data=hidden | fields, follow_redirects=False)
    return str(answer.headers.get("location", answer.status_code))


def test_two_records_stand_side_by_side_and_reading_both_is_on_record(coordinator: Browser, pair: MergeSuggestion) -> None:
    page = coordinator.get(f"/console/merges/{pair.id}").text
    assert "ana@example.com" in page
    assert "anna@example.com" in page
    assert "What then holds" in page


def test_merged_and_undone_from_the_page(coordinator: Browser, session: Session, pair: MergeSuggestion) -> None:
    place = merged(coordinator, pair).partition("?")[0]
    page = coordinator.get(place).text
    assert "Undo the merge" in page
    undone = coordinator.form(f"{place}/unmerge", merge_id=hidden_fields(page, "merge_id")[0])
    assert undone.status_code == 303
    assert "The merge was undone" in coordinator.get(place).text


def test_a_merge_is_taken_back_from_its_toast(coordinator: Browser, session: Session, pair: MergeSuggestion) -> None:
    place = merged(coordinator, pair)
    (undo,) = re.findall(r'action="(/console/undo/[0-9a-f-]+)"', coordinator.get(place).text)
    own = place.partition("?")[0]
    assert coordinator.form(undo, page=own, back=own).headers["location"] == f"{own}?said=undone"
    assert "The merge was undone" in coordinator.get(own).text
    assert coordinator.form(undo, page=own, back=own).status_code == 409


def test_a_page_from_before_somebody_wrote_merges_nothing_and_shows_what_they_wrote(
    coordinator: Browser, session: Session, lead: Lead, pair: MergeSuggestion, tuesday: Callable[..., None]
) -> None:
    page = coordinator.get(f"/console/merges/{pair.id}").text
    hidden = {name: hidden_fields(page, name)[0] for name in ("csrf", "keep", "seen", "read_at")}
    tuesday(timedelta(minutes=1))
    coordinator.form(at(lead, "note"), text="Spoke with Ana; Anna is her daughter.")
    answer = coordinator.post(f"/console/merges/{pair.id}/merge", data=hidden)
    assert answer.status_code == 409
    assert [words for words in ("Nothing was merged", "Anna is her daughter.", ", Casey") if words not in answer.text] == []


def test_who_decides_second_reads_what_was_decided_and_by_whom(coordinator: Browser, pair: MergeSuggestion, lead: Lead) -> None:
    page = coordinator.get(f"/console/merges/{pair.id}").text
    hidden = {name: hidden_fields(page, name)[0] for name in ("csrf", "keep", "seen", "read_at")}
    assert coordinator.post(f"/console/merges/{pair.id}/dismiss", data=hidden, follow_redirects=False).status_code == 303
    for verb in ("dismiss", "merge"):
        answer = coordinator.post(f"/console/merges/{pair.id}/{verb}", data=hidden, follow_redirects=False)
        assert (
            answer.status_code,
            " said that they are two people" in answer.text and "Casey" in answer.text,
            lead.number in answer.text,
        ) == (409, True, True)


def test_two_are_not_said_to_be_two_on_a_page_that_no_longer_stands(
    coordinator: Browser, session: Session, lead: Lead, pair: MergeSuggestion, tuesday: Callable[..., None]
) -> None:
    page = coordinator.get(f"/console/merges/{pair.id}").text
    hidden = {name: hidden_fields(page, name)[0] for name in ("csrf", "keep", "seen", "read_at")}
    tuesday(timedelta(minutes=1))
    coordinator.form(at(lead, "note"), text="Ana says that Anna is her maiden name's typo.")
    answer = coordinator.post(f"/console/merges/{pair.id}/dismiss", data=hidden | {"from_other": "given_name"})
    assert answer.status_code == 409
    assert [words for words in ("Nothing was decided", "maiden name", 'value="given_name" checked') if words not in answer.text] == []
    session.refresh(pair)
    assert pair.decided_at is None


def test_a_colleague_puts_two_leads_side_by_side(coordinator: Browser, session: Session, lead: Lead) -> None:
    other = make_lead(session, make_confirmed_person(session, given_name="Anna", email="anna@example.com", phone=None))
    session.commit()
    place = coordinator.form(at(lead, "same-as"), same_number=other.number).headers["location"]
    assert "A colleague put them side by side." in coordinator.get(place).text
    assert coordinator.form(at(lead, "same-as"), same_number=lead.number).status_code == 409


def test_an_auditor_merges_nobody(signed_in: Callable[..., Browser], pair: MergeSuggestion) -> None:
    browser = signed_in("auditor")
    assert "Merge: they are one person" not in browser.get(f"/console/merges/{pair.id}").text
    assert merged(browser, pair) == "403"


def test_a_yes_in_conversation_counts_after_a_stop_by_the_link(coordinator: Browser, session: Session, lead: Lead) -> None:
    stop_topic(session, lead.person_id, "education")
    session.commit()
    coordinator.form(at(lead, "agreed"), contact="yes", education="yes", agreed_evidence="Ana, on the phone")
    assert "education" in granted(session, lead.person_id)
    assert suppressed_topics(session, lead.person_id) == set()


def test_no_link_lifts_a_stop_for_good(coordinator: Browser, session: Session, lead: Lead) -> None:
    coordinator.form(at(lead, "never-contact"), why_never="never-contact", never_evidence="She called.")
    allow_topic(session, lead.person_id, None)
    assert suppressed_topics(session, lead.person_id) == {None}
