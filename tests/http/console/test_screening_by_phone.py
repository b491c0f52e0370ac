"""By phone: the same questions, written down by a colleague whose name stands with them, and a disclosure reaches a clinician at once."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.consent.ledger import open_holds
from leads.pipeline.models import Lead
from leads.screening.begin import begin
from leads.screening.models import Screening, ScreeningAnswers
from leads.screening.save import save_page
from leads.screening.submit import submit
from leads.todos.models import Todo
from tests.cast import make_confirmed_person, make_lead
from tests.http.console.conftest import Browser, hidden_fields

SignIn = Callable[..., Browser]


@pytest.fixture
def lead(session: Session, tuesday: object) -> Lead:
    """Ana's lead, spoken with."""
    made = make_lead(session, make_confirmed_person(session), stage="contacted")
    session.commit()
    return made


@pytest.fixture
def path(lead: Lead) -> str:
    return f"/console/leads/{lead.number}/screening"


@pytest.fixture
def asking(coordinator: Browser, path: str) -> Browser:
    """Casey, with the form open and Ana on the phone."""
    assert coordinator.form(f"{path}/by-phone").headers["location"].endswith("/screening/next")
    return coordinator


def screenings(session: Session) -> list[Screening]:
    session.expire_all()
    return list(session.scalars(select(Screening)))


def test_it_begins_at_the_first_page_and_says_who_began_it(session: Session, asking: Browser, path: str) -> None:
    assert asking.get(f"{path}/next", follow_redirects=False).headers["location"] == f"{path}/history"
    (screening,) = screenings(session)
    assert screening.channel == "phone"
    assert screening.begun_by.startswith("account:")


def test_each_page_is_kept_with_who_wrote_it_down(session: Session, asking: Browser, path: str) -> None:
    answer = asking.form(f"{path}/history", page=f"{path}/history", **{"diagnosis.depression": "true"})
    assert answer.headers["location"] == f"{path}/treatments"
    kept = session.scalars(select(ScreeningAnswers)).one()
    assert (kept.answers, kept.saved_by.partition(":")[0]) == ({"diagnosis": ["depression"]}, "account")


def test_sent_it_came_by_phone_and_the_lead_is_in_screening(session: Session, asking: Browser, path: str, lead: Lead) -> None:
    asking.form(f"{path}/history", page=f"{path}/history", **{"diagnosis.depression": "true"})
    assert "Depression" in asking.get(f"{path}/look-over").text
    assert asking.form(f"{path}/send", page=f"{path}/look-over").status_code == 303
    (screening,) = screenings(session)
    session.refresh(lead)
    assert (screening.channel, lead.stage) == ("phone", "screening")
    assert "by phone, in English, written down by Casey" in asking.get(f"/console/leads/{lead.number}").text


def test_sent_twice_is_sent_once(session: Session, asking: Browser, path: str) -> None:
    for _ in range(2):
        assert asking.form(f"{path}/send", page=f"/console/leads/{path.split('/')[3]}").status_code == 303
    assert len(screenings(session)) == 1
    assert len(session.scalars(select(Todo).where(Todo.kind == "review-screening")).all()) == 1


def test_what_the_person_began_is_gone_on_with(session: Session, coordinator: Browser, path: str, lead: Lead) -> None:
    begin(session, lead.id, channel="link", actor=f"person:{lead.person_id}", language="en")
    session.commit()
    assert "Go on by phone" in coordinator.get(f"/console/leads/{lead.number}").text
    coordinator.form(f"{path}/by-phone")
    assert len(screenings(session)) == 1


def test_the_questions_stand_in_the_language_of_the_person(session: Session, coordinator: Browser, tuesday: object) -> None:
    lead = make_lead(session, make_confirmed_person(session, language="es"), stage="contacted")
    session.commit()
    here = f"/console/leads/{lead.number}/screening"
    coordinator.form(f"{here}/by-phone")
    text = coordinator.get(f"{here}/health").text
    assert "Presión arterial alta" in text
    assert "Show the questions in English" in text
    assert "High blood pressure" in coordinator.get(f"{here}/health?language=en").text


def test_a_word_of_danger_holds_and_says_what_to_do_on_the_phone(session: Session, asking: Browser, path: str, lead: Lead) -> None:
    answer = asking.form(f"{path}/anything", page=f"{path}/anything", anything="I want to end my life.")
    assert answer.headers["location"] == f"{path}/help?after=anything"
    text = asking.get(answer.headers["location"]).text
    assert [words for words in ("Stay with them on the phone", "988", "911", f"{path}/look-over") if words not in text] == []
    assert open_holds(session, lead.person_id)


def test_with_nobody_on_call_the_colleague_is_told_not_to_ask(asking: Browser, path: str) -> None:
    text = asking.get(f"{path}/safety").text
    assert "Do not ask about thoughts of self-harm here" in text
    assert "ending your life" not in text


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(asking: Browser, path: str) -> None:
    typed = {"trials.0.drug": "sertraline", "trials.0.weeks": "ten"}
    answer = asking.form(f"{path}/treatments", page=f"{path}/treatments", **typed)
    assert answer.status_code == 422
    assert [words for words in ("sertraline", 'value="ten"', "the number of weeks") if words not in answer.text] == []


def test_a_flood_of_words_is_refused_and_not_lost(asking: Browser, path: str) -> None:
    answer = asking.form(f"{path}/anything", page=f"{path}/anything", anything="x" * 2001)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "x" * 2001 in answer.text


