"""What a coordinator presses, and what then lies in the referrer's mailbox: each change once, and nothing of the patient in it."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from leads.clock import now
from leads.db import transaction
from leads.loop.models import Referral
from leads.messages.carriers.base import Carrier
from leads.messages.carriers.known import open_carrier
from leads.messages.deliver import drain
from leads.messages.models import LANES
from leads.pipeline.models import Lead
from leads.referrals.answer import withdraw
from leads.referrals.receive import receive
from tests.accounts.cast import make_account
from tests.conftest import Mailbox
from tests.http.console.conftest import Browser
from tests.referrals.cast import by_key, make_key
from tests.referrals.cast import referral as submitted

pytestmark = pytest.mark.committed
RIVERA, FRONT, PARK = "rivera@riverside.test", "front@riverside.test", "park@harbor.test"
RECEIVED, TAKEN, BOOKED, KEPT = "We received what you sent us", "We have taken it up", "A date has been set", "The date was kept"
DECLINED, CLOSED, PASSED_ON, MISSING = "We cannot take it up", "It is closed", "We have passed it on", "We need something more from you"
NO_MAIL = {"to_patient": "none", "why_none": "Their own clinician tells them."}
TURN_DOWN = {"why_code": "other-care-first", "destination": "psychiatry"} | NO_MAIL
WAY = ("screening", "qualified", "booked", "in_care")


class Office:
    """Casey at the console, and the two mailboxes of whoever referred."""

    def __init__(self, browser: Browser, mailbox: Mailbox, carrier: Carrier) -> None:
        self.browser, self.mailbox, self.carrier = browser, mailbox, carrier

    def move(self, referral: Referral, *stages: str, **fields: str) -> None:
        """Press the lead's buttons, one stage after another."""
        for stage in stages:
            if stage == "booked":
                # A lead becomes booked with its visit: this one is later on the same day.
                self.send(f"{self.path(referral)}/visit/choose", act="book-typed", office="new-haven", typed_at="2026-10-06T15:00")
            else:
                self.send(f"{self.path(referral)}/move", to=stage, **fields)

    def press(self, referral: Referral, verb: str, **fields: str) -> None:
        """Press one of the referral's own."""
        with transaction() as session:
            version = str(session.get_one(Referral, referral.id).version)
        self.send(f"{self.path(referral)}/referrals/{referral.number}/{verb}", referral_version=version, **fields)

    def subjects(self, address: str) -> list[str]:
        """Let the mail go out, and look into a mailbox."""
        while drain(LANES, carrier=self.carrier):
            pass
        return [mail.subject for mail in self.mailbox.messages if mail.envelope_to == address]

    def state(self, referral: Referral) -> str:
        """Where the referral stands."""
        with transaction() as session:
            return session.get_one(Referral, referral.id).state

    def send(self, path: str, **fields: str) -> None:
        """Send one of the pages' forms."""
        answered = self.browser.form(path, **fields)
        assert answered.status_code == 303, answered.text

    def path(self, referral: Referral) -> str:
        """The address of the referral's lead."""
        with transaction() as session:
            return f"/console/leads/{session.get_one(Lead, referral.lead_id).number}"


@pytest.fixture
def office(database: None, browser: Browser, mailbox: Mailbox, tuesday: object) -> Iterator[Office]:
    """An open office, with somebody in it who may do everything."""
    with transaction() as session:
        casey = make_account(session, "coordinator", "clinician")
        session.flush()
        session.expunge(casey)
    assert browser.sign_in(casey).status_code == 303
    carrier = open_carrier()
    yield Office(browser, mailbox, carrier)
    carrier.close()


def sent(practice: str = "Riverside Psychiatry", **changes: object) -> Referral:
    """A referral that came by a practice's key; the clinician and their front desk are on file."""
    with transaction() as session:
        receipt = receive(session, submitted(**changes), by_key(make_key(session, practice)))
        referral = session.get_one(Referral, receipt.id)
        session.flush()
        session.expunge(referral)
    return referral


def by_another() -> Referral:
    """The same patient, sent by a second practice."""
    who = {"npi": "1993999998", "family_name": "Park", "practice": "Harbor Family Medicine", "email": PARK}
    return sent("Harbor Family Medicine", provider=who, submitted_by=None)


