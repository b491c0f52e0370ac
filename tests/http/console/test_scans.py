"""Scans that name nobody yet, as a coordinator meets them: brought in, looked at on record, made somebody's, or put aside and back."""

import re
import uuid
from collections.abc import Callable
from html import unescape

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.access.restrict import restrict
from leads.audit.models import AuditEntry
from leads.http.console.live import Wants, ask
from leads.loop.models import Attachment, Referral
from leads.pipeline.models import Lead
from leads.pipeline.worklist import Filters
from leads.scans import look
from leads.scans.look import put_aside, scans_of, waiting
from leads.scans.models import Scan
from leads.scans.settle import give_to
from leads.scans.settle import put_aside as put_aside_by_hand
from tests.cast import ACTOR
from tests.http.console.conftest import Browser, hidden_fields
from tests.http.console.test_by_hand import ANA, FAXED
from tests.scans.cast import FAX, make_scan

pytestmark = pytest.mark.usefixtures("tuesday")
HERE = "/console/scans"
WANTS = Wants(uuid.uuid4(), Filters())
Enter = Callable[..., Browser]


@pytest.fixture
def scan(session: Session) -> Scan:
    """A fax that waits."""
    made = make_scan(session)
    session.commit()
    return made


def bring_in(browser: Browser, content: bytes = FAX, **known: str) -> object:
    """Send the form with a scan."""
    token = hidden_fields(browser.get(HERE).text, "csrf")[0]
    files = {"attachments": ("fax.pdf", content, "application/pdf")}
    fields = {"csrf": token, "channel": "fax", "office": "none"} | known
    return browser.post(HERE, data=fields, files=files, follow_redirects=False)


def test_it_is_brought_in_with_what_little_is_known_and_counted(coordinator: Browser, session: Session) -> None:
    bring_in(coordinator, sender="203-555-0144", note="The name is cut off.")
    page = coordinator.get(HERE).text
    assert "203-555-0144" in page
    assert "The name is cut off." in page
    assert "Casey" in page
    assert 'data-tab="scans">1<' in page
    assert '"scans":1' in ask((), (WANTS,))[0][WANTS]


@pytest.mark.parametrize(
    ("content", "known", "said"), [(b"MZ", {}, "no PDF"), (FAX, {"channel": "x"}, "how it came"), (FAX, {}, "already")]
)
def test_a_refused_scan_says_why_and_keeps_what_was_typed(
    coordinator: Browser, scan: Scan, content: bytes, known: dict[str, str], said: str
) -> None:
    answer = bring_in(coordinator, content, note="Somebody from Woodbury.", **known)
    assert answer.status_code in (409, 422)  # type: ignore[attr-defined]
    assert said in answer.text  # type: ignore[attr-defined]
    assert "Somebody from Woodbury." in answer.text  # type: ignore[attr-defined]


def test_looking_at_the_list_and_at_a_scan_is_on_record(coordinator: Browser, session: Session, scan: Scan) -> None:
    coordinator.get(HERE)
    answer = coordinator.get(f"{HERE}/{scan.id}/document")
    assert answer.content == FAX
    assert answer.headers["content-disposition"].startswith("attachment;")
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action.in_(("scans.listed", "scan.read")))).all()
    assert [(each.action, each.actor[:8]) for each in entries] == [("scans.listed", "account:"), ("scan.read", "account:")]


@pytest.mark.parametrize("role", ["clinician", "reviewer", "administrator"])
def test_who_takes_nobody_in_sees_no_scan_of_nobody(signed_in: Enter, scan: Scan, role: str) -> None:
    browser = signed_in(role)
    assert browser.get(HERE).status_code == 403
    assert browser.get(f"{HERE}/{scan.id}/document").status_code == 403
    assert browser.get(f"/console/new/referral?scan={scan.id}").status_code == 403


def test_an_auditor_looks_and_decides_nothing(signed_in: Enter, scan: Scan) -> None:
    browser = signed_in("auditor")
    page = browser.get(HERE).text
    assert "fax.pdf" in page
    assert "Put aside" not in page
    assert browser.form(f"{HERE}/{scan.id}/put-aside", page=HERE, reason="x").status_code == 403
    assert bring_in(browser).status_code == 403  # type: ignore[attr-defined]


def test_another_sites_form_brings_nothing_in(coordinator: Browser, session: Session) -> None:
    assert bring_in(coordinator, csrf="forged").status_code == 403  # type: ignore[attr-defined]
    assert session.scalar(select(func.count()).select_from(Scan)) == 0


def test_a_referral_is_typed_from_it_and_carries_it(coordinator: Browser, session: Session, scan: Scan) -> None:
    place = f"/console/new/referral?scan={scan.id}"
    page = coordinator.get(place).text
    assert "Noted when it came: A letter about ketamine; the name is cut off." in page
    assert 'value="Harbor Psychiatry, 203-555-0144"' in page
    fields = FAXED | {"csrf": hidden_fields(page, "csrf")[0], "scan": hidden_fields(page, "scan")[0]}
    answer = coordinator.post("/console/new/referral", data=fields, files={"attachments": ("", b"")}, follow_redirects=False)
    referral = session.scalars(select(Referral)).one()
    assert answer.headers["location"].endswith(referral.number)
    assert session.scalars(select(Attachment.referral_id)).one() == referral.id
    assert not waiting(session)[0]


