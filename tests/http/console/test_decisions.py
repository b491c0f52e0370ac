"""What a person must decide: quarantine and suspected doubles."""

import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.http.console import merges
from leads.inquiries.models import QuarantinedInquiry
from leads.inquiries.receive import quarantine
from leads.people.match import suggest_merge
from leads.pipeline.models import Lead
from tests.cast import make_lead, make_person, raw_submission
from tests.http.console.conftest import Browser


@pytest.fixture
def kept(session: Session, tuesday: object) -> QuarantinedInquiry:
    """A submission that filled the hidden field."""
    made = quarantine(session, raw_submission(message="<script>x</script>"), channel="page", why="honeypot")
    session.commit()
    return made


def test_what_is_kept_is_shown_with_its_reason_and_not_run(coordinator: Browser, session: Session, kept: QuarantinedInquiry) -> None:
    page = coordinator.get("/console/quarantine").text
    assert "It filled a field that people cannot see." in page
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert session.scalars(select(AuditEntry).where(AuditEntry.action == "quarantine.listed")).one().detail == {"ids": [str(kept.id)]}


def test_letting_in_makes_a_lead_and_goes_there(coordinator: Browser, session: Session, kept: QuarantinedInquiry) -> None:
    answer = coordinator.form(f"/console/quarantine/{kept.id}/let-in", page="/console/quarantine")
    lead = session.scalars(select(Lead)).one()
    assert answer.headers["location"] == f"/console/leads/{lead.number}?said=let-in"


def test_what_cannot_be_received_stays_and_says_why(coordinator: Browser, session: Session, tuesday: object) -> None:
    kept = quarantine(session, {"given_name": "Ana"}, channel="page", why="too-fast")
    session.commit()
    answer = coordinator.form(f"/console/quarantine/{kept.id}/let-in", page="/console/quarantine")
    assert answer.status_code == 422
    assert "phone" in answer.text
    session.refresh(kept)
    assert kept.decided_at is None


def test_discarding_keeps_it_on_record_but_out_of_the_list(coordinator: Browser, session: Session, kept: QuarantinedInquiry) -> None:
    coordinator.form(f"/console/quarantine/{kept.id}/discard", page="/console/quarantine")
    session.refresh(kept)
    assert kept.decision == "discarded"
    assert "Nothing is in quarantine" in coordinator.get("/console/quarantine").text


def test_what_was_discarded_is_taken_up_again_from_the_toast_on_record(
    coordinator: Browser, session: Session, kept: QuarantinedInquiry
) -> None:
    place = coordinator.form(f"/console/quarantine/{kept.id}/discard", page="/console/quarantine").headers["location"]
    assert f'action="/console/quarantine/{kept.id}/take-up-again"' in coordinator.get(place).text
    coordinator.form(f"/console/quarantine/{kept.id}/take-up-again", page="/console/quarantine")
    session.refresh(kept)
    assert (kept.decision, kept.decided_by) == (None, None)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "inquiry.waits_again")).one()
    assert (entry.subject_id, entry.actor[:8]) == (kept.id, "account:")


def test_what_was_discarded_is_listed_with_who_did_it_and_can_be_let_in_afterwards(
    coordinator: Browser, session: Session, kept: QuarantinedInquiry
) -> None:
    coordinator.form(f"/console/quarantine/{kept.id}/discard", page="/console/quarantine")
    page = coordinator.get("/console/quarantine?list=aside").text
    assert "Discarded by Casey" in page
    coordinator.form(f"/console/quarantine/{kept.id}/take-up-again", page="/console/quarantine?list=aside")
    assert "Nothing was discarded" in coordinator.get("/console/quarantine?list=aside").text
    coordinator.form(f"/console/quarantine/{kept.id}/let-in", page="/console/quarantine")
    assert session.scalar(select(func.count()).select_from(Lead)) == 1


def test_what_was_let_in_is_not_taken_up_again(coordinator: Browser, kept: QuarantinedInquiry) -> None:
    coordinator.form(f"/console/quarantine/{kept.id}/let-in", page="/console/quarantine")
    assert coordinator.form(f"/console/quarantine/{kept.id}/take-up-again", page="/console/quarantine").status_code == 409


def test_deciding_twice_says_that_somebody_was_faster(coordinator: Browser, session: Session, kept: QuarantinedInquiry) -> None:
    coordinator.form(f"/console/quarantine/{kept.id}/let-in", page="/console/quarantine")
    again = coordinator.form(f"/console/quarantine/{kept.id}/discard", page="/console/quarantine")
    assert again.status_code == 409
    assert session.scalar(select(func.count()).select_from(Lead)) == 1


def test_suspected_doubles_stand_side_by_side_with_their_leads(coordinator: Browser, session: Session, lead: Lead) -> None:
    luis = make_lead(session, make_person(session, given_name="Luis", email="luis@example.com"))
    suggest_merge(session, lead.person_id, luis.person_id, why="phone")
    session.commit()
    page = coordinator.get("/console/merges").text
    assert "The same phone number" in page
    assert all(words in page for words in ("Ana Rivera", "Luis Rivera", lead.number, luis.number))


def test_pairs_are_paged_and_none_is_lost_or_doubled(
    coordinator: Browser, session: Session, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merges, "A_PAGE", 2)
    for number in range(5):
        other = make_person(session, given_name=f"Luis {number}", email=f"luis{number}@example.com")
        suggest_merge(session, lead.person_id, other.id, why="phone")
    session.commit()
    seen, query = list[str](), "?"
    while query:
        page = coordinator.get(f"/console/merges{query}").text
        seen += re.findall(r"<h2>(Luis \d)", page)
        more = re.search(r'href="(\?after=[^"]+)"', page)
        query = more[1] if more else ""
    assert sorted(seen) == [f"Luis {number}" for number in range(5)]
