"""A lead's referrals on its page: who sent them, what may be done now, and what its sender hears of it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.loop.models import Referral
from leads.messages.models import Message
from leads.pipeline.models import Lead
from leads.providers.models import Verification
from leads.referrals.answer import answer, withdraw
from leads.referrals.ask import ask
from leads.referrals.attach import attach
from leads.referrals.receive import Arrival, receive
from tests.cast import ACTOR
from tests.http.console.conftest import Browser, hidden_fields
from tests.loop.cast import bring_to, make_other_practice, make_referral, make_strange_referral, told
from tests.referrals.cast import by_key, make_key
from tests.referrals.cast import referral as submitted

CALL = {"called": "203-555-0150", "answered_by": "Front desk", "listed_in": "State license register"}
TURN_DOWN = {"why_code": "other-care-first", "destination": "psychiatry", "to_patient": "mail"}


def lead_of(session: Session, referral: Referral) -> Lead:
    return session.get_one(Lead, referral.lead_id)


def page_of(browser: Browser, session: Session, referral: Referral) -> str:
    """What the lead's page shows."""
    return str(browser.get(f"/console/leads/{lead_of(session, referral).number}").text)


def press(browser: Browser, session: Session, referral: Referral, verb: str, **fields: str) -> int:
    """Send one of a referral's forms as the page drew it; returns the status."""
    session.commit()
    path = f"/console/leads/{lead_of(session, referral).number}"
    at_version = {"referral_version": str(referral.version)} | fields
    answered = browser.form(f"{path}/referrals/{referral.number}/{verb}", **at_version)
    session.expire_all()
    return answered.status_code


@pytest.fixture
def known(session: Session, tuesday: object) -> Referral:
    """A referral of a practice we know, about somebody who lets us tell it."""
    referral = make_referral(session)
    session.commit()
    return referral


@pytest.fixture
def strange(session: Session, tuesday: object) -> Referral:
    """A referral that came through the public page, by nobody we know."""
    referral = session.get_one(Referral, receive(session, submitted(), Arrival("form")).id)
    session.commit()
    return referral


def test_the_page_says_who_sent_whom_why_and_by_when_we_answer(coordinator: Browser, session: Session, strange: Referral) -> None:
    page = page_of(coordinator, session, strange)
    for words in (strange.number, "Ana Rivera", "Riverside Psychiatry", "Not verified", "Two adequate trials without response."):
        assert words in page
    assert "sertraline, 200 mg, 10 weeks, no response" in page
    assert "nobody has verified them" in page


def test_what_a_stranger_wrote_is_shown_not_run(coordinator: Browser, session: Session, tuesday: object) -> None:
    said = submitted(reason="<script>alert(1)</script>", note='"><img src=x>')
    referral = session.get_one(Referral, receive(session, said, Arrival("form")).id)
    session.commit()
    page = page_of(coordinator, session, referral)
    assert "<script>alert" not in page
    assert "<img" not in page


def test_a_sender_is_verified_in_one_step_and_hears_from_then_on(coordinator: Browser, session: Session, strange: Referral) -> None:
    assert press(coordinator, session, strange, "verify", read_back="rivera@riverside.test", **CALL) == 303
    assert strange.is_verified
    assert told(session, strange) == ["referral-received", "referral-received"]
    verified = session.scalars(select(Verification)).first()
    assert verified
    assert (verified.called, verified.answered_by) == ("+12035550150", "Front desk")


def test_a_call_without_its_particulars_changes_nothing_and_keeps_the_words(
    coordinator: Browser, session: Session, strange: Referral
) -> None:
    path = f"/console/leads/{lead_of(session, strange).number}/referrals/{strange.number}/verify"
    refused = coordinator.form(path, referral_version="1", form=f"{strange.number}:verify", **CALL | {"listed_in": " "})
    assert refused.status_code == 422
    assert "Write down where that number is listed." in refused.text
    assert 'value="Front desk"' in refused.text


def test_a_sender_the_practice_does_not_know_is_never_told(coordinator: Browser, session: Session, strange: Referral) -> None:
    assert press(coordinator, session, strange, "not-theirs") == 303
    assert "Not theirs, said the practice" in page_of(coordinator, session, strange)
    assert "verify-referrer" not in page_of(coordinator, session, strange)
    assert told(session, strange) == ["referral-received"]


