"""Two records of one person become one, by a colleague's word and never by itself; undone, both are as they were."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.consent.models import Choice, Confirmation, ConsentEntry
from leads.consent.stricter import carry_over, give_back
from leads.db import lock
from leads.errors import Conflict, FieldError, Invalid, NotFound
from leads.people.models import Merge, Person
from leads.people.moved import move_back, move_rows, put_back, remember
from leads.people.suggest import settle, unsettle

# What the two may differ in, and a colleague chooses. What protects the person is not theirs to choose: the stricter of the two holds.
CHOSEN = ("given_name", "family_name", "email", "phone", "birth_date", "language", "reach_by", "reach_when")
STRICTER = {"safe_voicemail": all, "safe_email": all, "discreet": any}
# Entries of the ledger are never changed: what still holds is written down anew. The others keep themselves.
# Who restricted a record, and why, stays with it; that it is restricted goes along.
LEFT = (ConsentEntry.__tablename__, Choice.__tablename__, "people", "merges", "merge_suggestions", "restrictions")
VALUES = (*CHOSEN, *STRICTER, "email_index", "phone_index", "name_buckets")


@dataclass(frozen=True)
class Difference:
    """A field in which two records differ."""

    field: str
    kept: str | None
    other: str | None


def differences(kept: Person, other: Person) -> Sequence[Difference]:
    """Return the fields in which two records differ and between which somebody must choose; a blank one is filled from the other."""
    both = [Difference(name, getattr(kept, name), getattr(other, name)) for name in CHOSEN]
    return [each for each in both if each.kept != each.other and each.kept and each.other]


def merge(session: Session, kept_id: uuid.UUID, other_id: uuid.UUID, *, from_other: Collection[str] = (), actor: str) -> Merge:
    """Let everything of one person hang on the other's record; `from_other` names the fields whose value is the other's.

    Consent never widens: what either refused is refused, and nothing is granted that the kept record did not grant. Raises NotFound,
    Invalid for one record twice or a field that is none, and Conflict where one of them was merged already.
    """
    kept, other = _both(session, kept_id, other_id)
    if unknown := set(from_other) - set(CHOSEN):
        words = f"There is no choice of {', '.join(sorted(unknown))}."
        raise Invalid(words, errors=(FieldError("from_other", "unknown_choice", words),))
    made = Merge(kept_id=kept.id, other_id=other.id, actor=actor, at=now())
    session.add(made)
    session.flush()
    remember(made, kept, *(_column(name) for name in VALUES), "merged_into")
    remember(made, other, "merged_into")
    same_mailbox = _take_values(kept, other, from_other)
    other.merged_into, kept.restricted_at = kept.id, kept.restricted_at or other.restricted_at
    proved = select(Confirmation.address_index).where(Confirmation.person_id == kept.id)
    move_rows(session, made, "people", other.id, kept.id, leave=LEFT, unless={"confirmations": Confirmation.address_index.in_(proved)})
    carry_over(session, kept.id, other.id, same_mailbox=same_mailbox, actor=actor)
    settle(session, made)
    record(session, "person.merged", kept, actor=actor, other=str(other.id), merge=str(made.id))
    return made


def undo(session: Session, merge_id: uuid.UUID, *, actor: str) -> Merge:
    """Take two records apart again, each with its own values and rows; what came since the merge stays with the kept one.

    Raises NotFound, and Conflict where it was undone already, or another merge came on top of it and must be undone first.
    """
    made = session.get(Merge, merge_id)
    if made is None:
        raise NotFound("There is no such merge.")
    lock_people(session, made.kept_id, made.other_id)
    session.refresh(made, with_for_update=True)
    _require_the_last(session, made)
    give_back(session, made.kept_id, since=made.id, actor=actor)
    move_back(session, made)
    put_back(session, made, (Person,))
    _part_restriction(session, made)
    unsettle(session, made)
    made.undone_at, made.undone_by = now(), actor
    record(session, "person.unmerged", session.get_one(Person, made.kept_id), actor=actor, other=str(made.other_id), merge=str(made.id))
    session.flush()
    return made


def lock_people(session: Session, *people: uuid.UUID) -> None:
    """Hold people until the transaction ends, in one order: two who want the same pair would wait for each other otherwise."""
    for each in sorted(set(people)):
        lock(session, "person", each)


def family_of(session: Session, person_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """Return a person's record and those merged into it: whose entries in the ledger are theirs."""
    merged = session.scalars(select(Person.id).where(Person.merged_into == person_id).order_by(Person.id)).all()
    return [person_id, *merged]


def merges_of(session: Session, person_id: uuid.UUID) -> Sequence[Merge]:
    """Return the merges that made a record what it is, the last first; only the first of these can be undone."""
    standing = select(Merge).where(Merge.kept_id == person_id, Merge.undone_at.is_(None))
    return session.scalars(standing.order_by(Merge.at.desc(), Merge.id.desc())).all()


def _both(session: Session, kept_id: uuid.UUID, other_id: uuid.UUID) -> tuple[Person, Person]:
    if kept_id == other_id:
        raise Invalid("This is one record already.")
    lock_people(session, kept_id, other_id)
    found = [session.get(Person, each, with_for_update=True, populate_existing=True) for each in (kept_id, other_id)]
    kept, other = found
    if kept is None or other is None:
        raise NotFound("There is no such person.")
    if kept.merged_into or other.merged_into:
        raise Conflict("Somebody has merged one of these two already. Look again, then decide.", code="not_allowed_now")
    return kept, other


def _take_values(kept: Person, other: Person, from_other: Collection[str]) -> bool:
    """Give the kept record the values that hold from now on; returns whether its mailbox stays the one its grants were given for."""
    mailbox = kept.email_index
    for name in CHOSEN:
        if name in from_other or not getattr(kept, name):
            setattr(kept, name, getattr(other, name) or getattr(kept, name))
    for name, rule in STRICTER.items():
        setattr(kept, name, rule((getattr(kept, name), getattr(other, name))))
    for name in ("email", "phone"):
        if getattr(kept, name) == getattr(other, name):
            setattr(kept, f"{name}_index", getattr(other, f"{name}_index"))
    return mailbox == kept.email_index


def _require_the_last(session: Session, made: Merge) -> None:
    if made.undone_at is not None:
        raise Conflict("This merge was undone already.", code="not_allowed_now")
    later = select(Merge.id).where(Merge.undone_at.is_(None), Merge.id > made.id)
    if session.scalar(later.where(or_(Merge.kept_id == made.kept_id, Merge.other_id == made.kept_id)).limit(1)):
        raise Conflict("Another merge came on top of this one. Undo that one first.", code="not_allowed_now")


def _part_restriction(session: Session, made: Merge) -> None:
    """Open the kept record again if it was restricted for the other's sake alone; the other stays as it is."""
    kept, other = session.get_one(Person, made.kept_id), session.get_one(Person, made.other_id)
    if kept.restricted_at is not None and kept.restricted_at == other.restricted_at:
        kept.restricted_at = None


def _column(name: str) -> str:
    return f"{name}_cell" if hasattr(Person, f"{name}_cell") else name
