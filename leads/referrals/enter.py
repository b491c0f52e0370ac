"""The way into the portal: a link to the address on file, good once and for ten minutes; nobody else has a key."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from leads.accounts import throttle
from leads.audit.trail import record_about
from leads.clock import now
from leads.errors import TooMany
from leads.messages.models import Message
from leads.messages.outbox import Columns, post
from leads.messages.recipients import recipient_of
from leads.providers.directory import on_file
from leads.providers.models import Delegate, Provider, email_index
from leads.providers.sign_in import Referrer, open_session, referrer_of
from leads.providers.trust import checked_email
from leads.security.tokens import Token, no_such_link, use

TEMPLATE = "portal-link"
# A link that a carrier holds back so long is not waited for any more; a new one is asked for.
USEFUL_FOR = timedelta(hours=6)
TOO_OFTEN = "That was too often. Please wait an hour, or call the office."


@dataclass(frozen=True)
class Entered:
    """Who came in, and the secret for the browser's cookie."""

    referrer: Referrer
    secret: str


def send_link(session: Session, email: str, *, source: bytes) -> None:
    """Mail a link to sign in, where the address is on file and believed; whether it is, is neither said nor counted differently.

    Raises Invalid for what is no address at all, TooMany after five asked for one address or thirty from one source within an hour.
    """
    address = checked_email(email.strip())
    limits = (("portal-source", source, 30), ("portal-link", email_index(address), 5))
    if not all(throttle.has_room(session, kind, key, limit=limit, within=timedelta(hours=1)) for kind, key, limit in limits):
        raise TooMany(TOO_OFTEN, retry_after=3600)
    for kind, key, _ in limits:
        throttle.note(session, kind, key)
    known = identities(session, address)
    if known:
        _mail(session, known[0].who)
    record_about(session, "portal.link_asked", "portal_sessions", None, known=bool(known))


def enter(session: Session, text: str) -> Entered:
    """Use up a link and open a session for whom it was mailed to; raises NotFound for a link that opens nothing, or nothing any more."""
    _, referrer = mailed_to(session, use(session, "sign_in", text))
    return Entered(referrer, open_session(session, referrer))


def mailed_to(session: Session, token: Token) -> tuple[Message, Referrer]:
    """Return the mail that carried a link and to whom it went; raises NotFound unless they are believed and have the address still."""
    message = session.get(Message, token.message_id) if token.message_id else None
    model, row_id = recipient_of(message) if message else (None, None)
    who = session.get(model, row_id) if model else None
    # The address may have been changed while the link was on its way: then whoever reads the old mailbox stays outside.
    if message is None or not isinstance(who, Provider | Delegate) or message.address_index != who.email_index:
        raise no_such_link()
    referrer = referrer_of(session, who)
    if referrer is None:
        raise no_such_link()
    return message, referrer


def identities(session: Session, address: str) -> list[Referrer]:
    """Return who may come in by this address: often one, for a clinician of two practices two, for a shared mailbox an office."""
    return [referrer for who in on_file(session, address) if (referrer := referrer_of(session, who))]


def _mail(session: Session, to: Provider | Delegate) -> None:
    decided: Columns = {"provider_id": to.id} if isinstance(to, Provider) else {"delegate_id": to.id}
    decided["useful_until"] = now() + USEFUL_FOR
    post(session, None, TEMPLATE, cause="portal:asked", **decided)