def test_asking_names_what_is_missing_line_by_line(coordinator: Browser, session: Session, known: Referral) -> None:
    assert press(coordinator, session, known, "ask", missing="Medication list\n\nBlood pressure\n") == 303
    assert known.words == {"missing": ["Medication list", "Blood pressure"]}
    page = page_of(coordinator, session, known)
    assert "<li>Medication list</li>" in page
    assert "we wait for them until" in page


def test_what_they_answer_stands_on_the_page(coordinator: Browser, session: Session, known: Referral) -> None:
    ask(session, known, ["Medication list"], actor=ACTOR)
    answer(session, known, "Sertraline 100 mg.", actor="provider:1")
    session.commit()
    page = page_of(coordinator, session, known)
    assert "<blockquote>Sertraline 100 mg.</blockquote>" in page
    assert "Read the referrer&#39;s answer" in page


def test_going_on_without_the_answer_starts_our_clock(coordinator: Browser, session: Session, known: Referral) -> None:
    ask(session, known, ["Medication list"], actor=ACTOR)
    assert press(coordinator, session, known, "go-on") == 303
    assert known.state == "received"


def test_declining_tells_referrer_and_patient_and_closes_the_lead(coordinator: Browser, session: Session, known: Referral) -> None:
    assert press(coordinator, session, known, "decline", **TURN_DOWN) == 303
    assert (known.state, lead_of(session, known).stage) == ("declined", "closed")
    assert "Ask for information: not now (declined). Decline: not now (declined)." in page_of(coordinator, session, known)
    assert told(session, known)[-1] == "referral-declined"
    assert session.scalars(select(Message.template).where(Message.person_id == known.person_id)).all() == ["not-a-fit"]


@pytest.mark.parametrize("lacking", ["why_code", "destination", "to_patient"])
def test_declining_needs_a_reason_a_destination_and_a_decision_on_the_patient(
    coordinator: Browser, session: Session, known: Referral, lacking: str
) -> None:
    assert press(coordinator, session, known, "decline", **TURN_DOWN | {lacking: ""}) == 422
    assert known.state == "received"
    assert lead_of(session, known).stage == "new"


def test_a_patient_who_cannot_be_mailed_is_no_choice_and_the_page_says_why(
    coordinator: Browser, session: Session, strange: Referral
) -> None:
    page = page_of(coordinator, session, strange)
    assert 'value="mail" required disabled' in page
    assert "The address is not confirmed yet" in page
    assert press(coordinator, session, strange, "decline", **TURN_DOWN) == 422


def test_handing_on_is_offered_once_accepted_and_tells_where_to(coordinator: Browser, session: Session, known: Referral) -> None:
    assert "Hand on: not now (received)." in page_of(coordinator, session, known)
    bring_to(session, known, "accepted")
    assert press(coordinator, session, known, "hand-on", destination="hospital", close_as="chose-other-care") == 303
    assert (told(session, known)[-1], lead_of(session, known).outcome) == ("referral-handed-on", "chose-other-care")


def test_a_withdrawal_is_confirmed_with_its_reason_in_sight(coordinator: Browser, session: Session, known: Referral) -> None:
    withdraw(session, known, "Moved to Maine", actor="provider:1")
    session.commit()
    assert "<blockquote>Moved to Maine</blockquote>" in page_of(coordinator, session, known)
    assert press(coordinator, session, known, "confirm-withdrawal") == 303
    assert (known.state, lead_of(session, known).stage) == ("cancelled", "new")


def test_what_was_declined_is_taken_up_again_with_a_word_for_its_sender(coordinator: Browser, session: Session, known: Referral) -> None:
    press(coordinator, session, known, "decline", **TURN_DOWN)
    assert press(coordinator, session, known, "reopen", to_referrer="") == 422
    assert press(coordinator, session, known, "reopen", to_referrer="The trial is done.") == 303
    assert (known.state, lead_of(session, known).stage) == ("accepted", "contacted")