def test_an_inquiry_is_typed_from_it_and_the_lead_has_it(coordinator: Browser, session: Session, scan: Scan) -> None:
    page = f"/console/new?scan={scan.id}"
    answer = coordinator.form("/console/new", page=page, scan=str(scan.id), **(ANA | {"channel": "fax"}))
    shown = coordinator.get(answer.headers["location"]).text
    lead = session.scalars(select(Lead)).one()
    assert f"/console/leads/{lead.number}/scans/{scan.id}" in shown
    assert "An inquiry was written from a scan" in shown


def test_what_is_missing_in_the_form_leaves_the_scan_where_it_is(coordinator: Browser, session: Session, scan: Scan) -> None:
    answer = coordinator.form("/console/new", page="/console/new", scan=str(scan.id), **(ANA | {"said_by": ""}))
    assert answer.status_code == 422
    assert hidden_fields(answer.text, "scan") == [str(scan.id)]
    assert len(waiting(session)[0]) == 1


def test_the_form_sent_twice_keeps_one_inquiry_and_loses_nothing_typed(coordinator: Browser, session: Session, scan: Scan) -> None:
    for _ in range(2):
        answer = coordinator.form("/console/new", page="/console/new", scan=str(scan.id), **ANA)
    assert answer.status_code == 404
    assert "somebody has decided" in answer.text
    assert "She asks for a first visit." in answer.text
    assert session.scalar(select(func.count()).select_from(Lead)) == 1


def test_typing_from_a_scan_is_a_look_at_it(coordinator: Browser, session: Session, scan: Scan) -> None:
    coordinator.get(f"/console/new/referral?scan={scan.id}")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "scan.read")).one()
    assert (entry.subject_id, entry.detail["purpose"]) == (scan.id, "typed-from")


@pytest.mark.parametrize("which", ["nonsense", "00000000-0000-7000-8000-000000000001"])
def test_a_form_from_no_scan_is_none(coordinator: Browser, which: str) -> None:
    assert coordinator.get(f"/console/new?scan={which}").status_code == 404


def test_given_to_a_lead_it_is_saved_from_there_and_taken_off_again(coordinator: Browser, session: Session, scan: Scan, lead: Lead) -> None:
    answer = coordinator.form(f"{HERE}/{scan.id}/give", page=HERE, number=lead.number)
    assert answer.headers["location"].startswith(f"/console/leads/{lead.number}?said=scan-given")
    here = f"/console/leads/{lead.number}/scans/{scan.id}"
    assert coordinator.get(here).content == FAX
    coordinator.form(f"{here}/not-theirs")
    assert not scans_of(session, lead.id)
    assert [each.id for each in waiting(session)[0]] == [scan.id]


def test_a_mistyped_number_is_said_to_be_one(coordinator: Browser, scan: Scan) -> None:
    for number in ("L-999999", "R-999999", "Ana"):
        answer = coordinator.form(f"{HERE}/{scan.id}/give", page=HERE, number=number)
        assert answer.status_code == 404
        assert f'value="{number}"' in answer.text


def test_put_aside_it_can_be_taken_back_from_the_toast_and_from_the_list(coordinator: Browser, session: Session, scan: Scan) -> None:
    answer = coordinator.form(f"{HERE}/{scan.id}/put-aside", page=HERE, reason="Meant for another clinic.")
    assert f'action="{HERE}/{scan.id}/take-up-again"' in coordinator.get(answer.headers["location"]).text
    aside = coordinator.get(f"{HERE}?list=aside").text
    assert "Meant for another clinic." in aside
    coordinator.form(f"{HERE}/{scan.id}/take-up-again", page=HERE)
    assert [len(found[0]) for found in (waiting(session), put_aside(session))] == [1, 0]


def test_it_is_put_aside_for_a_reason_only(coordinator: Browser, session: Session, scan: Scan) -> None:
    assert coordinator.form(f"{HERE}/{scan.id}/put-aside", page=HERE, reason=" ").status_code == 422
    assert len(waiting(session)[0]) == 1


def test_a_restricted_leads_scan_opens_with_the_record_only(coordinator: Browser, session: Session, scan: Scan, lead: Lead) -> None:
    give_to(session, scan.id, lead, actor=ACTOR)
    restrict(session, lead.person_id, reason="She works at our front desk.", actor=ACTOR, roles={"supervisor"})
    session.commit()
    here = f"/console/leads/{lead.number}/scans/{scan.id}"
    assert coordinator.get(here).status_code == 403
    assert coordinator.form(f"{here}/not-theirs", page=HERE, version=str(lead.version)).status_code == 403
    assert [each.id for each in scans_of(session, lead.id)] == [scan.id]


@pytest.mark.parametrize("aside", [False, True])
def test_more_leads_to_those_behind(
    coordinator: Browser, session: Session, scan: Scan, monkeypatch: pytest.MonkeyPatch, aside: bool
) -> None:
    monkeypatch.setattr(look, "A_PAGE", 1)
    other = make_scan(session, content=FAX + b" 2", name="other.pdf")
    if aside:
        for each in (scan, other):
            put_aside_by_hand(session, each.id, reason="x", actor=ACTOR)
    session.commit()
    first = coordinator.get(f"{HERE}{'?list=aside' if aside else ''}").text
    (more,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = coordinator.get(f"{HERE}{unescape(more)}").text
    assert sorted(re.findall(r'id="s-([^"]+)"', first + second)) == sorted([str(scan.id), str(other.id)])
