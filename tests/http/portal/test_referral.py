"""A referral's page: in the sender's words, as far as the patient lets them know, with what they may do now."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.loop.models import Attachment, Referral
from leads.referrals.ask import ask
from leads.referrals.attach import attach
from leads.todos.models import Todo
from tests.cast import ACTOR
from tests.http.portal.conftest import Browser
from tests.loop.cast import bring_to
from tests.referrals.cast import granting, make_referral

PDF = b"%PDF-1.7 a letter"


def page_of(browser: Browser, referral: Referral) -> str:
    return browser.get(f"/portal/referrals/{referral.number}").text


def asked(session: Session, referral: Referral) -> Referral:
    """The clinic has asked for something."""
    ask(session, referral, ["The last medication list", "A phone number that works"], note="By fax is fine.", actor=ACTOR)
    session.commit()
    return referral


def state_of(session: Session, referral: Referral) -> str:
    session.expire_all()
    return referral.state


def todos(session: Session) -> set[str]:
    return set(session.scalars(select(Todo.kind).where(Todo.done_at.is_(None))))


def test_it_says_what_is_missing(session: Session, portal: Browser, kept: Referral) -> None:
    text = page_of(portal, asked(session, kept))
    assert "We cannot go on without something from you." in text
    assert text.count("The last medication list") == 2
    assert text.count("<time ") == text.count(' UTC">') > 0
    assert "By fax is fine." in text


def test_an_answer_goes_in_with_a_document(session: Session, portal: Browser, kept: Referral) -> None:
    path = f"/portal/referrals/{asked(session, kept).number}"
    letter = ("list.pdf", PDF, "application/pdf")
    answer = portal.form(f"{path}/answer", page=path, files={"attachments": letter}, text="Sertraline only.")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?done=answered")
    assert state_of(session, kept) == "received"
    assert [each.name for each in session.scalars(select(Attachment))] == ["list.pdf"]
    assert "Thank you. We have it" in portal.get(f"{path}?done=answered").text


def test_an_answer_is_by_whoever_is_signed_in(session: Session, portal: Browser, kept: Referral) -> None:
    portal.form(f"/portal/referrals/{asked(session, kept).number}/answer", text="Sertraline only.")
    assert f"By:</span> {'Ana Rivera'}" in page_of(portal, kept)


def test_an_empty_answer_changes_nothing_and_keeps_no_document(session: Session, portal: Browser, kept: Referral) -> None:
    path = f"/portal/referrals/{asked(session, kept).number}"
    answer = portal.form(f"{path}/answer", page=path, files={"attachments": ("list.pdf", PDF)}, text=" ")
    assert answer.status_code == 422
    assert "Write what was asked for." in answer.text
    assert (state_of(session, kept), session.scalars(select(Attachment)).all()) == ("needs_information", [])


def test_a_document_that_is_none_is_refused_and_the_words_kept(session: Session, portal: Browser, kept: Referral) -> None:
    path = f"/portal/referrals/{asked(session, kept).number}"
    answer = portal.form(f"{path}/answer", page=path, files={"attachments": ("list.pdf", b"MZ")}, text="A long answer.")
    assert answer.status_code == 422
    assert "is no PDF, PNG or JPEG" in answer.text
    assert "A long answer.</textarea>" in answer.text


def test_nothing_is_answered_that_was_not_asked(session: Session, portal: Browser, kept: Referral) -> None:
    answer = portal.form(f"/portal/referrals/{kept.number}/answer", text="Sertraline only.")
    assert answer.status_code == 409
    assert "moved on meanwhile" in answer.text


def test_documents_are_added_and_somebody_looks(session: Session, portal: Browser, kept: Referral) -> None:
    path = f"/portal/referrals/{kept.number}"
    portal.form(f"{path}/documents", page=path, files={"attachments": ("labs.pdf", PDF)})
    assert "labs.pdf" in page_of(portal, kept)
    assert "read-answer" in todos(session)


def test_documents_under_part_2_are_never_shown(session: Session, portal: Browser, kept: Referral) -> None:
    attach(session, kept, "programme.pdf", PDF, actor=ACTOR, part2=True)
    path = f"/portal/referrals/{kept.number}"
    portal.form(f"{path}/documents", page=path, files={"attachments": ("second.pdf", PDF)}, part2="true")
    assert len(session.scalars(select(Attachment)).all()) == 2
    assert [name for name in ("programme.pdf", "second.pdf") if name in page_of(portal, kept)] == []


def test_withdrawing_waits_for_a_person(session: Session, portal: Browser, kept: Referral) -> None:
    portal.form(f"/portal/referrals/{kept.number}/withdraw", reason="Moved away.")
    assert state_of(session, kept) == "cancel_requested"
    assert "confirm-withdrawal" in todos(session)
    assert "You asked to take it back. A person confirms it." in page_of(portal, kept)


def test_what_has_ended_is_not_withdrawn(session: Session, portal: Browser, kept: Referral) -> None:
    bring_to(session, kept, "closed")
    session.commit()
    assert "Ask to withdraw" not in page_of(portal, kept)
    assert portal.form(f"/portal/referrals/{kept.number}/withdraw", reason="Late.").status_code == 409


def test_a_form_without_our_token_does_nothing(session: Session, portal: Browser, kept: Referral) -> None:
    answer = portal.post(f"/portal/referrals/{kept.number}/withdraw", files={"reason": (None, "x"), "csrf": (None, "x")})
    assert (answer.status_code, state_of(session, kept)) == (403, "received")


def test_each_reading_is_on_record(session: Session, portal: Browser, kept: Referral) -> None:
    page_of(portal, kept)
    read = select(AuditEntry.actor).where(AuditEntry.action == "referral.read", AuditEntry.subject_id == kept.id)
    assert session.scalars(read).all() == [f"provider:{kept.provider_id}"]


@pytest.fixture
def silent(session: Session, browser: Browser) -> Referral:
    """A referral whose sender may know nothing, in the browser of its sender; it has been declined."""
    referral = bring_to(session, make_referral(session, patient=granting("contact")), "declined")
    browser.come_in(session, referral)
    return referral


def test_without_the_grant_it_is_received_and_a_call_away(browser: Browser, silent: Referral) -> None:
    text = page_of(browser, silent)
    assert "Received. Please call us to hear more." in text
    assert [word for word in ("Declined", "cannot take", "Withdraw this", "R-000042") if word in text] == []


@pytest.mark.parametrize("verb", ["answer", "withdraw"])
def test_a_refusal_does_not_tell_it_either(browser: Browser, silent: Referral, verb: str) -> None:
    answer = browser.form(f"/portal/referrals/{silent.number}/{verb}", text="x", reason="x")
    assert answer.status_code == 409
    assert "eclined" not in answer.text