@pytest.mark.parametrize(
    ("stages", "state", "told"),
    [
        ((), "received", []),
        (("contacted",), "accepted", [TAKEN]),
        (WAY[:1], "accepted", [TAKEN]),
        (WAY[:2], "accepted", [TAKEN]),
        (WAY[:3], "booked", [TAKEN, BOOKED]),
        (WAY, "attended", [TAKEN, BOOKED, KEPT]),
    ],
    ids=["new", "contacted", "screening", "qualified", "booked", "in_care"],
)
def test_a_leads_stage_is_its_referrals_state_and_both_mailboxes_hear_once(
    office: Office, stages: tuple[str, ...], state: str, told: list[str]
) -> None:
    referral = sent()
    office.move(referral, *stages)
    assert office.state(referral) == state
    assert office.subjects(RIVERA) == [RECEIVED, *told]
    assert office.subjects(FRONT) == [RECEIVED, *told]


@pytest.mark.parametrize(("outcome", "state", "told"), [("not-a-fit", "declined", DECLINED), ("started-care", "closed", CLOSED)])
def test_a_closed_lead_is_declined_or_closed_by_its_outcome(office: Office, outcome: str, state: str, told: str) -> None:
    referral = sent()
    office.move(referral, "contacted")
    office.move(referral, "closed", outcome=outcome)
    assert office.state(referral) == state
    assert office.subjects(RIVERA) == [RECEIVED, TAKEN, told]


def test_accepted_and_nobody_was_told(office: Office) -> None:
    first, second = sent(), by_another()
    assert first.lead_id == second.lead_id
    office.move(first, "contacted")
    assert office.subjects(RIVERA) == [RECEIVED, TAKEN]
    assert office.subjects(PARK) == [RECEIVED, TAKEN]


def test_declined_after_hand_over_and_the_first_referrer_heard_nothing(office: Office) -> None:
    first = sent()
    office.move(first, "contacted")
    office.press(first, "hand-on", destination="psychiatry", close_as="chose-other-care")
    second = by_another()
    office.press(second, "decline", **TURN_DOWN)
    assert office.subjects(RIVERA) == [RECEIVED, TAKEN, PASSED_ON]
    assert office.subjects(PARK) == [RECEIVED, DECLINED]


def test_one_referrers_end_is_not_told_to_the_other_nor_undone_by_their_news(office: Office) -> None:
    first, second = sent(), by_another()
    office.press(first, "decline", **TURN_DOWN)
    office.move(second, *WAY[:3])
    assert office.subjects(RIVERA) == [RECEIVED, DECLINED]
    assert office.subjects(PARK) == [RECEIVED, TAKEN, BOOKED]


def test_reopening_a_closed_referral_lost_when_it_was_closed_first(office: Office, tuesday: Callable[[timedelta], None]) -> None:
    referral, first = sent(), now()
    office.press(referral, "decline", **TURN_DOWN)
    tuesday(timedelta(days=2))
    office.press(referral, "reopen", to_referrer="The trial that came first is done.")
    assert office.subjects(RIVERA) == [RECEIVED, DECLINED, TAKEN]
    with transaction() as session:
        kept = session.get_one(Referral, referral.id)
        assert (kept.first_closed_at, kept.first_closed_as, kept.closed_at) == (first, "declined", None)


def test_every_referrer_visible_change_tells_the_referrer_once(office: Office) -> None:
    referral = sent()
    office.press(referral, "ask", missing="Medication list")
    office.subjects(RIVERA)
    office.press(referral, "go-on")
    office.move(referral, *WAY[:3])
    office.send(f"{office.path(referral)}/visit-moved", moved_to="2026-10-20T10:30")
    office.send(f"{office.path(referral)}/visit-missed")
    office.move(referral, "qualified", reason="Called off")
    office.move(referral, "closed", outcome="chose-other-care")
    moved, missed = "The date has changed", "The date was not kept"
    assert office.subjects(RIVERA) == [RECEIVED, MISSING, TAKEN, BOOKED, moved, missed, CLOSED]


def test_a_withdrawal_is_answered(office: Office) -> None:
    referral = sent()
    with transaction() as session:
        withdraw(session, session.get_one(Referral, referral.id), "Moved away", actor="provider:1")
    office.press(referral, "confirm-withdrawal", close_as="chose-other-care")
    assert office.subjects(RIVERA) == [RECEIVED, CLOSED]


def test_no_mail_to_a_referrer_names_the_patient_or_what_it_is_about(office: Office) -> None:
    referral = sent()
    office.press(referral, "ask", missing="Medication list")
    office.press(referral, "decline", **TURN_DOWN)
    office.subjects(RIVERA)
    theirs = [mail for mail in office.mailbox.messages if mail.envelope_to in (RIVERA, FRONT)]
    assert len(theirs) == 4
    for mail in theirs:
        assert referral.number in mail.text
        assert not [word for word in ("Jordan", "Doe", "depress", "Medication", "psychiatry") if word in mail.text.replace(RIVERA, "")]
