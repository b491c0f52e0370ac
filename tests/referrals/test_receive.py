"""A referral arrives: all of it is kept, its sender hears, its patient is mailed only where that was agreed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads import db
from leads.consent.ledger import Spoken, granted, open_holds, withdraw
from leads.db import Base
from leads.errors import Forbidden, TooMany
from leads.loop.models import Amendment, Referral, ReferralEvent
from leads.messages.models import Message
from leads.people.models import Person
from leads.pipeline.models import Lead
from leads.providers.models import Claim, Delegate, Provider
from leads.referrals.receive import Arrival, receive
from leads.todos.models import Todo
from tests.referrals.cast import by_key, granting, make_key, make_referral, of_patient, referral

STRANGER = Arrival("form", source=b"somewhere")


def count(session: Session, table: type[Base]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def todos(session: Session) -> set[str]:
    return set(session.scalars(select(Todo.kind)))


def mails(session: Session) -> dict[str, list[str]]:
    """The templates that wait, by who gets them."""
    found: dict[str, list[str]] = {"person": [], "provider": [], "delegate": [], "claim": [], "desk": []}
    for mail in session.scalars(select(Message).where(Message.state == "planned")):
        whose = next(name for name in found if getattr(mail, f"{name}_id"))
        found[whose].append(mail.template)
    return found


def test_person_lead_referral_and_history_are_kept_together(session: Session) -> None:
    kept = make_referral(session)
    assert [count(session, table) for table in (Person, Lead, Referral, ReferralEvent, Claim)] == [1, 1, 1, 1, 1]
    assert kept.number.startswith("R-")
    assert kept.received
    assert kept.received["trials"][0]["drug"] == "sertraline"
    assert session.scalars(select(Lead.source)).one() == "referral"


def test_clinician_and_delegate_hear_once_each_that_it_came(session: Session) -> None:
    make_referral(session)
    assert mails(session)["provider"] == ["referral-received"]
    assert mails(session)["delegate"] == ["referral-received"]
    assert count(session, Delegate) == 1


def test_the_patient_gets_one_fixed_mail_before_any_sequence(session: Session) -> None:
    kept = make_referral(session)
    assert mails(session)["person"] == ["referral-welcome"]
    assert granted(session, kept.person_id) == {"contact", "education", "status_to_referrer"}


def test_without_the_patients_consent_they_are_called_and_not_mailed(session: Session) -> None:
    make_referral(session, patient=granting("status_to_referrer"))
    assert mails(session)["person"] == []
    assert "call" in todos(session)


def test_an_unverified_referral_is_kept_and_worked_and_mails_no_patient(session: Session) -> None:
    receipt = receive(session, referral(), STRANGER)
    assert not receipt.is_verified
    assert mails(session) == {"person": [], "provider": [], "delegate": [], "claim": ["referral-received"], "desk": []}
    assert todos(session) == {"call", "verify-referrer"}
    assert granted(session, session.scalars(select(Referral.person_id)).one()) == set()


def test_a_strangers_address_is_never_on_file(session: Session) -> None:
    receive(session, referral(), STRANGER)
    assert session.scalars(select(Provider.email_index)).all() == [None]


def test_the_same_referral_twice_is_one(session: Session) -> None:
    key = make_key(session)
    first, second = (receive(session, referral(), by_key(key)) for _ in range(2))
    assert (second.id, second.is_new, second.amendment_id) == (first.id, False, None)
    assert mails(session)["provider"] == ["referral-received"]


def test_a_stranger_who_presses_twice_gets_the_same_number(session: Session) -> None:
    first, second = (receive(session, referral(), STRANGER) for _ in range(2))
    assert first.number == second.number


def test_a_changed_one_waits_as_an_amendment_and_changes_nothing(session: Session) -> None:
    key = make_key(session)
    first = receive(session, referral(), by_key(key))
    changed = receive(session, referral(reason="A third trial failed."), by_key(key))
    assert changed.id == first.id
    assert changed.amendment_id == session.scalars(select(Amendment.id)).one()
    assert session.get_one(Referral, first.id).received["reason"].startswith("Two adequate")  # type: ignore[index]
    assert "amendment" in todos(session)


def test_the_same_amendment_twice_waits_once(session: Session) -> None:
    key = make_key(session)
    for reason in ("one", "two", "two"):
        receive(session, referral(reason=reason), by_key(key))
    assert count(session, Amendment) == 1


def test_two_referrers_of_one_patient_both_stay_with_a_stream_each(session: Session) -> None:
    first = make_referral(session)
    second = make_referral(session, practice="Harbor Family Medicine")
    assert first.lead_id == second.lead_id
    assert first.number != second.number
    assert first.practice_id != second.practice_id


def test_current_risk_holds_the_person_and_calls_a_clinician(session: Session) -> None:
    kept = make_referral(session, current_risk=True)
    assert open_holds(session, kept.person_id)
    assert {"safety", "call"} <= todos(session)
    assert mails(session)["person"] == []
    assert mails(session)["provider"] == ["referral-received"]
    assert mails(session)["desk"] == ["safety-page"]


def test_on_a_day_the_office_is_closed_a_clinician_reads_risk_words_that_very_day(session: Session, freeze: Callable[..., Any]) -> None:
    with freeze(datetime(2026, 10, 10, 15, 0, tzinfo=UTC)):
        make_referral(session, note="Denies suicidal ideation.")
    review = session.scalars(select(Todo).where(Todo.kind == "risk-review")).one()
    assert review.due_at.isoformat() == "2026-10-11T04:00:00+00:00"


def test_current_risk_in_an_amendment_does_not_wait_for_anybody(session: Session) -> None:
    key = make_key(session)
    receive(session, referral(), by_key(key))
    receive(session, referral(current_risk=True), by_key(key))
    assert open_holds(session, session.scalars(select(Referral.person_id)).one())


def test_risk_words_in_a_note_are_read_by_a_clinician_today_and_hold_nobody(session: Session, tuesday: Callable[[timedelta], None]) -> None:
    kept = make_referral(session, note="Denies suicidal ideation.")
    review = session.scalars(select(Todo).where(Todo.kind == "risk-review")).one()
    assert (review.role, review.due_at.isoformat()) == ("clinician", "2026-10-06T21:00:00+00:00")
    assert not open_holds(session, kept.person_id)


def test_a_no_said_to_us_is_not_taken_back_by_a_referrer(session: Session) -> None:
    kept = make_referral(session)
    withdraw(session, kept.person_id, "education", Spoken("preferences", "page"), actor=f"person:{kept.person_id}")
    make_referral(session, practice="Harbor Family Medicine")
    assert "education" not in granted(session, kept.person_id)


def test_a_practices_own_identifier_names_one_referral(session: Session) -> None:
    key = make_key(session)
    arrival = by_key(key, placer=("urn:oid:1.2.3", "A-17"))
    first = receive(session, referral(), arrival)
    again = receive(session, referral(patient=of_patient(given_name="Robin", email="robin@example.com")), arrival)
    assert again.id == first.id
    assert again.amendment_id is not None


def test_a_key_without_a_practice_sends_nothing(session: Session) -> None:
    key = make_key(session)
    key.practice_id = None
    with pytest.raises(Forbidden, match="belongs to no practice"):
        receive(session, referral(), by_key(key))


def test_a_source_that_sends_too_often_is_told_to_wait_but_never_when_somebody_is_in_danger(session: Session) -> None:
    for each in range(20):
        receive(session, referral(reason=f"Reason {each}"), STRANGER)
    with pytest.raises(TooMany):
        receive(session, referral(reason="One more"), STRANGER)
    assert receive(session, referral(reason="Danger", current_risk=True), STRANGER).is_new


@pytest.mark.committed
def test_the_same_referral_sent_at_once_is_kept_once(database: None) -> None:
    with db.transaction() as session:
        key = make_key(session)
        session.expunge_all()

    def send(_: int) -> str:
        with db.transaction() as session:
            return receive(session, referral(), by_key(key)).number

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(send, range(8)))) == 1
