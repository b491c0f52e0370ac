"""An address somebody typed is not yet the person's: whichever way it came in, one fixed mail, and the sequence only after a yes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import frozen, now, real_now
from leads.consent.ledger import is_confirmed
from leads.consent.may_email import Kind, may_email
from leads.consent.models import Confirmation
from leads.errors import Invalid
from leads.inquiries.receive import Arrival, let_in, quarantine, receive
from leads.loop.models import Referral
from leads.messages.models import Message
from leads.people.match import email_index
from leads.people.models import Person
from leads.pipeline.confirm import confirm_address
from leads.pipeline.models import Lead
from leads.referrals.believe import believe
from leads.referrals.receive import Arrival as ReferralArrival
from leads.referrals.receive import receive as receive_referral
from leads.sequences.models import Enrolment
from tests.cast import ACTOR, make_confirmed_person, make_person, raw_submission, submission
from tests.loop.cast import CALLED
from tests.referrals.cast import make_referral, of_patient
from tests.referrals.cast import referral as referred

Way = Callable[[Session], None]
pytestmark = pytest.mark.usefixtures("tuesday")
LESSON = Kind("education", "education", 2)
FIXED = {"inquiry-received", "referral-welcome"}


def through(channel: str) -> Way:
    return lambda session: receive(session, submission(), Arrival(channel)) and None


def let_in_by_hand(session: Session) -> None:
    let_in(session, quarantine(session, raw_submission(), channel="page", why="too-fast").id, actor=ACTOR)


def believed(session: Session) -> None:
    stranger = receive_referral(session, referred(), ReferralArrival("form"))
    believe(session, session.get_one(Referral, stranger.id), CALLED, email="rivera@riverside.test", actor=ACTOR)


WAYS: dict[str, Way] = {
    "the page": through("page"),
    "the embedded form": through("embed"),
    "a connected system": through("api"),
    "the quarantine": let_in_by_hand,
    "a practice's referral": lambda session: make_referral(session) and None,
    "a stranger's referral, believed": believed,
}


@pytest.fixture(params=WAYS)
def came(request: pytest.FixtureRequest, session: Session) -> Lead:
    """A lead whose address nobody has proved yet."""
    WAYS[request.param](session)
    session.flush()
    return session.scalars(select(Lead)).one()


def started(session: Session) -> list[str]:
    session.flush()
    return list(session.scalars(select(Enrolment.sequence_key).where(Enrolment.person_id.is_not(None))))


def to_the_person(session: Session) -> list[tuple[str, str]]:
    session.flush()
    rows = session.execute(select(Message.template, Message.state).where(Message.person_id.is_not(None)).order_by(Message.id))
    return [(template, state) for template, state in rows]


def test_until_somebody_says_yes_one_fixed_mail_goes_and_no_other_may(session: Session, came: Lead) -> None:
    assert started(session) == []
    (sent,) = to_the_person(session)
    assert sent in {(template, "planned") for template in FIXED}
    person = session.get_one(Person, came.person_id)
    assert may_email(session, person.id, person.email_index, LESSON) == "unconfirmed"


@pytest.mark.parametrize(("method", "evidence"), [("button", None), ("reply", "Answered message 1"), ("spoken", "Ana, by phone, today")])
def test_the_button_a_reply_or_a_colleagues_word_begins_it_with_its_proof(
    session: Session, came: Lead, method: str, evidence: str | None
) -> None:
    for _ in range(2):
        confirm_address(session, came.id, method=method, actor=ACTOR, evidence=evidence)
    assert started(session) == ["new-inquiry"]
    proof = session.scalars(select(Confirmation)).one()
    assert (proof.method, proof.evidence, proof.at) == (method, evidence, now())


def test_a_colleagues_word_without_who_said_it_is_none(session: Session, came: Lead) -> None:
    with pytest.raises(Invalid, match="who confirmed"):
        confirm_address(session, came.id, method="spoken", actor=ACTOR, evidence=" ")
    assert started(session) == []


def test_a_strangers_referral_mails_no_patient_at_all(session: Session) -> None:
    receive_referral(session, referred(), ReferralArrival("form"))
    assert to_the_person(session) == []
    assert started(session) == []


def test_who_wrote_for_somebody_else_is_answered_once_and_put_into_no_sequence(session: Session) -> None:
    receive(session, submission(for_whom="someone_else"), Arrival("page"))
    lead = session.scalars(select(Lead)).one()
    confirm_address(session, lead.id, method="button", actor=ACTOR)
    assert to_the_person(session) == [("inquiry-received", "planned")]
    assert started(session) == []


def test_typing_an_address_again_confirms_nothing(session: Session) -> None:
    for _ in range(2):
        receive(session, submission(), Arrival("page"))
    person = session.scalars(select(Person)).one()
    assert not is_confirmed(session, person.id, person.email_index)
    assert started(session) == []


def test_one_persons_yes_does_not_count_for_another_at_the_same_address(session: Session) -> None:
    make_confirmed_person(session)
    receive(session, submission(given_name="Luis", phone="203-555-0177", birth_date="1980-01-01"), Arrival("page"))
    luis = session.scalars(select(Person).order_by(Person.created_at.desc(), Person.id.desc())).first()
    assert luis
    assert not is_confirmed(session, luis.id, luis.email_index)
    assert started(session) == []


def test_a_yes_for_an_old_address_does_not_count_for_a_new_one(session: Session) -> None:
    person = make_confirmed_person(session)
    person.email, person.email_index = "new@example.com", email_index("new@example.com")
    session.flush()
    assert may_email(session, person.id, person.email_index, LESSON) == "unconfirmed"


def test_a_referral_to_somebody_confirmed_begins_at_once(session: Session) -> None:
    make_confirmed_person(session, given_name="Jordan", family_name="Doe", email="jordan@example.com", grants=())
    make_referral(session)
    assert started(session) == ["new-inquiry"]


def test_forms_of_both_kinds_share_one_limit_and_what_is_not_sent_says_why(session: Session) -> None:
    for number in range(2):
        receive(session, submission(given_name=f"Bot{number}", phone=None, birth_date=None, email="jordan@example.com"), Arrival("page"))
    make_referral(session, patient=of_patient(email="jordan@example.com"))
    rows = session.execute(select(Message.template, Message.state, Message.reason).where(Message.person_id.is_not(None)))
    assert ("referral-welcome", "skipped", "recipient-limit") in {tuple(row) for row in rows}


def test_a_referral_counts_for_the_inquiries_after_it(session: Session) -> None:
    make_referral(session)
    for number in range(2):
        receive(session, submission(given_name=f"Bot{number}", phone=None, birth_date=None, email="jordan@example.com"), Arrival("page"))
    assert [state for _, state in to_the_person(session)] == ["planned", "planned", "skipped"]


def test_no_more_than_five_go_to_an_address_in_a_day(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = real_now()
    for number in range(7):
        monkeypatch.setattr("leads.accounts.throttle.real_now", lambda hours=number: begun + timedelta(hours=2 * hours))
        receive(session, submission(given_name=f"Bot{number}", phone=None, birth_date=None), Arrival("page"))
    assert [state for _, state in to_the_person(session)] == ["planned"] * 5 + ["skipped"] * 2


def test_a_person_made_known_by_others_is_not_thereby_confirmed(session: Session) -> None:
    person = make_person(session)
    with frozen(now() + timedelta(days=1)):
        receive(session, submission(), Arrival("page"))
    assert not is_confirmed(session, person.id, person.email_index)
    assert started(session) == []
