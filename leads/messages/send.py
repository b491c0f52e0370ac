"""Bringing one claimed message to its end: offer it, ask every guard again and commit, the dot, write down what was answered."""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psycopg
import structlog
from sqlalchemy import text

from config.settings import settings
from leads.clock import real_now
from leads.db import DATABASE_AWAY, transaction
from leads.errors import LeadsError
from leads.messages import outcome
from leads.messages.calendar_file import calendar_part
from leads.messages.carriers.base import WITHDRAWN, Carrier, Receipt, Refused, Silence, Unreachable
from leads.messages.claim import Claim
from leads.messages.due import Due
from leads.messages.facts import facts_for
from leads.messages.guards import RESTS, objection
from leads.messages.journal import Journal
from leads.messages.mail_keys import CannotSign
from leads.messages.mime import build, envelope
from leads.messages.pace import pace
from leads.messages.permit import Ending, Letter, Offered, permit, permit_anew, set_aside
from leads.messages.prepare import ready_from
from leads.messages.refusals import Way, forget_refusals, is_of_us
from leads.messages.render import template_called
from leads.messages.sendable import words_for
from leads.messages.trial import is_trial, trial_letter
from leads.messages.versions import keep_once
from leads.round_trips import RoundTrips
from leads.wire import given_rows

# What the database asks and writes for a few mails in one statement costs it little more than for one.
TOGETHER = 5
# To open one takes as long as a few mails over one that is there.
WORTH_A_CONNECTION = 4
AT_EASE = 5.0
# Of a lease: a machine that slept, or a line that was cut, may bring an answer hours after it was given.
MAY_TAKE = 1 / 3
BE_BRIEF = text("SET LOCAL lock_timeout = '5s'")
log = structlog.get_logger()


class LaneRests(Exception):
    """Nothing of this lane goes now: the carrier refuses us and its breaker is open, or somebody has stopped all sending."""


@dataclass
class Line:
    """One way out, used for a few messages at a time: a connection to the carrier for each, one to the database, and a journal."""

    carriers: list[Carrier]
    trips: RoundTrips
    journal: Journal
    # Opens one more, None when there are enough; the line itself has none where each message goes by itself.
    another: Callable[[], Carrier | None] | None = None
    # The endings of messages before, as `taken_by_carrier` is asked with them; on disk already, they share their commit with the next
    # `sending`.
    unwritten: list[Ending] = field(default_factory=list)
    # Seconds spent with the carrier, from the first line on.
    waited: float = 0.0

    def together(self, waiting: int) -> int:
        """Return how many messages it sends together, with more connections where so many that wait are worth them."""
        while self.another and len(self.carriers) < TOGETHER and waiting > WORTH_A_CONNECTION * len(self.carriers):
            if (one_more := self.another()) is None:
                break
            self.carriers.append(one_more)
        return len(self.carriers)

    def begin(self, offered: Offered) -> bool:
        """Say what needs no answer yet; True where something was said."""
        with self._waiting():
            return offered.carrier.begin(offered.letter.envelope)

    def offer(self, offered: Offered) -> None:
        """Say all but the final dot; raises Refused or Unreachable."""
        with self._waiting():
            offered.carrier.offer(offered.letter.envelope, offered.letter.mime)

    def release(self, offered: Offered) -> None:
        """Say the dot."""
        with self._waiting():
            offered.carrier.release()

    def hear(self, offered: Offered) -> Receipt:
        """Return the answer to the dot; raises Silence."""
        with self._waiting():
            return offered.carrier.answer()

    def write_down(self) -> None:
        """Commit what is known and not yet in the database; after this the journal has nothing to tell."""
        if self.unwritten:
            self.trips.commit((outcome.ask_taken(len(self.unwritten)), given_rows(outcome.ENDS, self.unwritten)))
            self.unwritten.clear()
        self.journal.forget()

    def close(self) -> None:
        """Say goodbye to the carrier."""
        for each in self.carriers:
            each.close()

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.waited += time.perf_counter() - began


