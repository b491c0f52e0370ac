"""Taking due messages to the carrier: claim and commit; offer; ask every guard again and commit; the dot; write down and commit."""

import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from hashlib import sha256

import structlog
from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from config.settings import settings
from leads.clinic.profile import clinic
from leads.clock import now
from leads.db import lock, transaction
from leads.errors import LeadsError
from leads.messages import outcome
from leads.messages.carriers.base import Carrier, Envelope, Receipt, Refused, Silence, Unreachable
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.claim import Claim, claim, give_back
from leads.messages.facts import facts_for, issue_links
from leads.messages.guards import Objection, objection
from leads.messages.journal import Journal
from leads.messages.mime import build, envelope
from leads.messages.models import DeliveryAttempt, Message
from leads.messages.render import Rendered, render
from leads.people.models import Person

BATCH = 20
WAIT_FOR_CARRIER = timedelta(seconds=30)
# Put together once: building a query costs as much as asking it.
MINE = (
    select(Message, Person)
    .join(Person, Message.person_id == Person.id)
    .where(Message.id == bindparam("message_id"), Message.fence == bindparam("fence"))
    .where(Message.state == "claimed", Message.lease_until > func.now())
)
MINE_LOCKED = MINE.with_for_update(of=Message)
log = structlog.get_logger()


class LaneRests(Exception):
    """The carrier refuses us, not a recipient: the lane's breaker is open."""


@dataclass(frozen=True)
class Letter:
    """One message, ready for the carrier, and what it was made from."""

    claim: Claim
    person_id: uuid.UUID
    address_index: bytes | None
    envelope: Envelope
    mime: bytes
    rendered: Rendered
    facts: dict[str, object]


def open_carrier() -> Carrier:
    """Return the configured carrier, not yet connected."""
    url = settings().smtp_url
    if url is None:
        raise LeadsError("No mail server: set SMTP_URL, or start the local mailbox with `handoff up`.", code="configuration")
    return SmtpCarrier(url.get_secret_value(), helo=clinic().mail.domain)


def drain(lanes: Sequence[str], *, limit: int = 500, carrier: Carrier | None = None) -> int:
    """Send what is due in these lanes, lane by lane, until nothing is or `limit` is reached; returns how many rows were settled."""
    journal, own = Journal(), carrier is None
    carrier = carrier or open_carrier()
    try:
        return sum(_drain_lane(lane, limit, carrier, journal) for lane in lanes)
    finally:
        journal.close()
        if own:
            carrier.close()


def _drain_lane(lane: str, limit: int, carrier: Carrier, journal: Journal) -> int:
    done = 0
    while done < limit:
        with transaction() as session:
            claims = deque(claim(session, lane, limit=min(BATCH, limit - done)))
        if not claims:
            break
        try:
            while claims:
                deliver(claims[0], carrier, journal)
                claims.popleft()
                done += 1
        except LaneRests:
            _give_back(claims)
            break
        except Unreachable:
            _wait_for_carrier(claims)
            break
        journal.forget()
    return done


def deliver(mine: Claim, carrier: Carrier, journal: Journal) -> None:
    """Bring one claimed message to its end; raises Unreachable when no carrier takes anything, LaneRests when it takes nothing of ours."""
    letter = _prepare(mine)
    if letter is None:
        return
    try:
        carrier.offer(letter.envelope, letter.mime)
    except Refused as refusal:
        _record(mine, refusal.receipt)
        return
    # All but the dot is with the carrier now. Marked earlier, a crash would lose the mail; marked later, it would double it.
    if not _let_go(letter, carrier):
        return
    try:
        receipt = carrier.release()
    except Silence:
        with transaction() as session:
            outcome.record_silence(session, mine)
        return
    # Between reading the 250 and committing it the machine may die; what is on its disk then tells the next start.
    journal.write(mine.message_id, mine.fence, receipt)
    _record(mine, receipt)


def _record(mine: Claim, receipt: Receipt) -> None:
    with transaction() as session:
        message = outcome.record_answer(session, mine, receipt)
    if message is not None and message.reason == outcome.LANE_RESTS:
        raise LaneRests


def _prepare(mine: Claim) -> Letter | None:
    try:
        with transaction() as session:
            return _write(session, mine)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        # Poison stops only itself: this row fails, its neighbours go on.
        reason = error.code if isinstance(error, LeadsError) else "unsendable"
        log.error("message.unsendable", message_id=str(mine.message_id), code=reason, error=type(error).__name__)
        with transaction() as session:
            outcome.record_failure(session, mine, reason=reason)
        return None


def _write(session: Session, mine: Claim) -> Letter | None:
    found = session.execute(MINE, asdict(mine)).first()
    if found is None:
        return None
    message, person = found
    against = objection(session, message, person)
    if against is not None:
        _heed(session, message, against)
        return None
    facts = facts_for(session, message, person)
    rendered = render(message.template, person.language, facts)
    address = person.email or ""
    mime = build(message, address, rendered, facts["unsubscribe_url"], discreet=person.discreet)
    return Letter(mine, person.id, person.email_index, envelope(message.id, address), mime, rendered, facts)


def _let_go(letter: Letter, carrier: Carrier) -> bool:
    """Between the body and the dot: every guard once more, under the person's lock; then `sending` is committed."""
    try:
        with transaction() as session:
            may = _permit(session, letter, carrier.name)
    except BaseException:
        carrier.withdraw()
        raise
    if not may:
        carrier.withdraw()
    return may


def _permit(session: Session, letter: Letter, carrier: str) -> bool:
    # Whoever raises a hold or a stop takes this lock too: either they come first and are seen here, or the dot is already on its way.
    lock(session, "person", letter.person_id)
    found = session.execute(MINE_LOCKED, asdict(letter.claim)).first()
    if found is None:
        return False
    message, person = found
    if person.email_index != letter.address_index:
        # The address was changed while the mail lay open: it begins anew, to the new one.
        outcome.plan_again(session, message, now(), "address-changed")
        return False
    against = objection(session, message, person)
    if against is not None:
        _heed(session, message, against)
        return False
    message.state, message.state_at, message.template_version = "sending", now(), letter.rendered.version
    message.facts, message.mime_hash = letter.facts, sha256(letter.mime).digest()
    message.language, message.address_index = person.language, person.email_index
    session.add(DeliveryAttempt(message_id=message.id, fence=message.fence, carrier=carrier, at=now()))
    issue_links(session, message, person)
    return True


def _heed(session: Session, message: Message, against: Objection) -> None:
    if against.wait_until is not None:
        message.due_at = against.wait_until
        message.moved_by = [*message.moved_by, against.reason]
    outcome.end(session, message, against.state, reason=against.reason)


def _give_back(claims: Sequence[Claim]) -> None:
    with transaction() as session:
        give_back(session, claims)


def _wait_for_carrier(claims: Sequence[Claim]) -> None:
    log.warning("carrier.unreachable", waiting=len(claims))
    with transaction() as session:
        for each in claims:
            outcome.put_back(session, each, now() + WAIT_FOR_CARRIER, reason="no-carrier")
