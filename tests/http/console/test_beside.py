"""A scan beside the form it is typed from: shown so that nothing in it runs, on record; and what was chosen once is not chosen twice."""

from collections.abc import Callable

import pytest
from httpx import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.loop.models import Attachment, Referral
from leads.pipeline.models import Lead
from leads.scans.look import scans_of, waiting
from leads.scans.models import Scan
from tests.http.console.conftest import Browser, hidden_fields
from tests.http.console.test_by_hand import ANA, FAXED, SCAN
from tests.scans.cast import FAX, make_scan

pytestmark = pytest.mark.usefixtures("tuesday")
REFERRAL, INQUIRY = "/console/new/referral", "/console/new"
Enter = Callable[..., Browser]
PNG = b"\x89PNG\r\n\x1a\n a page"


def send(browser: Browser, path: str, fields: dict[str, object], *files: tuple[str, bytes, str]) -> Response:
    """Send one of the two forms with its documents."""
    token = hidden_fields(browser.get(path).text, "csrf")[0]
    chosen = [("attachments", each) for each in files or [("", b"", "application/octet-stream")]]
    return browser.post(path, data={"csrf": token} | fields, files=chosen, follow_redirects=False)


@pytest.fixture
def scan(session: Session) -> Scan:
    """A fax that waits."""
    made = make_scan(session)
    session.commit()
    return made


def test_it_is_shown_so_that_nothing_in_it_runs_and_the_look_is_on_record(coordinator: Browser, session: Session, scan: Scan) -> None:
    answer = coordinator.get(f"/console/scans/{scan.id}/shown")
    policy = answer.headers["content-security-policy"]
    assert (answer.content, answer.headers["content-type"]) == (FAX, "application/pdf")
    assert policy == "sandbox; default-src 'none'; frame-ancestors 'self'"
    assert answer.headers["content-disposition"].startswith("inline;")
    assert (answer.headers["x-content-type-options"], answer.headers["cache-control"]) == ("nosniff", "no-store")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "scan.read")).one()
    assert (entry.subject_id, entry.detail["purpose"]) == (scan.id, "shown")


def test_what_is_saved_still_opens_in_no_frame(coordinator: Browser, scan: Scan) -> None:
    answer = coordinator.get(f"/console/scans/{scan.id}/document")
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert "frame-ancestors" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", [REFERRAL, INQUIRY])
def test_the_form_has_it_beside_it(coordinator: Browser, scan: Scan, path: str) -> None:
    page = coordinator.get(f"{path}?scan={scan.id}").text
    assert f'<iframe src="/console/scans/{scan.id}/shown#' in page
    assert f'href="/console/scans/{scan.id}/document"' in page


def test_the_list_shows_an_image_as_one(coordinator: Browser, session: Session) -> None:
    photo = make_scan(session, content=PNG, name="photo.png")
    session.commit()
    assert f'<img src="/console/scans/{photo.id}/shown" alt="The scan photo.png" loading="lazy">' in coordinator.get("/console/scans").text


def test_a_refused_referral_keeps_its_file_and_is_sent_without_choosing_it_again(coordinator: Browser, session: Session) -> None:
    refused = send(coordinator, REFERRAL, FAXED | {"provider.npi": "1234567890"}, SCAN)
    assert refused.status_code == 422
    assert "Two trials without success." in refused.text
    (kept,) = hidden_fields(refused.text, "scan")
    assert f'<iframe src="/console/scans/{kept}/shown#' in refused.text
    assert send(coordinator, REFERRAL, FAXED | {"scan": kept}).status_code == 303
    assert session.scalars(select(Attachment)).one().name == "fax.pdf"
    assert not waiting(session)[0]


def test_several_files_are_kept_each_and_one_can_be_left_out(coordinator: Browser, session: Session) -> None:
    refused = send(coordinator, REFERRAL, FAXED | {"said_by": ""}, SCAN, ("photo.png", PNG, "image/png"))
    first, second = hidden_fields(refused.text, "scan")
    assert send(coordinator, REFERRAL, FAXED | {"scan": [first]}).status_code == 303
    assert [str(each.id) for each in waiting(session)[0]] == [second]


def test_refused_twice_it_waits_once(coordinator: Browser, session: Session) -> None:
    for _ in range(2):
        refused = send(coordinator, REFERRAL, FAXED | {"said_by": ""}, SCAN)
    assert len(hidden_fields(refused.text, "scan")) == 1
    assert session.scalar(select(func.count()).select_from(Scan)) == 1


def test_what_is_no_document_is_named_and_not_kept(coordinator: Browser, session: Session) -> None:
    refused = send(coordinator, REFERRAL, FAXED, ("run.exe", b"MZ", "application/pdf"))
    assert refused.status_code == 422
    assert "run.exe" in refused.text
    assert session.scalar(select(func.count()).select_from(Scan)) == 0


def test_an_inquiry_is_typed_and_its_scan_hangs_on_its_lead_in_one_step(coordinator: Browser, session: Session) -> None:
    assert send(coordinator, INQUIRY, ANA | {"channel": "fax"}, SCAN).status_code == 303
    lead = session.scalars(select(Lead)).one()
    (theirs,) = scans_of(session, lead.id)
    assert (theirs.name, theirs.note, theirs.outcome) == ("fax.pdf", None, "inquiry")


def test_a_refused_inquiry_keeps_its_file(coordinator: Browser, session: Session) -> None:
    refused = send(coordinator, INQUIRY, ANA | {"said_by": ""}, SCAN)
    (kept,) = hidden_fields(refused.text, "scan")
    assert send(coordinator, INQUIRY, ANA | {"scan": kept}).status_code == 303
    assert [str(each.id) for each in scans_of(session, session.scalars(select(Lead)).one().id)] == [kept]


def test_what_is_never_sent_again_waits_among_the_scans(coordinator: Browser, session: Session) -> None:
    send(coordinator, REFERRAL, FAXED | {"said_by": "", "current_risk": "yes"}, SCAN)
    (left,) = waiting(session)[0]
    assert (left.urgent, left.note) == (True, "It was chosen for a form that is not finished yet.")


def test_who_sees_no_scan_of_nobody_goes_on_from_their_own(signed_in: Enter, session: Session, scan: Scan) -> None:
    browser = signed_in("clinician")
    refused = send(browser, REFERRAL, FAXED | {"said_by": ""}, ("own.pdf", b"%PDF- own", "application/pdf"))
    (kept,) = hidden_fields(refused.text, "scan")
    assert browser.get(f"/console/scans/{kept}/shown").status_code == 200
    assert browser.get(f"/console/scans/{scan.id}/shown").status_code == 403
    assert send(browser, REFERRAL, FAXED | {"scan": kept}).status_code == 303
    assert session.scalars(select(Referral)).one()


def test_the_sheet_that_waits_already_is_not_brought_to_who_may_not_see_it(signed_in: Enter, session: Session, scan: Scan) -> None:
    refused = send(signed_in("clinician"), REFERRAL, FAXED | {"said_by": ""}, ("fax.pdf", FAX, "application/pdf"))
    assert hidden_fields(refused.text, "scan") == []
    assert "fax.pdf" in refused.text
