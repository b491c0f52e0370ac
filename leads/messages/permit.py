"""Between the body and the final dot: every guard once more under the person's lock, and then `sending` is committed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    DateTime,
    Insert,
    LargeBinary,
    Select,
    String,
    Uuid,
    bindparam,
    column,
    insert,
    literal_column,
    select,
    true,
    update,
    values,
)
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from leads.clock import now
from leads.db import LOCK, lock, lock_name, new_id, transaction
from leads.messages import outcome
from leads.messages.carriers.base import Envelope
from leads.messages.due import CATCH_UP, LATE, STILL_MINE, Due, digest_now
from leads.messages.facts import rights, to_keep
from leads.messages.guards import Objection, is_timely, objection, would_have_gone
from leads.messages.models import PRESSING, DeliveryAttempt, Message
from leads.messages.prepare import Ready
from leads.messages.render import Rendered
from leads.messages.sendable import words_for
from leads.round_trips import Asked, RoundTrips, Statement
from leads.security.fields import seal
from leads.security.tokens import Token, row_of


@dataclass(frozen=True)
class Letter:
    """One message, ready for the carrier, and what it was made from."""

    due: Due
    envelope: Envelope
    mime: bytes
    rendered: Ready | Rendered
    facts: dict[str, object]


def permit(trips: RoundTrips, letter: Letter, carrier: str, unwritten: dict[str, Any]) -> bool:
    """Commit `sending` for a letter, and in the same commit the ending of the one before; returns False where it must not go any more.

    `unwritten` is what TAKEN is asked with, nothing where there is no such ending; it is empty once that is committed.
    """
    # Asked before the lock: approvals change a few times a year, and hang on no person.
    words, begun = words_for(letter.due), _begun(letter, carrier)
    if words is None or words.version(letter.rendered.language) != letter.rendered.version:
        return False
    return (is_timely(letter.due) and _as_judged(trips, letter, begun, unwritten)) or _judged_anew(trips, letter, begun, unwritten)


def _as_judged(trips: RoundTrips, letter: Letter, begun: Mapping[str, Any], unwritten: dict[str, Any]) -> bool:
    """Begin if every fact the guards were asked about is still the same; so it nearly always is, and one exchange is enough."""
    due, links = letter.due, [row_of(right) for right in rights(letter.due)]
    begin = begin_sending(len(links), digest=digest_now(due), ends_another=bool(unwritten))
    # The ending of the one before comes behind the lock: it must not keep its row from others while this waits.
    _, went = trips.commit(_lock(due), (begin, {**begun, **_numbered(links), "digest": due.digest, **unwritten}))
    unwritten.clear()
    return bool(went)


def _judged_anew(trips: RoundTrips, letter: Letter, begun: Mapping[str, Any], unwritten: dict[str, Any]) -> bool:
    """Ask every guard again about what holds now, and begin if none objects."""
    due = letter.due
    _, found = trips.ask(_lock(due), (ASK_AGAIN, _mine(due)))
    fresh = Due(*found[0]) if found else None
    if fresh is None or fresh.made_from != due.made_from or objection(fresh) is not None:
        # With the lock and the row let go first, for the ending of the one before must wait for nobody.
        trips.undo()
        return False
    links = [row_of(right) for right in rights(due)]
    trips.commit((begin_sending(len(links), ends_another=bool(unwritten)), {**begun, **_numbered(links), **unwritten}))
    unwritten.clear()
    return True


def _lock(due: Due) -> Asked:
    # Whoever raises a hold or a stop takes this lock too: either they come first and are seen here, or the dot is already on its way.
    return ASK_LOCK, {"name": lock_name("person", due.recipient_id)}


def set_aside(due: Due) -> Objection | None:
    """Write down why a claimed message does not go now, as every guard sees it at this moment, and return it.

    None where somebody else has it, or where it may go after all: that one begins anew.
    """
    with transaction() as session:
        lock(session, "person", due.recipient_id)
        found = session.execute(STILL_MINE, _mine(due)).first()
        if found is None:
            return None
        fresh, message = Due(*found), session.get_one(Message, due.id)
        against = objection(fresh)
        if against is None:
            # What it was made from changed while the mail lay open: the next try makes it from what holds now.
            outcome.plan_again(session, message, now(), "changed")
            return None
        _heed(message, against)
        # Whom we may not write to in any case is not called for a mail that would not have gone in time either.
        if against.state == "expired" and would_have_gone(fresh):
            outcome.expire(session, message)
        else:
            outcome.end(session, message, against.state, reason=against.reason)
        return against


def _heed(message: Message, against: Objection) -> None:
    if against.wait_until is not None:
        # On time by its new time, it would be forgotten that it came late, and all such would go at once.
        came_late = message.due_at < now() - LATE and message.lane not in PRESSING and CATCH_UP not in message.moved_by
        by = [*message.moved_by, CATCH_UP] if came_late else message.moved_by
        message.due_at = against.wait_until
        # What waits long is asked often, and says so once.
        message.moved_by = by if by[-1:] == [against.reason] else [*by, against.reason]


def _mine(due: Due) -> dict[str, Any]:
    return {"message_id": due.id, "fence": due.fence, "at": now()}


def _begun(letter: Letter, carrier: str) -> dict[str, Any]:
    due = letter.due
    return {
        "message_id": due.id,
        "fence": due.fence,
        "at": now(),
        "attempt_id": new_id(),
        "carrier": carrier,
        "version": letter.rendered.version,
        "language": letter.rendered.language,
        "facts": seal(to_keep(due, letter.facts), table="messages", column="facts", row_id=due.id),
        "mime_hash": sha256(letter.mime).digest(),
        "address_index": due.email_index,
    }


def _numbered(links: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {f"{name}_{place}": value for place, link in enumerate(links) for name, value in link.items()}


@lru_cache
def begin_sending(links: int, *, digest: Select[int] | None = None, ends_another: bool = False) -> Statement:
    """Return the statement that marks a message as `sending`, begins its attempt and makes its so many links work; it answers with a row.

    With the question for a `digest` it does so only where the answer is the digest it had when the guards were asked. Whether it does
    or not, one that `ends_another` is TAKEN for another message as well.
    """
    at = bindparam("at", type_=DateTime(timezone=True))
    begun = _begun_row(at, digest)
    attempt = select(bindparam("attempt_id", type_=Uuid()), begun.c.id, begun.c.fence, bindparam("carrier", type_=String()), at)
    begin = insert(DeliveryAttempt).from_select(["id", "message_id", "fence", "carrier", "at"], attempt)
    # All in one, for a statement costs the server as much as what most of these write.
    if links:
        begin = begin.add_cte(_issue(links, begun).cte("issued"))
    if ends_another:
        begin = begin.add_cte(outcome.TAKEN.cte("ended"))
    # Whether there is a row is all there is to hear.
    return Statement.of(begin.returning(literal_column("1")))


def _begun_row(at: ColumnElement[datetime], digest: Select[int] | None) -> CTE:
    made = {
        "template_version": bindparam("version", type_=String()),
        "language": bindparam("language", type_=String()),
        "facts_cell": bindparam("facts", type_=LargeBinary()),
        "mime_hash": bindparam("mime_hash", type_=LargeBinary()),
        "address_index": bindparam("address_index", type_=LargeBinary()),
    }
    mine = [Message.id == bindparam("message_id", type_=Uuid()), Message.fence == bindparam("fence", type_=BigInteger())]
    if digest is not None:
        # Asked before anything is written, and holds the row meanwhile: a condition on no row of the table is looked at first, once.
        mine.append(digest.scalar_subquery() == bindparam("digest", type_=BigInteger()))
    return update(Message).where(*mine).values(state="sending", state_at=at, **made).returning(Message.id, Message.fence).cte("begun")


def _issue(links: int, begun: CTE) -> Insert:
    columns = list(Token.__table__.c)
    rows = [tuple(bindparam(f"{each.key}_{place}", type_=each.type) for each in columns) for place in range(links)]
    given = values(*(column(each.key, each.type) for each in columns), name="given").data(rows)
    every = select(*given.c).select_from(begun.join(given, true()))
    return insert_or_not(Token).from_select(columns, every).on_conflict_do_nothing(index_elements=["hash"])


ASK_LOCK, ASK_AGAIN = Statement.of(LOCK), Statement.of(STILL_MINE)
