"""From a list: many leads assigned, what was not said why, all of it taken back; views kept under a name."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.pipeline.models import Lead, SavedView
from tests.accounts.cast import make_account
from tests.cast import make_lead
from tests.http.console.conftest import Browser


def test_chosen_leads_are_assigned_and_the_page_offers_to_take_it_back(coordinator: Browser, session: Session, lead: Lead) -> None:
    answer = coordinator.form("/console/assign", page="/console", pick=f"{lead.number}.1", to="me", query="need=new")
    assert answer.headers["location"].startswith("/console?need=new&said=assigned&did=")
    page = coordinator.get(answer.headers["location"]).text
    assert "1 assigned." in page
    assert 'action="/console/undo/' in page
    undo = page.partition('action="')[2].partition("/console/undo/")[2].partition('"')[0]
    back = coordinator.form(f"/console/undo/{undo}", page="/console", back="/console?need=new&said=assigned&did=x")
    assert back.headers["location"] == "/console?need=new&said=undone"
    assert lead.number in coordinator.get("/console?owner=nobody").text


def test_a_stale_lead_is_named_with_the_reason(coordinator: Browser, session: Session, lead: Lead) -> None:
    coordinator.form(f"/console/leads/{lead.number}/take")
    answer = coordinator.form("/console/assign", page="/console", pick=f"{lead.number}.1", to="nobody")
    assert "in the meantime" in coordinator.get(answer.headers["location"]).text


def test_nothing_chosen_says_so_on_the_list(coordinator: Browser, lead: Lead) -> None:
    for pick in ("", "x", "L-999999.1"):
        answer = coordinator.form("/console/assign", page="/console", pick=pick)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text


def test_an_auditor_reads_and_assigns_nothing(signed_in: Callable[..., Browser], lead: Lead) -> None:
    auditor = signed_in("auditor")
    page = auditor.get("/console").text
    assert 'name="pick"' not in page
    assert auditor.form("/console/assign", page="/console", pick=f"{lead.number}.1").status_code == 403


def test_a_form_of_another_site_assigns_nothing(coordinator: Browser, session: Session, lead: Lead) -> None:
    assert coordinator.post("/console/assign", data={"pick": f"{lead.number}.1", "csrf": "x"}).status_code == 403


def test_somebody_elses_deed_is_not_taken_back(coordinator: Browser, lead: Lead) -> None:
    answer = coordinator.form("/console/undo/00000000-0000-7000-8000-000000000001", page="/console")
    assert answer.status_code == 404
    assert "nothing of yours" in answer.text


def test_a_view_is_kept_shown_shared_and_removed(coordinator: Browser, lead: Lead) -> None:
    page = "/console?office=woodbury&need=new"
    kept = coordinator.form("/console/views", page=page, name="Woodbury, new", query="office=woodbury&need=new&x=1")
    assert kept.headers["location"].startswith("/console?need=new&office=woodbury&said=saved&did=")
    assert "Woodbury, new" in coordinator.get("/console").text
    assert "Woodbury, new" in coordinator.get("/console/palette").text
    view = coordinator.get("/console?need=new&office=woodbury").text.partition("/console/views/")[2].partition("/")[0]
    coordinator.form(f"/console/views/{view}/remove", page="/console")
    assert "Woodbury, new" not in coordinator.get("/console").text


@pytest.mark.parametrize(
    ("page", "query"), [("/console/board", "on=board&office=woodbury"), ("/console/visits", "on=visits&office=woodbury&span=day")]
)
def test_other_lists_keep_their_filters_too(coordinator: Browser, lead: Lead, page: str, query: str) -> None:
    there = f"{page}?{query.partition('&')[2]}"
    kept = coordinator.form("/console/views", page=there, name="Out west", query=f"{query}&need=new")
    assert kept.headers["location"].startswith(f"{there}&said=saved")
    shown = there.replace("&", "&amp;")
    assert f'<a href="{shown}" aria-current="page">Out west</a>' in coordinator.get(there).text
    assert f'<a href="{shown}">Out west</a>' in coordinator.get("/console").text
    assert {"label": "Out west", "hint": "Your view", "href": there} in coordinator.get("/console/palette").json()["entries"]
    view = coordinator.get(there).text.partition("/console/views/")[2].partition("/")[0]
    assert coordinator.form(f"/console/views/{view}/remove", page=there).headers["location"].startswith(f"{page}?said=removed")


def test_a_view_without_a_name_or_a_choice_is_refused(coordinator: Browser, lead: Lead) -> None:
    assert "needs a name" in coordinator.form("/console/views", page="/console", name=" ", query="need=new").text
    assert "Choose a list" in coordinator.form("/console/views", page="/console", name="All", query="").text


def test_views_are_each_colleagues_own(coordinator: Browser, session: Session, lead: Lead) -> None:
    coordinator.form("/console/views", page="/console", name="Casey's own", query="need=new")
    robin = make_account(session, email="robin@example.com")
    session.commit()
    coordinator.cookies.clear()
    coordinator.sign_in(robin)
    assert "Casey&#39;s own" not in coordinator.get("/console").text


def test_the_filters_of_owner_and_source_stand_in_the_address(coordinator: Browser, session: Session, lead: Lead) -> None:
    referred = make_lead(session, source="referral")
    session.commit()
    page = coordinator.get("/console?source=referral&owner=nobody").text
    # What a lead came from, not what somebody agreed through.
    assert ('<option value="referral" selected>Referral</option>' in page, "the unsubscribe link" in page) == (True, False)
    assert referred.number in page
    assert lead.number not in page
    assert lead.number in coordinator.get("/console?owner=nonsense").text
    assert "Nothing of yours needs doing" in coordinator.get("/console?owner=me").text


def test_what_was_removed_long_ago_is_forgotten_with_the_next(
    coordinator: Browser, session: Session, lead: Lead, tuesday: Callable[[timedelta], None]
) -> None:
    for office in ("woodbury", "new-haven"):
        here = f"/console?office={office}"
        coordinator.form("/console/views", page=here, name=office, query=f"office={office}")
        view = coordinator.get(here).text.partition("/console/views/")[2].partition("/")[0]
        coordinator.form(f"/console/views/{view}/remove", page=here)
        tuesday(timedelta(minutes=61))
    assert session.scalars(select(SavedView.query)).all() == ["office=new-haven"]
