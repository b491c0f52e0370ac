"""A scan that names nobody is kept before anybody knows whose it is: known by its content, encrypted, and due like a promise."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.clock import now
from leads.errors import Conflict, Invalid
from leads.pipeline.deadlines import expected_by
from leads.scans.look import waiting
from leads.scans.settle import put_aside
from tests.cast import ACTOR
from tests.scans.cast import FAX, make_scan

pytestmark = pytest.mark.usefixtures("tuesday")


def test_it_waits_with_who_brought_it_since_when_and_until_when(session: Session) -> None:
    make_scan(session, office="woodbury")
    (scan,) = waiting(session)[0]
    assert (scan.brought_by, scan.brought_at, scan.expected_by) == (ACTOR, now(), expected_by("woodbury", now()))
    assert not scan.late


def test_it_is_late_once_the_promise_has_passed(session: Session, tuesday: object) -> None:
    scan = make_scan(session)
    tuesday(scan.expected_by - now())  # type: ignore[operator]
    assert not scan.late
    tuesday(scan.expected_by - now() + (scan.expected_by - scan.brought_at))  # type: ignore[operator]
    assert scan.late


def test_somebody_in_danger_is_owed_an_answer_at_once_and_stands_first(session: Session) -> None:
    make_scan(session).expected_by = now() - timedelta(days=2)
    urgent = make_scan(session, content=b"%PDF-1.4 she writes that she cannot go on", urgent=True)
    assert urgent.expected_by == now()
    assert waiting(session)[0][0].id == urgent.id


def test_what_a_file_says_of_itself_counts_for_nothing(session: Session) -> None:
    with pytest.raises(Invalid, match="no PDF, PNG or JPEG"):
        make_scan(session, content=b"<script>alert(1)</script>")
    assert make_scan(session, name="..\\evil.exe").name == "evil.exe.pdf"


def test_more_than_a_referral_may_have_is_refused(session: Session) -> None:
    with pytest.raises(Invalid, match="20 MB"):
        make_scan(session, content=b"%PDF-" + b"0" * (20 * 1024 * 1024))


@pytest.mark.parametrize("known", [{"channel": "pigeon"}, {"office": "atlantis"}, {"sender": "x" * 161}, {"note": "x" * 2001}])
def test_what_cannot_be_known_of_it_is_refused_by_name(session: Session, known: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        make_scan(session, **known)
    assert [each.field for each in refused.value.errors] == list(known)


def test_the_same_sheet_waits_once_and_may_come_again_when_it_was_decided(session: Session) -> None:
    first = make_scan(session)
    with pytest.raises(Conflict, match="already"):
        make_scan(session, name="other.pdf")
    put_aside(session, first.id, reason="A wrong number.", actor=ACTOR)
    session.flush()
    assert make_scan(session).id != first.id


def test_nothing_of_it_stands_in_the_database_in_clear(session: Session) -> None:
    make_scan(session)
    session.flush()
    row = str(session.execute(text("SELECT * FROM scans")).mappings().one())
    assert not [word for word in ("Harbor", "ketamine", "fax.pdf", FAX.decode()) if word in row]


def test_it_is_on_record_by_codes_only(session: Session) -> None:
    scan = make_scan(session)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.subject_id == scan.id)).one()
    assert (entry.action, entry.detail) == ("scan.brought_in", {"channel": "fax", "size": len(FAX), "urgent": False})
