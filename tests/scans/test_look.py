"""Looking at a scan is on record, for whoever it hangs on; lists come in pages and bring no content."""

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from leads.access.looked import LOOKS, all_about
from leads.audit.models import AuditEntry
from leads.errors import NotFound
from leads.people.models import Person
from leads.pipeline.models import Lead
from leads.pipeline.unite import unite
from leads.scans.look import A_PAGE, Place, look, read, scans_of, waiting
from leads.scans.settle import give_to
from tests.cast import ACTOR, make_confirmed_person, make_lead
from tests.scans.cast import make_scan

pytestmark = pytest.mark.usefixtures("tuesday")


def test_each_reading_says_who_and_for_what(session: Session) -> None:
    scan = make_scan(session)
    read(session, scan.id, actor=ACTOR, purpose="console")
    look(session, scan.id, actor=ACTOR, purpose="typed-from")
    looks = session.scalars(select(AuditEntry).where(AuditEntry.action == "scan.read").order_by(AuditEntry.id)).all()
    assert [(each.actor, each.detail["purpose"]) for each in looks] == [(ACTOR, "console"), (ACTOR, "typed-from")]
    assert "scan.read" in LOOKS


def test_looks_before_anybody_knew_whose_it_is_count_as_looks_at_them(session: Session) -> None:
    scan, lead = make_scan(session), make_lead(session)
    assert scan.id not in all_about(session, lead)
    give_to(session, scan.id, lead, actor=ACTOR)
    assert scan.id in all_about(session, lead)


def test_a_leads_scan_is_not_read_through_the_queue_nor_through_another_lead(session: Session) -> None:
    scan, lead, other = make_scan(session), make_lead(session), make_lead(session)
    give_to(session, scan.id, lead, actor=ACTOR)
    for lead_id in (None, other.id):
        with pytest.raises(NotFound):
            read(session, scan.id, lead_id=lead_id, actor=ACTOR, purpose="console")
    with pytest.raises(NotFound, match="somebody has decided"):
        look(session, scan.id, actor=ACTOR, purpose="typed-from")


def test_the_list_comes_in_pages_and_without_content(session: Session) -> None:
    for each in range(A_PAGE + 2):
        make_scan(session, content=b"%PDF- " + bytes([65 + each]), urgent=each % 9 == 0)
    session.flush()
    session.expunge_all()
    first, more = waiting(session)
    rest, none = waiting(session, after=Place.read(str(more)))
    assert (len(first), len(rest), none) == (A_PAGE, 2, None)
    assert "content_cell" in inspect(first[0]).unloaded
    assert not {each.id for each in first} & {each.id for each in rest}


@pytest.mark.parametrize("text", ["", "x", "2026-10-06T10:00:00~x", "2026-10-06T10:00:00~00000000-0000-7000-8000-000000000001"])
def test_a_place_that_is_none_begins_at_the_start(text: str) -> None:
    assert Place.read(text) is None


def test_it_goes_along_when_two_records_are_one_person(session: Session) -> None:
    ana = make_confirmed_person(session)
    again = make_confirmed_person(session, email="ana@example.org")
    kept, lead = make_lead(session, ana), make_lead(session, again)
    scan = make_scan(session)
    give_to(session, scan.id, lead, actor=ACTOR)
    made = unite(session, ana.id, again.id, actor=ACTOR)
    session.refresh(scan)
    goes_on = session.scalars(select(Lead).where(Lead.closed_at.is_(None))).one()
    assert session.get_one(Person, made.kept_id).id == goes_on.person_id
    assert [each.id for each in scans_of(session, goes_on.id)] == [scan.id]
    assert kept.id


def test_deciding_and_typing_from_it_read_no_content(session: Session) -> None:
    scan_id, lead = make_scan(session).id, make_lead(session)
    session.flush()
    session.expunge_all()
    shown = look(session, scan_id, actor=ACTOR, purpose="typed-from")
    given = give_to(session, scan_id, session.get_one(Lead, lead.id), actor=ACTOR)
    assert "content_cell" in inspect(shown).unloaded
    assert given.id == scan_id
