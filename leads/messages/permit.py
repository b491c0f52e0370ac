"""Between the body and the final dot: every guard once more under the person's lock, and then `sending` is committed."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from psycopg.errors import LockNotAvailable
from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    DateTime,
    Insert,
    LargeBinary,
    String,
    Uuid,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.types import TypeEngine

from leads.clock import now
from leads.db import LOCK, lock, lock_name, lock_of, new_id, transaction
from leads.messages import outcome
from leads.messages.carriers.base import Carrier, Envelope
from leads.messages.due import CATCH_UP, LATE, STILL_MINE, Due, digests_now
from leads.messages.facts import rights, to_keep
from leads.messages.guards import Objection, is_timely, objection, would_have_gone
from leads.messages.models import PRESSING, DeliveryAttempt, Message
from leads.messages.prepare import Ready
from leads.messages.render import Rendered
from leads.messages.sendable import words_for
from leads.round_trips import Asked, RoundTrips, Statement
from leads.security.fields import seal
from leads.security.tokens import Token, row_of
from leads.wire import given_rows, rows_of

Ending = Mapping[str, Any]
# Well before the server looks for two who wait for each other: whoever is at a person by hand is never the one to give way.
LOCKED, SOON = "locked", "250ms"
BEGUN: dict[str, TypeEngine[Any]] = {
    "message_id": Uuid(),
    "fence": BigInteger(),
    "digest": BigInteger(),
    "attempt_id": Uuid(),
    "carrier": String(),
    "version": String(),
    "language": String(),
    "facts": LargeBinary(),
    "mime_hash": LargeBinary(),
    "address_index": LargeBinary(),
}


class AsJudged(NamedTuple):
    """What the messages of one statement have in common, and the question for their digests can leave out."""

    to_persons: bool
    pressing: bool


@dataclass(frozen=True, eq=False)
class Letter:
    """One message, ready for the carrier, and what it was made from."""

    due: Due
    envelope: Envelope
    mime: bytes
    rendered: Ready | Rendered
    facts: dict[str, object]


@dataclass(frozen=True, eq=False)
class Offered:
    """A letter that lies open with a carrier, all of it there but the dot."""

    letter: Letter
    carrier: Carrier


def permit(trips: RoundTrips, offered: Sequence[Offered], unwritten: list[Ending]) -> set[uuid.UUID]:
    """Commit `sending` for those letters about which every fact the guards were asked is still the same, and return which they are.

    So it nearly always is, and one exchange is enough for all. In the same commit goes what is `unwritten` of letters before, rows of
    what `taken_by_carrier` is asked with; the list is empty once that is committed.
    """
    # One a person, the longest due: how many mails somebody had is counted without those of the same commit.
    first = {each.letter.due.recipient_id: each for each in reversed(offered)}
    timely = {who: each for who, each in first.items() if _is_approved(each.letter) and is_timely(each.letter.due)}
    return _begin_as_judged(trips, list(timely.values()), unwritten) if timely else set()


def permit_anew(trips: RoundTrips, offered: Offered, unwritten: list[Ending]) -> bool:
    """Ask every guard again about what holds now, and commit `sending` if none objects; returns False where it must not go any more."""
    due = offered.letter.due
    if not _is_approved(offered.letter):
        return False
    _, found = trips.ask((ASK_LOCK, {"name": _lock_name(due)}), (ASK_AGAIN, _mine(due)))
    fresh = Due(*found[0]) if found else None
    if fresh is None or fresh.made_from != due.made_from or objection(fresh) is not None:
        # With the lock and the row let go first, for the ending of the one before must wait for nobody.
        trips.undo()
        return False
    trips.commit(_begin([offered], unwritten, judged=False))
    unwritten.clear()
    return True


def _begin_as_judged(trips: RoundTrips, offered: Sequence[Offered], unwritten: list[Ending]) -> set[uuid.UUID]:
    # Whoever raises a hold or a stop takes this lock too: either they come first and are seen here, or the dot is already on its way.
    names = sorted(_lock_name(each.letter.due) for each in offered)
    held = (ask_locks(len(names)), given_rows(LOCKED, [{"name": name} for name in names]))
    try:
        # The endings come behind the locks: they must not keep their rows from others while this waits.
        _, begun = trips.commit(held, _begin(offered, unwritten, judged=True))
    except LockNotAvailable:
        # Somebody is at one of these people, and none of the others' mails has to wait for them.
        trips.undo()
        return {id for each in offered for id in _begin_as_judged(trips, [each], unwritten)} if len(offered) > 1 else set()
    unwritten.clear()
    return {message_id for (message_id,) in begun}


def _is_approved(letter: Letter) -> bool:
    # Asked before the lock: approvals change a few times a year, and hang on no person.
    words = words_for(letter.due)
    return words is not None and words.version(letter.rendered.language) == letter.rendered.version


def _lock_name(due: Due) -> str:
    return lock_name("person", due.recipient_id)


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


def _begin(offered: Sequence[Offered], unwritten: Sequence[Ending], *, judged: bool) -> Asked:
    dues = [each.letter.due for each in offered]
    links = [{"of": due.id, **row_of(right)} for due in dues for right in rights(due)]
    as_judged = AsJudged(all(due.to_person for due in dues), all(due.lane in PRESSING for due in dues)) if judged else None
    given = {**given_rows("given", [_begun(each) for each in offered]), **given_rows("links", links), **given_rows(outcome.ENDS, unwritten)}
    return begin_sending(len(offered), len(links), len(unwritten), as_judged), {**given, "at": now()}


def _begun(offered: Offered) -> dict[str, Any]:
    letter, due = offered.letter, offered.letter.due
    return {
        "message_id": due.id,
        "fence": due.fence,
        "digest": due.digest,
        "attempt_id": new_id(),
        "carrier": offered.carrier.name,
        "version": letter.rendered.version,
        "language": letter.rendered.language,
        "facts": seal(to_keep(due, letter.facts), table="messages", column="facts", row_id=due.id),
        "mime_hash": sha256(letter.mime).digest(),
        "address_index": due.email_index,
    }


@lru_cache
def begin_sending(letters: int, links: int, ends: int = 0, as_judged: AsJudged | None = None) -> Statement:
    """Return the statement that marks messages as `sending`, begins their attempts and makes their links work; it answers with their ids.

    `as_judged`, it does so only for those whose digest is still the one they had when the guards were asked. Whether it does or not, the
    endings of others are written down. All in one, for a statement costs the server as much as what most of these write.
    """
    at = bindparam("at", type_=DateTime(timezone=True))
    begun = _begun_rows(rows_of("given", BEGUN, letters).cte("given"), at, as_judged)
    attempts = select(begun.c.attempt_id, begun.c.id, begun.c.fence, begun.c.carrier, at)
    begin = insert(DeliveryAttempt).from_select(["id", "message_id", "fence", "carrier", "at"], attempts)
    if links:
        begin = begin.add_cte(_issue(links, begun).cte("issued"))
    if ends:
        begin = begin.add_cte(outcome.taken_by_carrier(ends).cte("ended"))
    return Statement.of(begin.returning(DeliveryAttempt.message_id))


def _begun_rows(given: CTE, at: ColumnElement[datetime], as_judged: AsJudged | None) -> CTE:
    which = [Message.id == given.c.message_id, Message.fence == given.c.fence]
    if as_judged is not None:
        # Asked before anything is written, and holds the rows meanwhile.
        still = digests_now(given, to_persons=as_judged.to_persons, pressing=as_judged.pressing).cte("still")
        which += [still.c.id == given.c.message_id, still.c.digest == given.c.digest]
    made = {"template_version": given.c.version, "facts_cell": given.c.facts}
    made |= {name: given.c[name] for name in ("language", "mime_hash", "address_index")}
    begun = update(Message).where(*which).values(state="sending", state_at=at, **made)
    return begun.returning(Message.id, Message.fence, given.c.attempt_id, given.c.carrier).cte("begun")


def _issue(links: int, begun: CTE) -> Insert:
    columns = {each.key: each.type for each in Token.__table__.c}
    given = rows_of("links", {"of": Uuid(), **columns}, links)
    theirs = select(*(given.c[name] for name in columns)).select_from(begun.join(given, given.c.of == begun.c.id))
    return insert_or_not(Token).from_select(list(columns), theirs).on_conflict_do_nothing(index_elements=["hash"])


@lru_cache
def ask_locks(count: int) -> Statement:
    """Return the statement that holds so many locks at once, in the order of their names; it gives up where one is not to be had soon."""
    names = rows_of(LOCKED, {"name": String()}, count)
    soon = func.set_config("lock_timeout", literal_column(f"'{SOON}'"), literal_column("true"))
    return Statement.of(select(soon, lock_of(names.c.name)).select_from(names))


ASK_LOCK, ASK_AGAIN = Statement.of(LOCK), Statement.of(STILL_MINE)
