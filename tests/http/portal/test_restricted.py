"""A record that is restricted here stands in its sender's portal as ever; who looks there is seen by our supervisors."""

import re

from sqlalchemy.orm import Session

from leads.access.outside import looks_from_outside
from leads.access.restrict import lift, restrict
from leads.loop.models import Referral
from tests.cast import ACTOR
from tests.http.portal.conftest import Browser

SUPERVISOR = {"supervisor"}


def close(session: Session, kept: Referral) -> None:
    """Restrict the record of who was referred."""
    restrict(session, kept.person_id, reason="She works at our front desk.", actor=ACTOR, roles=SUPERVISOR)
    session.commit()


def plain(page: str) -> str:
    """A page without the token of its forms."""
    return re.sub(r'name="csrf" value="[^"]*"', "", page)


def test_lists_search_and_page_are_what_they_were(session: Session, portal: Browser, kept: Referral) -> None:
    ways = ("/portal", f"/portal/referrals/{kept.number}")
    before = [plain(portal.get(way).text) for way in ways]
    close(session, kept)
    assert [plain(portal.get(way).text) for way in ways] == before
    assert portal.form("/portal/find", q="doe").headers["location"].endswith(kept.number)


def test_who_looked_is_told_by_lead_and_number_of_times(session: Session, portal: Browser, kept: Referral) -> None:
    portal.get(f"/portal/referrals/{kept.number}")
    close(session, kept)
    assert not looks_from_outside(session)
    for way in ("/portal", f"/portal/referrals/{kept.number}"):
        portal.get(way)
    (looked,) = looks_from_outside(session)
    assert (looked.lead.id, looked.times, looked.actor.partition(":")[0]) == (kept.lead_id, 2, "provider")


def test_looks_at_a_record_that_is_open_again_are_no_matter_of_supervisors(session: Session, portal: Browser, kept: Referral) -> None:
    close(session, kept)
    portal.get("/portal")
    lift(session, kept.person_id, actor=ACTOR, roles=SUPERVISOR)
    assert not looks_from_outside(session)
