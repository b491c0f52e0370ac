"""Who may say that a mail may be sent, on what, and for how long."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.audit.models import AuditEntry
from leads.clock import now
from leads.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion
from leads.messages.approvals import standing_of, unapproved
from leads.messages.approve import FACTS_HOLD_FOR, approve, refuse, submit, withdraw
from leads.messages.templates import catalogue
from leads.messages.versions import kept
from tests.accounts.cast import make_account
from tests.messages.wording import PLAIN, WITH_FACTS, approved, no_trial, put_before

pytestmark = pytest.mark.usefixtures("tuesday")


@pytest.fixture
def writer(session: Session) -> Account:
    return make_account(session)


@pytest.fixture
def reviewer(session: Session) -> Account:
    return make_account(session, "reviewer", email="riley@example.com", name="Riley Hart")


def test_a_second_person_approves_and_is_on_record(session: Session, writer: Account, reviewer: Account) -> None:
    review = approved(session, PLAIN, writer, reviewer)
    session.flush()
    assert (review.verdict, review.submitted_by, review.decided_by) == ("approved", writer.id, reviewer.id)
    actions = [entry.action for entry in session.query(AuditEntry).filter_by(subject_id=review.id)]
    assert actions == ["wording.submitted", "wording.approved"]


def test_nobody_approves_what_they_submitted_themselves(session: Session, reviewer: Account) -> None:
    review = put_before(session, PLAIN, reviewer)
    with pytest.raises(Forbidden, match="second reviewer"):
        approve(session, review.id, by=reviewer.id, roles=reviewer.roles, looked_at=())


@pytest.mark.parametrize("role", ["coordinator", "clinician", "supervisor", "administrator", "auditor"])
def test_no_other_role_approves(session: Session, writer: Account, role: str) -> None:
    review, other = put_before(session, PLAIN, writer), make_account(session, role, email="other@example.com")
    with pytest.raises(Forbidden, match="reviewer"):
        approve(session, review.id, by=other.id, roles=other.roles, looked_at=())


def test_each_fact_must_be_looked_at(session: Session, writer: Account, reviewer: Account) -> None:
    review = put_before(session, WITH_FACTS, writer)
    with pytest.raises(Invalid, match="risks"):
        approve(session, review.id, by=reviewer.id, roles=reviewer.roles, looked_at={"evidence", "onset"})
    assert review.verdict is None


def test_what_rests_on_facts_holds_for_half_a_year_and_names_them(session: Session, writer: Account, reviewer: Account) -> None:
    review = approved(session, WITH_FACTS, writer, reviewer)
    assert review.expires_at == now() + FACTS_HOLD_FOR
    assert {claim["key"] for claim in review.claims} == set(catalogue()[WITH_FACTS].meta.claims)
    assert all(claim["source"] for claim in review.claims)


def test_what_rests_on_no_fact_holds_for_good(session: Session, writer: Account, reviewer: Account) -> None:
    assert approved(session, PLAIN, writer, reviewer).expires_at is None


def test_a_refusal_needs_words(session: Session, writer: Account, reviewer: Account) -> None:
    review = put_before(session, PLAIN, writer)
    with pytest.raises(Invalid, match="what must change"):
        refuse(session, review.id, by=reviewer.id, roles=reviewer.roles, words="  ")
    refuse(session, review.id, by=reviewer.id, roles=reviewer.roles, words="The parking has moved.")
    assert (review.verdict, review.words) == ("refused", "The parking has moved.")


def test_a_second_verdict_finds_the_first(session: Session, writer: Account, reviewer: Account) -> None:
    review = approved(session, PLAIN, writer, reviewer)
    with pytest.raises(Conflict, match="decided already"):
        refuse(session, review.id, by=reviewer.id, roles=reviewer.roles, words="Too late.")


def test_two_who_submit_at_once_have_asked_once(session: Session, writer: Account, reviewer: Account) -> None:
    first = put_before(session, PLAIN, writer)
    assert put_before(session, PLAIN, reviewer).id == first.id
    assert first.submitted_by == writer.id


def test_files_that_changed_since_are_not_submitted_unseen(session: Session, writer: Account) -> None:
    with pytest.raises(StaleVersion, match="files of this mail changed"):
        submit(session, PLAIN, "en", version="0" * 64, by=writer.id)
    with pytest.raises(NotFound):
        submit(session, "nonsense", "en", version="0" * 64, by=writer.id)


def test_what_is_approved_is_not_submitted_again(session: Session, writer: Account, reviewer: Account) -> None:
    approved(session, PLAIN, writer, reviewer)
    with pytest.raises(Conflict, match="approved already"):
        put_before(session, PLAIN, writer)


def test_one_that_ran_out_is_submitted_again(
    session: Session, writer: Account, reviewer: Account, tuesday: Callable[[timedelta], None]
) -> None:
    approved(session, WITH_FACTS, writer, reviewer)
    tuesday(FACTS_HOLD_FOR)
    assert approved(session, WITH_FACTS, writer, reviewer).expires_at == now() + FACTS_HOLD_FOR


def test_an_approval_is_taken_back(session: Session, writer: Account, reviewer: Account) -> None:
    review = approved(session, PLAIN, writer, reviewer)
    withdraw(session, review.id, by=reviewer.id, roles=reviewer.roles)
    assert standing_of(session, catalogue()[PLAIN], "en").status != "approved"
    with pytest.raises(Conflict, match="not in force"):
        withdraw(session, review.id, by=reviewer.id, roles=reviewer.roles)


def test_languages_are_approved_one_by_one(session: Session, writer: Account, reviewer: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    no_trial(monkeypatch)
    before = list(unapproved(session))
    approved(session, PLAIN, writer, reviewer, "es")
    assert set(before) - set(unapproved(session)) == {next(line for line in before if f"{PLAIN} (es)" in line)}


def test_mails_to_ourselves_are_nobodys_to_approve(session: Session) -> None:
    assert standing_of(session, catalogue()["safety-page"], "en").status == "not-needed"
    assert not any("safety-page" in line for line in unapproved(session))


def test_a_submitted_version_is_kept_with_all_it_is_made_of(session: Session, writer: Account) -> None:
    put_before(session, PLAIN, writer)
    template = catalogue()[PLAIN]
    again = kept(session, PLAIN, "en", template.version("en"))
    assert again is not None
    assert again.version("en") == template.version("en")
    assert again.editions["en"].sources == template.editions["en"].sources