def send(hand: list[Due], line: Line) -> None:
    """Bring messages to their end, as many together as the line has connections, and take each out of the hand.

    What an exception leaves in the hand was not begun. Raises Unreachable when no carrier takes anything, LaneRests when nothing of its
    lane may go.
    """
    while hand:
        letters, stopped = _prepare_some(hand, len(line.carriers))
        offered = [Offered(letter, carrier) for letter, carrier in zip(letters, line.carriers, strict=False)]
        lying_open, unreachable = _offer(offered, hand, line)
        _let_go(lying_open, hand, line)
        if reason := unreachable or stopped:
            raise reason


def _prepare_some(hand: list[Due], most: int) -> tuple[list[Letter], Exception | None]:
    """Return letters for the first in the hand, and why the rest must wait if it must; what cannot be sent is out of the hand."""
    letters = list[Letter]()
    try:
        while len(letters) < min(most, len(hand)):
            letter = _prepare(hand[len(letters)])
            if letter is None:
                del hand[len(letters)]
            else:
                letters.append(letter)
    except (Unreachable, LaneRests) as stopped:
        return letters, stopped
    return letters, None


def _offer(offered: list[Offered], hand: list[Due], line: Line) -> tuple[list[Offered], Exception | None]:
    """Offer these up to the dot; returns what lies open now and is out of the hand, and why the rest must wait if it must."""
    lying_open, left, begun, since = list[Offered](), list(offered), list[Offered](), time.monotonic()
    try:
        # The first is begun where it is offered: it waits for nobody.
        begun += [each for each in offered[1:] if line.begin(each)]
        # With a relay that has become slow, none must lie open, nor its lease run, while the others' turns come.
        while left and (not lying_open or time.monotonic() - since < AT_EASE):
            lying_open += _offer_one(left[0], line)
            hand.remove(left.pop(0).letter.due)
    except (Unreachable, LaneRests) as stopped:
        return lying_open, stopped
    except BaseException:
        _withdraw(lying_open, hand)
        raise
    finally:
        for each in left:
            if each in begun:
                each.carrier.withdraw()
    return lying_open, None


def _offer_one(offered: Offered, line: Line) -> list[Offered]:
    try:
        line.offer(offered)
    except Refused as refusal:
        _record(offered.letter.due, refusal.receipt, offered.carrier)
        return []
    return [offered]


def _withdraw(offered: Iterable[Offered], hand: list[Due]) -> None:
    for each in offered:
        each.carrier.withdraw()
        hand.append(each.letter.due)


def _prepare(due: Due) -> Letter | None:
    try:
        if objection(due) is not None:
            if set_aside(due) is RESTS:
                raise LaneRests
            return None
        return _write(due)
    except (*DATABASE_AWAY, LaneRests):
        raise
    except CannotSign as error:
        # No fault of the mail's: it waits, with all the others, until somebody has put the key there.
        log.error("mail.cannot_sign", why=error.message)
        raise Unreachable("no key to sign with") from None
    except Exception as error:
        fail_alone(due, error)
        return None


def fail_alone(due: Due, error: Exception) -> None:
    """Write down that a claimed message cannot be handled at all. Poison stops only itself: its neighbours go on."""
    reason = error.code if isinstance(error, LeadsError) else "unsendable"
    log.error("message.unsendable", message_id=str(due.id), code=reason, error=type(error).__name__)
    with transaction() as session:
        outcome.record_failure(session, _claim(due), reason=reason)


def _write(due: Due) -> Letter:
    if is_trial(due):
        return trial_letter(due)
    facts = facts_for(due)
    words = words_for(due) or template_called(due.template, due.language)
    rendered = ready_from(words, due.language, facts)
    keep_once(words, due.language)
    mime = build(due, due.email, rendered, facts["unsubscribe_url"], discreet=due.discreet, calendar=calendar_part(due))
    return Letter(due, envelope(due.id, due.email), mime, rendered, facts)