def test_what_was_changed_stands_side_by_side_until_somebody_decides(coordinator: Browser, session: Session, tuesday: object) -> None:
    key = make_key(session)
    first = receive(session, submitted(), by_key(key))
    changed = receive(session, submitted(reason="A third trial failed."), by_key(key))
    referral = session.get_one(Referral, first.id)
    session.commit()
    page = page_of(coordinator, session, referral)
    assert re.search(r">Reason</th><td[^>]*>Two adequate trials without response.</td><td[^>]*>A third trial failed.</td>", page)
    assert press(coordinator, session, referral, f"amendments/{changed.amendment_id}", to="take-in") == 303
    assert "A third trial failed." in page_of(coordinator, session, referral)
    assert "Sent in again" not in page_of(coordinator, session, referral)


def test_a_change_that_is_put_aside_leaves_what_stands(coordinator: Browser, session: Session, tuesday: object) -> None:
    key = make_key(session)
    first = receive(session, submitted(), by_key(key))
    changed = receive(session, submitted(reason="A third trial failed."), by_key(key))
    referral = session.get_one(Referral, first.id)
    press(coordinator, session, referral, f"amendments/{changed.amendment_id}", to="put-aside")
    assert (referral.received or {})["reason"].startswith("Two adequate")


def test_a_second_referral_on_a_lead_under_way_is_accepted_by_a_press(coordinator: Browser, session: Session, known: Referral) -> None:
    coordinator.form(f"/console/leads/{lead_of(session, known).number}/move", to="contacted")
    session.expire_all()
    second = make_referral(session, lead=lead_of(session, known), at=make_other_practice(session))
    assert press(coordinator, session, second, "accept") == 303
    assert (second.state, told(session, second)) == ("accepted", ["referral-received", "referral-accepted"])
    assert told(session, known) == ["referral-received", "referral-accepted"]


def test_another_leads_referral_is_out_of_reach(coordinator: Browser, session: Session, known: Referral) -> None:
    other = session.get_one(Referral, receive(session, submitted(), Arrival("form")).id)
    session.commit()
    path = f"/console/leads/{lead_of(session, known).number}/referrals/{other.number}/not-theirs"
    assert coordinator.form(path, referral_version="1").status_code == 404


def test_a_referral_its_sender_has_changed_meanwhile_is_not_decided_on_an_old_page(
    coordinator: Browser, session: Session, known: Referral
) -> None:
    withdraw(session, known, "Moved to Maine", actor="provider:1")
    assert press(coordinator, session, known, "decline", referral_version="1", **TURN_DOWN) == 409
    assert known.state == "cancel_requested"


def test_a_form_pressed_twice_acts_once(coordinator: Browser, session: Session, known: Referral) -> None:
    page = page_of(coordinator, session, known)
    fields = {name: hidden_fields(page, name)[0] for name in ("csrf", "version", "read_at")} | {"referral_version": "1", "missing": "List"}
    path = f"/console/leads/{lead_of(session, known).number}/referrals/{known.number}/ask"
    assert [coordinator.post(path, data=fields, follow_redirects=False).status_code for _ in range(2)] == [303, 409]
    session.expire_all()
    assert told(session, known) == ["referral-received", "referral-needs-information"]


def test_an_auditor_looks_and_changes_nothing(signed_in: Callable[..., Browser], session: Session, known: Referral) -> None:
    auditor = signed_in("auditor")
    assert "Decline" not in page_of(auditor, session, known)
    assert press(auditor, session, known, "decline", **TURN_DOWN) == 403


@pytest.mark.parametrize("verb", ["ask", "decline", "hand-on", "reopen", "go-on", "verify", "not-theirs", "accept", "confirm-withdrawal"])
def test_no_form_acts_without_our_token(coordinator: Browser, session: Session, known: Referral, verb: str) -> None:
    path = f"/console/leads/{lead_of(session, known).number}/referrals/{known.number}/{verb}"
    assert coordinator.post(path, data={"version": "1"}, follow_redirects=False).status_code == 403
    assert coordinator.get(path, follow_redirects=False).status_code == 404