def test_with_nothing_open_every_page_leads_back_to_the_lead(coordinator: Browser, path: str) -> None:
    for where in ("history", "next", "look-over", "help"):
        answer = coordinator.get(f"{path}/{where}", follow_redirects=False)
        assert answer.headers["location"].endswith("#screening")
    lead_page = path.removesuffix("/screening")
    assert coordinator.form(f"{path}/history", page=lead_page).headers["location"].endswith("#screening")


def test_a_page_that_is_not_there_says_so(asking: Browser, path: str) -> None:
    assert asking.get(f"{path}/nonsense").status_code == 404
    assert asking.form(f"{path}/nonsense", page=f"{path}/history").status_code == 404


def test_saved_for_later_it_leads_back_to_the_lead(session: Session, asking: Browser, path: str) -> None:
    answer = asking.form(f"{path}/history", page=f"{path}/history", go="later", **{"treated-by": "nobody"})
    assert answer.headers["location"].endswith("#screening")
    assert "1 of 8 pages answered" in asking.get(path.removesuffix("/screening")).text


def test_a_form_of_another_site_keeps_nothing(session: Session, asking: Browser, path: str) -> None:
    answer = asking.post(f"{path}/history", data={"csrf": "guessed", "treated-by": "nobody"})
    assert answer.status_code == 403
    assert session.scalar(select(ScreeningAnswers.id)) is None


def test_an_auditor_writes_nothing_down(session: Session, signed_in: SignIn, path: str, lead: Lead) -> None:
    begin(session, lead.id, channel="phone", actor="account:x", language="en")
    session.commit()
    auditor = signed_in("auditor")
    assert auditor.form(f"{path}/history", page=f"{path}/history").status_code == 403


def test_no_page_of_it_is_kept_by_the_browser(asking: Browser, path: str) -> None:
    assert asking.get(f"{path}/mood").headers["cache-control"] == "no-store"


@pytest.fixture
def patient_saves(session: Session, asking: Browser, path: str, lead: Lead) -> Callable[[], None]:
    """Ana, who answers the first page on her link while Casey has it open."""

    def save() -> None:
        (screening,) = screenings(session)
        save_page(session, screening.id, "history", {"diagnosis": ["anxiety"]}, actor=f"person:{lead.person_id}")
        session.commit()

    return save


def version_at(browser: Browser, page: str) -> str:
    return hidden_fields(browser.get(page).text, "version")[0]


def test_a_page_answered_meanwhile_is_not_overwritten_and_both_are_shown(
    session: Session, asking: Browser, path: str, patient_saves: Callable[[], None]
) -> None:
    version = version_at(asking, f"{path}/history")
    patient_saves()
    typed = {"diagnosis.depression": "true", "version": version}
    answer = asking.form(f"{path}/history", page=f"{path}/history", **typed)
    assert answer.status_code == 409
    assert [words for words in ("answered meanwhile", "<strong>Anxiety", "by the person") if words not in answer.text] == []
    assert [name for name in ("depression", "anxiety") if not re.search(rf'name="diagnosis.{name}"[^>]*checked', answer.text)] == []
    assert len(session.scalars(select(ScreeningAnswers)).all()) == 1
    typed["version"] = hidden_fields(answer.text, "version")[0]
    assert asking.form(f"{path}/history", page=f"{path}/history", **typed).status_code == 303


def test_the_same_page_pressed_twice_goes_on(asking: Browser, path: str) -> None:
    typed = {"version": "", "diagnosis.depression": "true"}
    told = [asking.form(f"{path}/history", page=f"{path}/history", **typed).status_code for _ in range(2)]
    assert told == [303, 303]


def test_words_of_danger_in_a_page_answered_meanwhile_are_heard(session: Session, asking: Browser, path: str, lead: Lead) -> None:
    asking.form(f"{path}/anything", page=f"{path}/anything", anything="I sleep badly.")
    answer = asking.form(f"{path}/anything", page=f"{path}/anything", version="", anything="I want to end my life.")
    assert (answer.status_code, "speaks of danger" in answer.text) == (409, True)
    assert open_holds(session, lead.person_id)


def test_what_was_answered_after_it_was_read_back_is_shown_before_it_is_sent(
    session: Session, asking: Browser, path: str, patient_saves: Callable[[], None]
) -> None:
    version = version_at(asking, f"{path}/look-over")
    patient_saves()
    answer = asking.form(f"{path}/send", page=f"{path}/look-over", version=version)
    assert (answer.status_code, "was answered meanwhile" in answer.text) == (409, True)
    assert screenings(session)[0].submitted_at is None
    assert asking.form(f"{path}/send", page=f"{path}/look-over").status_code == 303
    assert screenings(session)[0].submitted_at


def test_what_is_typed_after_the_person_sent_it_is_not_lost(session: Session, asking: Browser, path: str, lead: Lead) -> None:
    page = asking.get(f"{path}/anything").text
    fields = {name: hidden_fields(page, name)[0] for name in ("csrf", "version", "screening")}
    submit(session, screenings(session)[0].id, actor=f"person:{lead.person_id}")
    session.commit()
    answer = asking.post(f"{path}/anything", data=fields | {"anything": "I want to end my life."}, follow_redirects=False)
    said = ("was sent meanwhile", "by the person", "I want to end my life.", "speaks of danger")
    assert (answer.status_code, [words for words in said if words not in answer.text]) == (409, [])
    assert open_holds(session, lead.person_id)
    assert session.scalar(select(ScreeningAnswers.id)) is None
