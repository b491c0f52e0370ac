"""Coming into the portal: by a link to the address on file, once and soon; whoever else asks learns nothing."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from leads.clock import real_now
from leads.db import transaction
from leads.errors import Invalid, NotFound, TooMany
from leads.messages.models import Message
from leads.providers.edit import add_delegate, remove_delegate
from leads.providers.models import PortalSession, Provider
from leads.providers.sign_in import Referrer, forget_ended, open_session, sign_out, signed_in
from leads.providers.trust import distrust, trust
from leads.referrals.enter import enter, identities, send_link
from leads.security.tokens import Grant, Token, derive, issue
from tests.providers.cast import ACTOR, CALL, make_trusted_practice, tell

ADDRESS = "ana@elm.example.com"


@pytest.fixture
def ana(session: Session) -> Referrer:
    """A clinician of a practice we know."""
    known = tell(session, make_trusted_practice(session))
    assert known.practice
    return Referrer(known.provider, known.practice)


def ask(session: Session, address: str = ADDRESS, *, source: bytes = b"home") -> list[Message]:
    """Ask for a link; returns all mails so far."""
    send_link(session, address, source=source)
    session.flush()
    return list(session.scalars(select(Message).order_by(Message.id)))


def link(session: Session) -> str:
    """The link of a mail that has gone out."""
    message = ask(session)[-1]
    provider = session.get_one(Provider, message.provider_id)
    message.address_index = provider.email_index
    return issue(session, message.id, Grant("sign_in", None, message.id, expires_at=real_now() + timedelta(minutes=10)))


def test_a_link_goes_to_the_address_on_file(session: Session, ana: Referrer) -> None:
    (mail,) = ask(session, " Ana@Elm.example.com ")
    assert (mail.template, mail.provider_id, mail.referral_id, mail.facts) == ("portal-link", ana.who.id, None, {})


def test_an_unknown_address_gets_none_and_no_other_answer(session: Session, ana: Referrer) -> None:
    assert ask(session, "nobody@elm.example.com") == []


def test_a_typed_address_is_not_on_file(session: Session, ana: Referrer) -> None:
    assert isinstance(ana.who, Provider)
    add_delegate(session, ana.who, name="Sam Lee", email="sam@elm.example.com", actor=ACTOR)
    assert ask(session, "sam@elm.example.com") == []


def test_what_is_no_address_is_said_to_be_none(session: Session) -> None:
    with pytest.raises(Invalid) as caught:
        send_link(session, "ana", source=b"home")
    assert caught.value.errors[0].field == "email"


@pytest.mark.parametrize("address", [ADDRESS, "nobody@elm.example.com"])
def test_five_links_an_hour_known_or_not(session: Session, ana: Referrer, address: str) -> None:
    for n in range(5):
        ask(session, address, source=b"%d" % n)
    with pytest.raises(TooMany):
        send_link(session, address, source=b"9")


def test_one_source_asks_thirty_times_at_most(session: Session) -> None:
    for n in range(30):
        ask(session, f"p{n}@elm.example.com")
    with pytest.raises(TooMany):
        send_link(session, "last@elm.example.com", source=b"home")


def test_the_link_opens_a_session(session: Session, ana: Referrer) -> None:
    entered = enter(session, link(session))
    assert entered.referrer == signed_in(session, entered.secret) == ana
    assert (ana.name, ana.actor) == ("Ana Rivera", f"provider:{ana.who.id}")


def test_the_session_is_kept_as_a_hash(session: Session, ana: Referrer) -> None:
    secret = open_session(session, ana)
    session.flush()
    assert secret.encode() not in session.scalars(select(PortalSession.hash)).one()


def test_a_link_opens_once(session: Session, ana: Referrer) -> None:
    text = link(session)
    enter(session, text)
    with pytest.raises(NotFound):
        enter(session, text)


def test_a_link_opens_for_ten_minutes(session: Session, ana: Referrer) -> None:
    text = link(session)
    session.execute(update(Token).values(expires_at=real_now() - timedelta(seconds=1)))
    with pytest.raises(NotFound):
        enter(session, text)


def test_another_kind_of_link_does_not_open(session: Session, ana: Referrer) -> None:
    message = ask(session)[-1]
    with pytest.raises(NotFound):
        enter(session, issue(session, message.id, Grant("referrer", None, message.id)))
    with pytest.raises(NotFound):
        enter(session, derive("sign_in", message.id))


def test_a_link_to_an_address_that_was_changed_opens_nothing(session: Session, ana: Referrer) -> None:
    text = link(session)
    trust(session, ana.who, method="call", call=CALL, email="ana@new.example.com", actor=ACTOR)
    with pytest.raises(NotFound):
        enter(session, text)


def test_a_link_to_somebody_we_believe_no_more_opens_nothing(session: Session, ana: Referrer) -> None:
    text = link(session)
    distrust(session, ana.practice, why="moved away", actor=ACTOR)
    with pytest.raises(NotFound):
        enter(session, text)


@pytest.mark.committed
def test_of_two_at_once_one_comes_in(session: Session, ana: Referrer) -> None:
    text, came = link(session), []
    session.commit()
    begin = threading.Barrier(8)

    def press() -> None:
        begin.wait()
        try:
            with transaction() as mine:
                came.append(enter(mine, text).secret)
        except NotFound:
            came.append(None)

    threads = [threading.Thread(target=press) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (len(came), len([secret for secret in came if secret])) == (8, 1)


def test_signing_out_ends_it(session: Session, ana: Referrer) -> None:
    secret = open_session(session, ana)
    sign_out(session, secret)
    assert signed_in(session, secret) is None


@pytest.mark.parametrize("column", ["seen_at", "expires_at"])
def test_it_ends_when_idle_and_in_any_case(session: Session, ana: Referrer, column: str) -> None:
    secret = open_session(session, ana)
    session.flush()
    session.execute(update(PortalSession).values({column: real_now() - timedelta(minutes=31)}))
    session.expire_all()
    assert signed_in(session, secret) is None


def test_use_keeps_it_from_idling(session: Session, ana: Referrer) -> None:
    secret = open_session(session, ana)
    session.flush()
    session.execute(update(PortalSession).values(seen_at=real_now() - timedelta(minutes=29)))
    session.expire_all()
    signed_in(session, secret)
    assert session.scalars(select(PortalSession.seen_at)).one() > real_now() - timedelta(minutes=1)


@pytest.mark.parametrize("whom", ["who", "practice"])
def test_belief_withdrawn_signs_out_everywhere(session: Session, ana: Referrer, whom: str) -> None:
    secrets = [open_session(session, ana), open_session(session, ana)]
    distrust(session, getattr(ana, whom), why="left", actor=ACTOR)
    assert [signed_in(session, secret) for secret in secrets] == [None, None]
    assert all(session.scalars(select(PortalSession.ended_at)))


def test_who_follows_for_a_clinician_goes_with_them(session: Session, ana: Referrer) -> None:
    assert isinstance(ana.who, Provider)
    sam = add_delegate(session, ana.who, name="Sam Lee", email="sam@elm.example.com", actor=ACTOR)
    trust(session, sam, method="call", call=CALL, email="sam@elm.example.com", actor=ACTOR)
    secret = open_session(session, identities(session, "sam@elm.example.com")[0])
    distrust(session, ana.who, why="left", actor=ACTOR)
    assert signed_in(session, secret) is None
    assert ask(session, "sam@elm.example.com") == []


def test_a_delegate_who_is_removed_is_signed_out(session: Session, ana: Referrer) -> None:
    assert isinstance(ana.who, Provider)
    sam = add_delegate(session, ana.who, name="Sam Lee", email="sam@elm.example.com", actor=ACTOR)
    trust(session, sam, method="call", call=CALL, email="sam@elm.example.com", actor=ACTOR)
    secret = open_session(session, Referrer(sam, ana.practice))
    assert signed_in(session, secret)
    remove_delegate(session, sam, actor=ACTOR)
    assert signed_in(session, secret) is None


def test_sessions_are_forgotten_a_month_after_their_end(session: Session, ana: Referrer) -> None:
    open_session(session, ana)
    session.flush()
    session.execute(update(PortalSession).values(expires_at=real_now() - timedelta(days=31)))
    forget_ended(session)
    assert session.scalars(select(PortalSession)).all() == []
