"""What becomes of a scan: it hangs on whom it is about, or is put aside for a reason; once, and neither for good where it was wrong."""

import base64

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.errors import Conflict, Invalid, NotFound
from leads.loop.models import Attachment
from leads.referrals.attach import attachments_of
from leads.scans import settle
from leads.scans.look import put_aside, read, scans_of, waiting
from tests.cast import ACTOR, make_lead
from tests.loop.cast import make_referral
from tests.scans.cast import FAX, make_scan

pytestmark = pytest.mark.usefixtures("tuesday")


def test_a_referral_written_from_it_carries_it_and_it_is_kept_once(session: Session) -> None:
    scan, referral = make_scan(session, part2=True), make_referral(session)
    settle.became_referral(session, scan.id, referral, actor=ACTOR)
    attachment = session.scalars(select(Attachment)).one()
    assert base64.b64decode(attachment.content or "") == FAX
    assert (attachment.name, attachment.part2, scan.content, scan.lead_id) == ("fax.pdf", True, None, referral.lead_id)
    assert not waiting(session)[0]


def test_the_referrer_of_a_part_2_scan_does_not_find_it_in_the_portal(session: Session) -> None:
    referral = make_referral(session)
    settle.became_referral(session, make_scan(session, part2=True).id, referral, actor=ACTOR)
    assert attachments_of(session, referral.id, part2=False) == []


def test_given_to_a_lead_it_hangs_there_and_on_no_referral_of_theirs(session: Session) -> None:
    referral, scan = make_referral(session), make_scan(session)
    lead = make_lead(session)
    referral.lead_id = lead.id
    settle.give_to(session, scan.id, lead, actor=ACTOR)
    assert [each.id for each in scans_of(session, lead.id)] == [scan.id]
    assert attachments_of(session, referral.id) == []


def test_an_inquiry_written_from_it_has_it_too(session: Session) -> None:
    scan, lead = make_scan(session), make_lead(session)
    settle.became_inquiry(session, scan.id, lead, actor=ACTOR)
    assert read(session, scan.id, lead_id=lead.id, actor=ACTOR, purpose="console").content == FAX


def test_two_colleagues_decide_it_once(session: Session) -> None:
    scan = make_scan(session)
    settle.give_to(session, scan.id, make_lead(session), actor=ACTOR)
    with pytest.raises(Conflict, match="already decided"):
        settle.put_aside(session, scan.id, reason="A wrong number.", actor=ACTOR)


def test_it_is_put_aside_for_a_reason_only_and_stays(session: Session) -> None:
    scan = make_scan(session)
    with pytest.raises(Invalid, match="why"):
        settle.put_aside(session, scan.id, reason="  ", actor=ACTOR)
    settle.put_aside(session, scan.id, reason="Meant for another clinic.", actor=ACTOR)
    assert not waiting(session)[0]
    assert [each.reason for each in put_aside(session)[0]] == ["Meant for another clinic."]


def test_taken_up_again_it_waits_under_the_promise_it_came_with(session: Session) -> None:
    scan = make_scan(session)
    due = scan.expected_by
    settle.put_aside(session, scan.id, reason="Meant for another clinic.", actor=ACTOR)
    settle.take_up_again(session, scan.id, actor=ACTOR)
    assert (scan.expected_by, scan.reason, scan.outcome) == (due, None, None)
    assert [each.id for each in waiting(session)[0]] == [scan.id]
    with pytest.raises(Conflict):
        settle.take_up_again(session, scan.id, actor=ACTOR)


def test_a_sheet_that_came_again_meanwhile_does_not_wait_twice(session: Session) -> None:
    scan = make_scan(session)
    settle.put_aside(session, scan.id, reason="Meant for another clinic.", actor=ACTOR)
    session.flush()
    make_scan(session)
    with pytest.raises(Conflict, match="waits here already"):
        settle.take_up_again(session, scan.id, actor=ACTOR)


def test_a_scan_on_the_wrong_lead_waits_again(session: Session) -> None:
    scan, lead, other = make_scan(session), make_lead(session), make_lead(session)
    settle.give_to(session, scan.id, lead, actor=ACTOR)
    with pytest.raises(NotFound):
        settle.not_theirs(session, scan.id, other, actor=ACTOR)
    settle.not_theirs(session, scan.id, lead, actor=ACTOR)
    assert not scans_of(session, lead.id)
    assert [each.id for each in waiting(session)[0]] == [scan.id]


def test_each_step_is_on_record_with_the_lead_and_without_the_reason(session: Session) -> None:
    scan, lead = make_scan(session), make_lead(session)
    settle.put_aside(session, scan.id, reason="A wrong number.", actor=ACTOR)
    settle.take_up_again(session, scan.id, actor=ACTOR)
    settle.give_to(session, scan.id, lead, actor=ACTOR)
    entries = session.scalars(select(AuditEntry).where(AuditEntry.subject_id == scan.id).order_by(AuditEntry.id)).all()
    assert [(each.action, each.detail.get("outcome"), each.detail.get("lead")) for each in entries[1:]] == [
        ("scan.settled", "aside", None), ("scan.waits_again", None, None), ("scan.settled", "given", lead.number),
    ]  # fmt: skip
