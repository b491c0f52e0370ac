"""The suspicion that two records are one person: decided once, and a decision stays, also for what two records become."""

import uuid
from collections.abc import Iterable

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.db import new_id
from leads.errors import Conflict, NotFound
from leads.people.match import suggest_merge
from leads.people.models import Merge, MergeSuggestion, Person

MERGED, DIFFERENT, CARRIED = "merged", "different", "carried"


def dismiss(session: Session, suggestion_id: uuid.UUID, *, actor: str) -> MergeSuggestion:
    """Say that two people are two; they are never suggested again. Raises NotFound, or Conflict when somebody decided already."""
    pair = waiting(session, suggestion_id)
    pair.decided_at, pair.decided_by, pair.decision = now(), actor, DIFFERENT
    record(session, "merge.dismissed", pair, actor=actor)
    return pair


def wait_again(session: Session, suggestion_id: uuid.UUID, *, actor: str) -> MergeSuggestion:
    """Take back one's own word that two are two, so that the pair waits again; raises NotFound, or Conflict where something followed."""
    pair = session.get(MergeSuggestion, suggestion_id, with_for_update=True, populate_existing=True)
    if pair is None:
        raise NotFound("There is no such pair.")
    if (pair.decision, pair.decided_by) != (DIFFERENT, actor):
        raise Conflict("Somebody has decided anew about these two since.", code="not_allowed_now")
    both = select(Person.id).where(Person.id.in_((pair.person_id, pair.other_id)), Person.merged_into.is_not(None))
    if session.scalar(both.limit(1)) is not None:
        raise Conflict("One of these two was merged with somebody since.", code="not_allowed_now")
    pair.decided_at = pair.decided_by = pair.decision = None
    record(session, "merge.dismissal_taken_back", pair, actor=actor)
    return pair


def pair_of(session: Session, suggestion_id: uuid.UUID) -> MergeSuggestion:
    """Return a pair, decided or not; raises NotFound."""
    pair = session.get(MergeSuggestion, suggestion_id)
    if pair is None:
        raise NotFound("There is no such pair.")
    return pair


def waiting(session: Session, suggestion_id: uuid.UUID) -> MergeSuggestion:
    """Return a pair nobody has decided about, held until the transaction ends; raises NotFound or Conflict."""
    pair = session.get(MergeSuggestion, suggestion_id, with_for_update=True, populate_existing=True)
    if pair is None:
        raise NotFound("There is no such pair.")
    if pair.decided_at is not None:
        raise Conflict("Somebody has already decided about these two.", code="not_allowed_now")
    return pair


def by_hand(session: Session, person_id: uuid.UUID, other_id: uuid.UUID, *, actor: str) -> MergeSuggestion:
    """Return the pair of two whom a colleague takes for one, to be looked at once more; also where somebody dismissed it before."""
    suggest_merge(session, person_id, other_id, why="by-hand")
    first, second = sorted((person_id, other_id))
    pair = session.scalars(select(MergeSuggestion).where(MergeSuggestion.person_id == first, MergeSuggestion.other_id == second)).one()
    pair.decided_at = pair.decided_by = pair.decision = None
    record(session, "merge.suggested", pair, actor=actor)
    return pair


def settle(session: Session, made: Merge) -> None:
    """Close the pair of two that are merged, and let every other suspicion and dismissal of the one be the other's."""
    for pair in _of(session, made.other_id):
        third = pair.other_id if pair.person_id == made.other_id else pair.person_id
        if third != made.kept_id:
            _carry(session, pair, made, third)
        if pair.decided_at is None:
            pair.decided_at, pair.decided_by, pair.decision = made.at, made.actor, MERGED if third == made.kept_id else CARRIED


def unsettle(session: Session, made: Merge) -> None:
    """Open again what `settle` closed with this merge, and forget what it carried over and nobody has decided since."""
    for pair in _of(session, made.other_id):
        if pair.decision in (MERGED, CARRIED) and pair.decided_at == made.at:
            pair.decided_at = pair.decided_by = pair.decision = None
    for pair in _of(session, made.kept_id):
        # A row that the merge itself wrote: it stands for the other's, which is open or dismissed again as before.
        if pair.suggested_at == made.at and pair.id > made.id:
            session.delete(pair)
    session.flush()


def _carry(session: Session, pair: MergeSuggestion, made: Merge, third: uuid.UUID) -> None:
    first, second = sorted((made.kept_id, third))
    row = {"id": new_id(), "person_id": first, "other_id": second, "why": pair.why, "suggested_at": made.at}
    row |= {"decided_at": pair.decided_at, "decided_by": pair.decided_by, "decision": pair.decision}
    session.execute(insert(MergeSuggestion).values(row).on_conflict_do_nothing())


def _of(session: Session, person_id: uuid.UUID) -> Iterable[MergeSuggestion]:
    theirs = or_(MergeSuggestion.person_id == person_id, MergeSuggestion.other_id == person_id)
    return session.scalars(select(MergeSuggestion).where(theirs).order_by(MergeSuggestion.id).with_for_update()).all()
