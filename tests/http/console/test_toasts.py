"""Each act that no button takes back says in a toast what was done: it leads to a page whose address has words that we know."""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.models import Appointment, CalendarBlock
from leads.clock import now
from leads.consent.ledger import NOT_SAFE, hold, suppress
from leads.http.console.shell import SAID
from leads.inbound.mail_models import InboundMail
from leads.inquiries.receive import quarantine
from leads.loop.models import Referral
from leads.people.models import Merge, MergeSuggestion
from leads.pipeline.models import Lead
from leads.referrals.answer import withdraw
from leads.referrals.receive import receive
from tests.appointments.visits import ready
from tests.appointments.visits import slot as time_at
from tests.cast import make_confirmed_person, make_lead, raw_submission
from tests.http.console.conftest import Browser
from tests.http.console.test_by_hand import ANA, FAXED
from tests.http.console.test_in_doubt import doubt
from tests.http.console.test_inbox import mail as inbound
from tests.http.console.test_lead_mail import note, planned
from tests.http.console.test_mails import at as at_mail
from tests.http.console.test_referrals import CALL, TURN_DOWN, known, lead_of, strange
from tests.http.console.test_screening import fill, staffed
from tests.http.console.test_standing import at, merged, pair
from tests.http.console.test_visits import act, choose
from tests.loop.cast import bring_to, make_other_practice, make_referral
from tests.referrals.cast import by_key, make_key
from tests.referrals.cast import referral as submitted

__all__ = ["inbound", "known", "pair", "staffed", "strange"]
ALL = ("coordinator", "clinician", "supervisor")
TYPED: Mapping[str, Mapping[str, str]] = {
    "confirm": {"evidence": "Ana, on the phone."},
    "safe-again": {"spoken": "Ana, on her own phone."},
    "agreed": {"contact": "yes", "agreed_evidence": "Ana, on the phone."},
    "never-contact": {"why_never": "never-contact", "never_evidence": "Her sister called."},
    "never-contact/take-back": {"never_evidence": "She called."},
    "cannot-reach": {"to_patient": "none"},
    "release": {"found": "not-about-them", "disposition": "Spoke with her, she is well."},
    "restrict": {"reason": "She works here."},
    "unrestrict": {},
}


def toast(answer: Response) -> str:
    """The words by which a form's answer leads on; fails where it has none, or none that we know."""
    assert answer.status_code == 303, answer.text
    (code,) = parse_qs(urlsplit(answer.headers["location"]).query)["said"]
    return SAID[code]


@pytest.fixture
def anybody(signed_in: Callable[..., Browser]) -> Browser:
    """Somebody who may do everything."""
    return signed_in(*ALL)


def referred(browser: Browser, session: Session, referral: Referral, verb: str, **typed: str) -> str:
    """Send one of a referral's forms; return the toast."""
    session.commit()
    path = f"{at(lead_of(session, referral))}/referrals/{referral.number}/{verb}"
    answer = browser.form(path, **({"referral_version": str(referral.version)} | typed))
    session.expire_all()
    return toast(answer)


@pytest.mark.parametrize(
    ("verbs", "words"),
    [
        (["confirm"], "is confirmed"),
        (["safe-again"], "Mails may go to them again"),
        (["agreed"], "Written down"),
        (["never-contact"], "stopped for good"),
        (["never-contact", "never-contact/take-back"], "contacted again"),
        (["cannot-reach"], "nobody could reach them"),
        (["release"], "hold is released"),
        (["restrict"], "is restricted"),
        (["restrict", "unrestrict"], "open to all"),
    ],
)
def test_what_concerns_the_person(anybody: Browser, session: Session, lead: Lead, verbs: list[str], words: str) -> None:
    if verbs == ["safe-again"]:
        suppress(session, person_id=lead.person_id, address_index=None, reason=NOT_SAFE, actor="system")
    if verbs == ["release"]:
        hold(session, lead.person_id, reason="disclosure")
    session.commit()
    said = [toast(anybody.form(at(lead, verb), **TYPED[verb])) for verb in verbs]
    assert words in said[-1]


def test_a_merge_that_is_taken_apart(anybody: Browser, session: Session, pair: MergeSuggestion) -> None:
    place = merged(anybody, pair)
    made = session.scalars(select(Merge)).one()
    own = urlsplit(place).path
    assert "Taken apart" in toast(anybody.form(f"{own}/unmerge", merge_id=str(made.id)))


def test_a_visit_from_its_offer_to_its_end(anybody: Browser, session: Session, tuesday: Callable[..., None]) -> None:
    lead = ready(session)
    session.commit()
    slots = [f"clinician-a|{time_at(hour).starts_at.isoformat()}" for hour in (9, 10, 11)]
    said = [toast(choose(anybody, lead, "offer", slots[0]))]
    visit = session.scalars(select(Appointment).execution_options(populate_existing=True)).one()
    said += [toast(act(anybody, visit, lead, "confirm")), toast(choose(anybody, lead, "move", slots[1]))]
    session.refresh(visit)
    said += [toast(act(anybody, visit, lead, "cancel", reason="They have a cold.")), toast(choose(anybody, lead, "book", slots[2]))]
    begins = ("The time is offered", "The visit is confirmed", "The visit has another", "The visit is cancelled", "The visit is booked")
    assert [words.startswith(begin) for words, begin in zip(said, begins, strict=True)] == [True] * 5