def _let_go(offered: list[Offered], hand: list[Due], line: Line) -> None:
    # All but the dot is with the carrier now. Marked earlier, a crash would lose a mail; marked later, it would double it.
    begun = _permitted(offered, hand, line)
    rest = [each for each in offered if each.letter.due.id not in begun]
    try:
        _release([each for each in offered if each.letter.due.id in begun], line)
        while rest:
            _let_go_anew(rest.pop(0), hand, line)
    except BaseException:
        _withdraw(rest, hand)
        raise


def _permitted(offered: list[Offered], hand: list[Due], line: Line) -> set[uuid.UUID]:
    with _or_undone(offered, hand, line):
        return permit(line.trips, offered, line.unwritten)


def _let_go_anew(offered: Offered, hand: list[Due], line: Line) -> None:
    with _or_undone([offered], hand, line):
        may = permit_anew(line.trips, offered, line.unwritten)
    if may:
        _release([offered], line)
        return
    offered.carrier.withdraw()
    if set_aside(offered.letter.due) is RESTS:
        # For those claimed along with it, too: they go back at once, and none is offered only to be withdrawn.
        raise LaneRests


@contextmanager
def _or_undone(offered: Sequence[Offered], hand: list[Due], line: Line) -> Iterator[None]:
    """Leave what lies open where the database does not let it go, or says so too late: by then its lease may be over, and its hours."""
    since = real_now()
    try:
        yield
        if (real_now() - since).total_seconds() > settings().handoff_lease_seconds * MAY_TAKE:
            raise psycopg.OperationalError("The commit that lets mails go was answered too late.")
    except BaseException as error:
        _undo(offered, hand, line, error)
        raise


def _undo(offered: Sequence[Offered], hand: list[Due], line: Line, error: BaseException) -> None:
    """Leave what lies open. A commit whose answer was lost may stand: the row may say `sending`, and would end as unknown."""
    if not isinstance(error, DATABASE_AWAY):
        _withdraw(offered, hand)
        return
    for each in offered:
        each.carrier.withdraw()
    _take_back([each.letter.due for each in offered], line)


def _take_back(dues: Sequence[Due], line: Line) -> None:
    """Write down that nothing of these was sent: on disk, for whoever comes when the database is back, and at once where it is there."""
    for due in dues:
        line.journal.write(due.id, due.fence, WITHDRAWN)
    # Once for all: while it is tried, nobody else can tell what else stands in this journal.
    with suppress(*DATABASE_AWAY), transaction() as session:
        # Over a new connection, behind whatever the lost one still holds: the row is read once its transaction has come to an end.
        session.execute(BE_BRIEF)
        for due in dues:
            outcome.record_answer(session, _claim(due), WITHDRAWN)


def _release(offered: Sequence[Offered], line: Line) -> None:
    """Say every dot, then hear every answer: none waits for what becomes of another."""
    for each in offered:
        line.release(each)
    failed: Exception | None = None
    for each in offered:
        try:
            _hear(each, line)
        except Exception as error:
            failed = failed or error
    if failed is not None:
        raise failed


def _hear(offered: Offered, line: Line) -> None:
    due = offered.letter.due
    try:
        receipt = line.hear(offered)
    except Silence:
        with transaction() as session:
            outcome.record_silence(session, _claim(due))
        return
    # Between reading the 250 and committing it the machine may die; what is on its disk then tells the next start.
    try:
        line.journal.write(due.id, due.fence, receipt)
    except OSError:
        # The disk is full: the database must know at once, and nothing more goes out while there is nothing to fall back on.
        _record(due, receipt, offered.carrier)
        raise
    if receipt.taken:
        forget_refusals(Way(due.lane, offered.carrier.name))
        line.unwritten.append(outcome.taken(_claim(due), receipt))
    else:
        _record(due, receipt, offered.carrier)


def _record(due: Due, receipt: Receipt, carrier: Carrier) -> None:
    if receipt.throttles:
        pace().slow_down(carrier.name)
    of_us = is_of_us(receipt, Way(due.lane, carrier.name), due.email)
    with transaction() as session:
        message = outcome.record_answer(session, _claim(due), receipt, of_us=of_us)
    if message is not None and message.reason == outcome.LANE_RESTS:
        raise LaneRests


def _claim(due: Due) -> Claim:
    return Claim(due.id, due.fence)
