"""Bringing one claimed message to its end: offer it, ask every guard again and commit, the dot, write down what was answered."""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import text

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
from leads.messages.permit import Letter, permit, set_aside
from leads.messages.prepare import ready_from
from leads.messages.refusals import Way, forget_refusals, is_of_us
from leads.messages.render import template_called
from leads.messages.sendable import words_for
from leads.messages.trial import is_trial, trial_letter
from leads.messages.versions import keep_once
from leads.round_trips import RoundTrips, Statement

MARK_TAKEN = Statement.of(outcome.TAKEN)
BE_BRIEF = text("SET LOCAL lock_timeout = '5s'")
log = structlog.get_logger()


class LaneRests(Exception):
    """Nothing of this lane goes now: the carrier refuses us and its breaker is open, or somebody has stopped all sending."""


@dataclass
class Line:
    """One way out, used for one message at a time: a connection to the carrier, one to the database, and a journal."""

    carrier: Carrier
    trips: RoundTrips
    journal: Journal
    # The ending of the message before, as TAKEN is asked with it; on disk already, it shares its commit with the next one's `sending`.
    unwritten: dict[str, Any] = field(default_factory=dict)
    # Seconds spent with the carrier, from the first line on.
    waited: float = 0.0

    def offer(self, letter: Letter) -> None:
        """Say all but the final dot; raises Refused or Unreachable."""
        began = time.perf_counter()
        try:
            self.carrier.offer(letter.envelope, letter.mime)
        finally:
            self.waited += time.perf_counter() - began

    def release(self) -> Receipt:
        """Say the dot and return the answer; raises Silence."""
        began = time.perf_counter()
        try:
            return self.carrier.release()
        finally:
            self.waited += time.perf_counter() - began

    def write_down(self) -> None:
        """Commit what is known and not yet in the database; after this the journal has nothing to tell."""
        if self.unwritten:
            self.trips.commit((MARK_TAKEN, self.unwritten))
            self.unwritten.clear()
        self.journal.forget()


def send(due: Due, line: Line) -> None:
    """Bring one message to its end; raises Unreachable when no carrier takes anything, LaneRests when nothing of its lane may go."""
    letter = _prepare(due)
    if letter is None:
        return
    try:
        line.offer(letter)
    except Refused as refusal:
        _record(due, refusal.receipt, line)
        return
    # All but the dot is with the carrier now. Marked earlier, a crash would lose the mail; marked later, it would double it.
    if _let_go(letter, line):
        _release(due, line)


def _prepare(due: Due) -> Letter | None:
    try:
        if objection(due) is not None:
            _set_aside(due)
            return None
        return _write(due)
    except (*DATABASE_AWAY, LaneRests):
        raise
    except CannotSign as error:
        # No fault of the mail's: it waits, with all the others, until somebody has put the key there.
        log.error("mail.cannot_sign", why=error.message)
        raise Unreachable("no key to sign with") from None
    except Exception as error:
        # Poison stops only itself: this row fails, its neighbours go on.
        reason = error.code if isinstance(error, LeadsError) else "unsendable"
        log.error("message.unsendable", message_id=str(due.id), code=reason, error=type(error).__name__)
        with transaction() as session:
            outcome.record_failure(session, _claim(due), reason=reason)
        return None


def _write(due: Due) -> Letter:
    if is_trial(due):
        return trial_letter(due)
    facts = facts_for(due)
    words = words_for(due) or template_called(due.template, due.language)
    rendered = ready_from(words, due.language, facts)
    keep_once(words, due.language)
    mime = build(due, due.email, rendered, facts["unsubscribe_url"], discreet=due.discreet, calendar=calendar_part(due))
    return Letter(due, envelope(due.id, due.email), mime, rendered, facts)


def _let_go(letter: Letter, line: Line) -> bool:
    try:
        may = permit(line.trips, letter, line.carrier.name, line.unwritten)
    except BaseException as error:
        line.carrier.withdraw()
        # A commit whose answer was lost may stand: the row may say `sending` though nothing was sent, and would end as unknown.
        if isinstance(error, DATABASE_AWAY):
            _take_back(letter.due, line)
        raise
    if not may:
        line.carrier.withdraw()
        _set_aside(letter.due)
    return may


def _set_aside(due: Due) -> None:
    if set_aside(due) is RESTS:
        # For those claimed along with it, too: they go back at once, and none is offered only to be withdrawn.
        raise LaneRests


def _take_back(due: Due, line: Line) -> None:
    """Write down that nothing of this was sent: on disk, for whoever comes when the database is back, and at once where it is there."""
    line.journal.write(due.id, due.fence, WITHDRAWN)
    with suppress(*DATABASE_AWAY), transaction() as session:
        # Over a new connection, behind whatever the lost one still holds: the row is read once its transaction has come to an end.
        session.execute(BE_BRIEF)
        outcome.record_answer(session, _claim(due), WITHDRAWN)


def _release(due: Due, line: Line) -> None:
    try:
        receipt = line.release()
    except Silence:
        with transaction() as session:
            outcome.record_silence(session, _claim(due))
        return
    # Between reading the 250 and committing it the machine may die; what is on its disk then tells the next start.
    try:
        line.journal.write(due.id, due.fence, receipt)
    except OSError:
        # The disk is full: the database must know at once, and nothing more goes out while there is nothing to fall back on.
        _record(due, receipt, line)
        raise
    if receipt.taken:
        forget_refusals(Way(due.lane, line.carrier.name))
        line.unwritten |= outcome.taken(_claim(due), receipt)
    else:
        _record(due, receipt, line)


def _record(due: Due, receipt: Receipt, line: Line) -> None:
    if receipt.throttles:
        pace().slow_down(line.carrier.name)
    of_us = is_of_us(receipt, Way(due.lane, line.carrier.name), due.email)
    with transaction() as session:
        message = outcome.record_answer(session, _claim(due), receipt, of_us=of_us)
    if message is not None and message.reason == outcome.LANE_RESTS:
        raise LaneRests


def _claim(due: Due) -> Claim:
    return Claim(due.id, due.fence)
