"""What is clicked beside a lead's own acts goes back by the toast's Undo as well: details, scans, views, all mail, openings, accounts."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.access.break_glass import break_glass
from leads.access.models import Opening
from leads.access.restrict import restrict
from leads.accounts.models import Account
from leads.clock import now
from leads.messages.switch import stops
from leads.people.models import Merge, MergeSuggestion, Person
from leads.pipeline.deeds import forget_what_stood
from leads.pipeline.models import Deed, Lead, Note, SavedView
from leads.scans.models import Scan
from leads.todos.models import Todo
from tests.accounts.cast import make_account
from tests.cast import ACTOR, make_person
from tests.http.console.conftest import Browser, hidden_fields
from tests.http.console.test_details import SAYS_YES, at, fields_of
from tests.http.console.test_scans import HERE as SCANS
from tests.http.console.test_undo import undo_on
from tests.scans.cast import make_scan

ALL = ("coordinator", "clinician", "supervisor")
PEOPLE = "/console/colleagues"
SENDING = "/console/sending"
Enter = Callable[..., Browser]


def undone(browser: Browser, session: Session, place: str) -> str:
    """Press Undo in the toast of the page that a form led to; returns where that leads."""
    answer = browser.form(undo_on(browser.get(place).text), page=place, back=urlsplit(place).path)
    session.expire_all()
    return str(answer.headers.get("location", answer.status_code))


def corrected(browser: Browser, lead: Lead, **changes: str) -> str:
    """Correct some details; returns where that leads."""
    typed = fields_of(browser.get(at(lead)).text) | SAYS_YES | changes
    return str(browser.post(at(lead), data=typed, follow_redirects=False).headers["location"])


def test_details_that_were_corrected(coordinator: Browser, session: Session, lead: Lead) -> None:
    place = corrected(coordinator, lead, given_name="Anna", language="es", office="new-haven")
    assert session.get_one(Person, lead.person_id, populate_existing=True).full_name.startswith("Anna")
    assert undone(coordinator, session, place) == f"/console/leads/{lead.number}?said=undone"
    person, stood = session.get_one(Person, lead.person_id), session.get_one(Lead, lead.id)
    assert (person.given_name, person.language, stood.office) == ("Ana", "en", "woodbury")
    assert any("corrected by mistake" in (note.text or "") for note in session.scalars(select(Note)))


def test_details_that_a_colleague_corrected_since_stay(coordinator: Browser, session: Session, lead: Lead) -> None:
    place = corrected(coordinator, lead, given_name="Anna")
    corrected(coordinator, lead, given_name="Anya")
    assert undone(coordinator, session, place) == "409"
    assert session.get_one(Person, lead.person_id).given_name == "Anya"


def test_a_new_number_says_why_it_stays(coordinator: Browser, lead: Lead) -> None:
    place = corrected(coordinator, lead, phone="203-555-0177", said_by="Ana, on the phone")
    assert "to go back, correct it again" in coordinator.get(place).text


def test_what_stood_is_forgotten_once_nobody_takes_it_back(
    coordinator: Browser, session: Session, lead: Lead, tuesday: Callable[..., None]
) -> None:
    corrected(coordinator, lead, given_name="Anna")
    kept = select(Deed.__table__.c.stood)
    assert b"Ana" not in (session.scalars(kept).one() or b"")
    tuesday(timedelta(minutes=16))
    forget_what_stood(session)
    assert session.scalars(kept).one() is None


def test_a_scan_that_was_given_and_one_taken_off(coordinator: Browser, session: Session, lead: Lead) -> None:
    scan = make_scan(session)
    session.commit()
    give = lambda: coordinator.form(f"{SCANS}/{scan.id}/give", page=SCANS, number=lead.number).headers["location"]  # noqa: E731
    undone(coordinator, session, give())
    assert session.get_one(Scan, scan.id).lead_id is None
    give()
    off = coordinator.form(f"/console/leads/{lead.number}/scans/{scan.id}/not-theirs").headers["location"]
    undone(coordinator, session, off)
    stands = session.get_one(Scan, scan.id)
    assert (stands.lead_id, stands.outcome) == (lead.id, "given")


def test_a_scan_that_became_somebody_elses_since_is_not_hung_back(coordinator: Browser, session: Session, lead: Lead) -> None:
    scan = make_scan(session)
    session.commit()
    coordinator.form(f"{SCANS}/{scan.id}/give", page=SCANS, number=lead.number)
    off = coordinator.form(f"/console/leads/{lead.number}/scans/{scan.id}/not-theirs").headers["location"]
    coordinator.form(f"{SCANS}/{scan.id}/put-aside", page=SCANS, reason="Nobody's.")
    assert undone(coordinator, session, off) == "409"


def test_a_view_that_was_saved_and_one_renamed(coordinator: Browser, session: Session, lead: Lead) -> None:
    save = lambda name: coordinator.form("/console/views", page="/console", name=name, query="office=woodbury").headers["location"]  # noqa: E731
    undone(coordinator, session, save("Woodbury"))
    assert session.scalars(select(SavedView.removed_at)).one() is not None
    save("Woodbury")
    place = save("Out west")
    assert "The view has another name." in coordinator.get(place).text
    undone(coordinator, session, place)
    assert session.scalars(select(SavedView)).one().name == "Woodbury"


def test_all_mail_that_was_stopped_and_let_go(signed_in: Enter, session: Session, tuesday: object) -> None:
    browser = signed_in(*ALL)
    stop = browser.form(f"{SENDING}/pause", page=SENDING, reason="The templates are wrong.").headers["location"]
    undone(browser, session, stop)
    assert stops(session) == []
    browser.form(f"{SENDING}/pause", page=SENDING, reason="The templates are wrong.")
    undone(browser, session, browser.form(f"{SENDING}/resume", page=SENDING).headers["location"])
    assert [each.reason for each in stops(session)] == ["The templates are wrong."]


def test_mail_that_somebody_let_go_since_is_not_let_go_twice(signed_in: Enter, session: Session, tuesday: object) -> None:
    browser = signed_in(*ALL)
    stop = browser.form(f"{SENDING}/pause", page=SENDING, reason="The templates are wrong.").headers["location"]
    browser.form(f"{SENDING}/resume", page=SENDING)
    assert undone(browser, session, stop) == "409"


def test_who_may_not_stop_mail_any_more_takes_no_stop_back(signed_in: Enter, session: Session, tuesday: object) -> None:
    browser = signed_in(*ALL)
    stop = browser.form(f"{SENDING}/pause", page=SENDING, reason="The templates are wrong.").headers["location"]
    session.scalars(select(Account)).one().roles = ["coordinator"]
    session.commit()
    assert undone(browser, session, stop) == "403"


def test_an_opening_that_was_judged(signed_in: Enter, session: Session, lead: Lead) -> None:
    browser, robin = signed_in("supervisor"), make_account(session, email="robin@example.com")
    restrict(session, lead.person_id, reason="She works here.", actor=ACTOR, roles={"supervisor"})
    opening = break_glass(session, lead, robin.id, reason="She phoned and nobody else is here.")
    session.commit()
    place = browser.form(f"/console/openings/{opening.id}/seen", page="/console/openings").headers["location"]
    session.expire_all()
    assert session.get_one(Opening, opening.id).seen_at is not None
    undone(browser, session, place)
    assert session.get_one(Opening, opening.id).seen_at is None
    assert session.scalars(select(Todo.done_at).where(Todo.kind == "review-opening")).all() == [None]


@pytest.mark.parametrize(("act", "typed"), [("roles", {"roles": "auditor"}), ("disable", {}), ("enable", {})])
def test_what_an_administrator_does_to_an_account(
    signed_in: Enter, session: Session, tuesday: object, act: str, typed: dict[str, str]
) -> None:
    browser, robin = signed_in("administrator"), make_account(session, email="robin@example.com")
    robin.disabled_at = now() if act == "enable" else None
    session.commit()
    before = (robin.roles, robin.disabled_at is None)
    place = browser.form(f"{PEOPLE}/{robin.id}/{act}", page=PEOPLE, **typed).headers["location"]
    session.refresh(robin)
    assert (robin.roles, robin.disabled_at is None) != before
    assert undone(browser, session, place) == f"{PEOPLE}?said=undone"
    assert (robin.roles, robin.disabled_at is None) == before


def test_what_cannot_go_back_says_how_it_is_put_right(signed_in: Enter, session: Session, tuesday: object) -> None:
    browser, robin = signed_in("administrator"), make_account(session, email="robin@example.com")
    session.commit()
    words = {
        "reset-password": "they choose one there",
        "reset-second-factor": "set one up when they next",
        "sign-out": "they sign in again",
    }
    for act, said in words.items():
        assert said in browser.get(browser.form(f"{PEOPLE}/{robin.id}/{act}", page=PEOPLE).headers["location"]).text


def test_a_merge_that_ends_without_a_lead_says_so_and_goes_back(coordinator: Browser, session: Session, tuesday: object) -> None:
    first, second = sorted(make_person(session).id for _ in range(2))
    session.add(pair := MergeSuggestion(person_id=first, other_id=second, why="phone", suggested_at=now()))
    session.commit()
    here = f"/console/merges/{pair.id}"
    (keep,) = hidden_fields(coordinator.get(here).text, "keep")
    place = coordinator.form(f"{here}/merge", page=here, keep=keep).headers["location"]
    assert parse_qs(urlsplit(place).query)["said"] == ["merged-no-lead"]
    assert undone(coordinator, session, place) == "/console/merges?said=undone"
    assert session.scalars(select(Merge.undone_at)).one() is not None