@pytest.mark.parametrize(("what", "words"), [("attended", "They came"), ("no-show", "They did not come")])
def test_how_a_visit_went(anybody: Browser, session: Session, tuesday: Callable[..., None], what: str, words: str) -> None:
    lead = ready(session)
    session.commit()
    choose(anybody, lead, "book", f"clinician-a|{time_at(9).starts_at.isoformat()}")
    visit = session.scalars(select(Appointment)).one()
    tuesday(visit.ends_at - now())
    assert toast(act(anybody, visit, lead, what)).startswith(words)


@pytest.mark.parametrize(
    ("state", "verb", "typed", "words"),
    [
        ("received", "ask", {"missing": "Medication list"}, "The referrer is asked"),
        ("needs_information", "go-on", {}, "goes on without"),
        ("received", "decline", TURN_DOWN, "Declined"),
        ("declined", "reopen", {"to_referrer": "The trial is done."}, "Taken up again"),
        ("accepted", "hand-on", {"destination": "hospital", "close_as": "chose-other-care"}, "Handed on"),
        ("withdrawn", "confirm-withdrawal", {}, "withdrawal is confirmed"),
    ],
)
def test_a_referral(anybody: Browser, session: Session, known: Referral, state: str, verb: str, typed: dict[str, str], words: str) -> None:
    if state == "withdrawn":
        withdraw(session, known, "Moved to Maine", actor="provider:1")
    elif state != "received":
        bring_to(session, known, state)
    assert words in referred(anybody, session, known, verb, **typed)


@pytest.mark.parametrize(("verb", "typed"), [("verify", {"read_back": "rivera@riverside.test"} | CALL), ("not-theirs", {})])
def test_a_sender_nobody_knew(anybody: Browser, session: Session, strange: Referral, verb: str, typed: dict[str, str]) -> None:
    assert "sender" in referred(anybody, session, strange, verb, **typed)


def test_a_referral_that_catches_up_with_its_lead(anybody: Browser, session: Session, known: Referral) -> None:
    anybody.form(f"{at(lead_of(session, known))}/move", to="contacted")
    session.expire_all()
    second = make_referral(session, lead=lead_of(session, known), at=make_other_practice(session))
    assert "where its lead is" in referred(anybody, session, second, "accept")


@pytest.mark.parametrize(("to", "words"), [("take-in", "Taken in"), ("put-aside", "Left as it stood")])
def test_a_changed_referral(anybody: Browser, session: Session, tuesday: object, to: str, words: str) -> None:
    key = make_key(session)
    first, changed = (receive(session, submitted(**more), by_key(key)) for more in ({}, {"reason": "A third trial failed."}))
    referral = session.get_one(Referral, first.id)
    assert words in referred(anybody, session, referral, f"amendments/{changed.amendment_id}", to=to)


def test_news_of_a_visit_for_the_referrer(anybody: Browser, session: Session, known: Referral) -> None:
    bring_to(session, known, "booked")
    lead_of(session, known).stage = "booked"
    session.commit()
    own = at(lead_of(session, known))
    assert "other time" in toast(anybody.form(f"{own}/visit-moved", moved_to="2026-10-20T10:30"))
    assert "was missed" in toast(anybody.form(f"{own}/visit-missed"))


@pytest.mark.usefixtures("staffed")
def test_a_screening_and_its_link(anybody: Browser, session: Session, tuesday: object) -> None:
    lead = make_lead(session, make_confirmed_person(session), stage="screening")
    session.commit()
    assert "link to the questions" in toast(anybody.form(at(lead, "screening/link")))
    screening = fill(session, lead)
    assert "looked at it" in toast(anybody.form(at(lead, f"screening/{screening.id}/reviewed")))


def test_mails_that_are_rewritten_and_settled(anybody: Browser, session: Session, lead: Lead) -> None:
    note(anybody, lead)
    assert "your words now" in toast(anybody.form(at_mail(lead, planned(session, lead)[0], "rewrite"), note_text="Other words."))
    unknown, failed = doubt(session, lead), doubt(session, lead, "still-here", "failed")
    session.commit()
    assert "Settled" in toast(anybody.form(at_mail(lead, unknown, "settle"), verdict="sent"))
    assert "Settled" in toast(anybody.form(at_mail(lead, failed, "failed"), verdict="not-needed"))


def test_what_is_let_in_or_given_to_a_lead(anybody: Browser, session: Session, lead: Lead, inbound: InboundMail) -> None:
    kept = quarantine(session, raw_submission(), channel="page", why="honeypot")
    session.commit()
    assert "Let in" in toast(anybody.form(f"/console/quarantine/{kept.id}/let-in", page="/console/quarantine"))
    assert "stands on this lead" in toast(anybody.form(f"/console/inbox/{inbound.id}/give", page="/console/inbox", number=lead.number))


def test_time_that_is_blocked_and_freed(anybody: Browser, session: Session, tuesday: object) -> None:
    here = "/console/visits?office=new-haven&span=week&from=2026-10-12"
    given = {"calendar": "clinician-a", "starts": "2026-10-13T09:00", "ends": "2026-10-13T12:00", "reason": "Training"}
    assert "blocked" in toast(anybody.form(here.replace("/visits?", "/visits/blocks?"), page=here, **given))
    block = session.scalars(select(CalendarBlock.id)).one()
    assert "free again" in toast(anybody.form(f"/console/visits/blocks/{block}/lift", page=here))


@pytest.mark.parametrize(("path", "typed"), [("/console/new", ANA), ("/console/new/referral", FAXED)])
def test_what_is_taken_down_by_hand(anybody: Browser, tuesday: object, path: str, typed: dict[str, str]) -> None:
    assert "is kept: this is its lead" in toast(anybody.form(path, page=path, **typed))
