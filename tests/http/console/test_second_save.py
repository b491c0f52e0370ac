"""Two colleagues on one lead: what the second sends on a page that no longer stands is refused, and nothing is changed."""

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from leads.accounts.sessions import form_token
from leads.appointments.models import Appointment
from leads.db import Base
from leads.pipeline.models import Lead
from tests.accounts.cast import make_account
from tests.http.console.conftest import Browser
from tests.http.console.story import make_story
from tests.http.console.who_may import WHO_MAY

WORKERS = ("coordinator", "clinician", "supervisor")
NOTHING = "00000000-0000-7000-8000-000000000001"
# What carries no version by its nature, and why.
WITHOUT = {
    "/console/leads/{number}/open": "Opens a restricted record with a reason: it changes nothing, and puts on record who looked.",
}
# That somebody looked is written down, refused or not.
LOOKS = {"audit_entries"}


def posts() -> list[str]:
    """Every form that is sent to a lead, or to two records that may be one."""
    routes = [route.partition(" ") for routes in WHO_MAY.values() for route in routes]
    return sorted(path for method, _, path in routes if method == "POST" and ("{number}" in path or "{pair_id}" in path))


def all_rows(session: Session) -> dict[str, str | None]:
    """Return the fingerprint of every table, but for who looked."""
    names = [table.name for table in Base.metadata.sorted_tables if table.name not in LOOKS]
    row = "md5(string_agg(md5(every::text), '' ORDER BY md5(every::text)))"
    return {name: session.scalar(text(f"SELECT {row} FROM {name} AS every")) for name in names}


def test_every_form_of_a_lead_is_refused_on_a_version_that_no_longer_stands(browser: Browser, session: Session, tuesday: object) -> None:
    story, found = make_story(session), []
    story.ids.update(todo_id=NOTHING, amendment_id=NOTHING)
    secret = browser.come_in(session, make_account(session, *WORKERS))
    visit = str(session.scalars(select(Appointment.id)).one())
    # Everything else a form must say is there, so that only the version is wrong with it.
    said = {"csrf": form_token(secret), "version": "0", "reason": "They asked.", "to": "screening", "merge_id": NOTHING, "visit": visit}
    stood = all_rows(session)
    for path in posts():
        answer = browser.post(story.at(path), data=said | {"act": "cancel"}, follow_redirects=False)
        changed = [name for name, rows in all_rows(session).items() if rows != stood[name]]
        if path not in WITHOUT and (answer.status_code != 409 or changed):
            found.append(f"{path} answers {answer.status_code} and changes {changed}")
    assert found == []


def test_what_is_sent_on_the_version_that_stands_is_seen_to_change(coordinator: Browser, session: Session, lead: Lead) -> None:
    stood = all_rows(session)
    coordinator.form(f"/console/leads/{lead.number}/note", text="Spoke with Ana.")
    assert {"leads", "notes"} <= {name for name, rows in all_rows(session).items() if rows != stood[name]}


def test_what_carries_no_version_is_a_form_that_exists() -> None:
    assert set(WITHOUT) <= set(posts())