def test_the_list_says_whom_to_verify_and_for_whom_we_wait(
    coordinator: Browser, session: Session, strange: Referral, known: Referral
) -> None:
    ask(session, known, ["Medication list"], actor=ACTOR)
    session.commit()
    lead, waiting = lead_of(session, strange).number, lead_of(session, known).number
    assert lead in coordinator.get("/console?need=to-verify").text
    assert waiting in coordinator.get("/console?need=for-referrer").text
    assert waiting not in coordinator.get("/console?need=new").text
    press(coordinator, session, strange, "verify", **CALL)
    assert lead not in coordinator.get("/console?need=to-verify").text


def test_a_referrer_who_has_not_heard_keeps_a_closed_lead_in_sight(coordinator: Browser, session: Session, tuesday: object) -> None:
    referral = make_referral(session, email=None)
    press(coordinator, session, referral, "decline", **TURN_DOWN)
    assert "Phone the referrer with the news" in coordinator.get("/console").text


def test_the_story_names_each_step_of_the_referral(coordinator: Browser, session: Session, known: Referral) -> None:
    press(coordinator, session, known, "decline", **TURN_DOWN)
    page = page_of(coordinator, session, known)
    assert f"Referral {known.number}: declined" in page
    assert "To: A general psychiatry clinic" in page


def test_a_missed_and_a_moved_visit_are_told(
    coordinator: Browser, session: Session, known: Referral, tuesday: Callable[[timedelta], None]
) -> None:
    bring_to(session, known, "booked")
    lead = lead_of(session, known)
    lead.stage = "booked"
    session.commit()
    path = f"/console/leads/{lead.number}"
    assert coordinator.form(f"{path}/visit-moved", moved_to="soon").status_code == 422
    assert coordinator.form(f"{path}/visit-moved", moved_to="2026-10-20T10:30").status_code == 303
    assert coordinator.form(f"{path}/visit-missed").status_code == 303
    assert "visit-missed" not in coordinator.get(path).text
    assert coordinator.form(f"{path}/visit-missed").status_code == 409
    session.expire_all()
    assert told(session, known)[-2:] == ["referral-moved", "referral-missed"]


def test_reading_the_page_with_a_referral_is_on_record(coordinator: Browser, session: Session, known: Referral) -> None:
    page_of(coordinator, session, known)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.read")).one()
    assert entry.subject_id == known.person_id


def test_a_strange_referral_with_no_grant_is_never_promised_more(coordinator: Browser, session: Session, tuesday: object) -> None:
    referral = make_strange_referral(session)
    session.commit()
    assert "No mail goes to them: a to-do to phone is opened." in page_of(coordinator, session, referral)


def test_a_document_is_saved_never_shown_and_its_reading_is_on_record(coordinator: Browser, session: Session, known: Referral) -> None:
    kept = attach(session, known, 'Brief "a".pdf', b"%PDF-1.7 words", actor=ACTOR)
    session.commit()
    assert ">Brief a.pdf</a>" in page_of(coordinator, session, known)
    got = coordinator.get(f"/console/leads/{lead_of(session, known).number}/referrals/{known.number}/attachments/{kept.id}")
    assert (got.content, got.headers["content-type"]) == (b"%PDF-1.7 words", "application/pdf")
    assert got.headers["content-disposition"].startswith("attachment;")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert session.scalars(select(AuditEntry).where(AuditEntry.action == "attachment.read")).one().actor.startswith("account:")


def test_a_document_of_another_lead_is_out_of_reach(coordinator: Browser, session: Session, known: Referral, strange: Referral) -> None:
    kept = attach(session, strange, "Letter.pdf", b"%PDF-1.7 words", actor=ACTOR)
    session.commit()
    for which in (known.number, strange.number):
        path = f"/console/leads/{lead_of(session, known).number}/referrals/{which}/attachments/{kept.id}"
        assert coordinator.get(path).status_code == 404


def test_whoever_reads_out_a_referrals_number_is_found(coordinator: Browser, session: Session, known: Referral) -> None:
    found = coordinator.form("/console/find", page="/console", q=known.number.lower())
    assert found.headers["location"] == f"/console/leads/{lead_of(session, known).number}"
