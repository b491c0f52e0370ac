"""Doing something to a lead so that it can be taken back: the trail names all that was done, and each kind of entry has its way back.

It is taken back as long as nothing has followed that this would overwrite, and nobody outside has been told; else the reason says why not.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.audit.trail import followed, record
from leads.clock import now
from leads.consent.models import Choice, ConsentEntry, Hold, Suppression
from leads.db import lock
from leads.errors import Conflict
from leads.loop.models import Referral
from leads.messages.outbox import cancel_one
from leads.messages.steer import move_back as move_mail_back
from leads.messages.steer import take_up
from leads.people.models import Person
from leads.pipeline import notes
from leads.pipeline.assign import assign
from leads.pipeline.find import locked
from leads.pipeline.models import Deed, Lead, StageChange
from leads.sequences.models import Enrolment
from leads.sequences.rest import rest_on, undo_pause
from leads.sequences.stop import run_on
from leads.sequences.todos import STOPPED
from leads.todos.models import Todo
from leads.todos.open import finish, put_back, reopen

Why = Literal["closed", "visit", "told", "mails", "on"]
WayBack = Callable[[Session, AuditEntry, str], object]
TAKEN_BACK = "Taken back: it was moved by mistake."
# The trail names everything an act has done, whichever verb below did it; the gravest comes first.
TELLS: Mapping[str, Why] = {"appointment": "visit", "referral": "told"}
# A stage begins and ends mails by its own rules: they are not called back with it.
TELLS_OF_A_MOVE: Mapping[str, Why] = {**TELLS, "sequence": "mails", "message": "mails"}


def act_and_keep(session: Session, lead: Lead, kind: str, act: Callable[[], object], *, account_id: uuid.UUID) -> Deed | Why:
    """Do something to a lead; return the deed that can be taken back or, where something came of it, why it cannot."""
    read = lead.version
    with followed(session) as recorded:
        act()
    # Every write counts: what is done on the lead after this is what the deed may not overwrite.
    lead.version = max(lead.version, read + 1)
    session.flush()
    entries = _entries(session, recorded, actor=f"account:{account_id}")
    if (why := _came_of(session, entries)) is not None:
        return why
    names = [str(each.id) for each in entries]
    deed = Deed(account_id=account_id, kind=kind, details={"lead": str(lead.id), "version": lead.version, "entries": names}, at=now())
    session.add(deed)
    session.flush()
    return deed


def take_back(session: Session, deed: Deed, *, actor: str) -> str:
    """Undo what a deed did, the last thing first, and return the lead's number; raises Conflict where something has followed."""
    lead = locked(session, uuid.UUID(deed.details["lead"]))
    ids = [uuid.UUID(each) for each in deed.details["entries"]]
    entries = session.scalars(select(AuditEntry).where(AuditEntry.id.in_(ids)).order_by(AuditEntry.id.desc())).all()
    moved = any(each.action == "lead.moved" for each in entries)
    if lead.version != deed.details["version"] or (moved and _has_gone_on(session, lead, deed)):
        raise Conflict(f"{lead.number} has gone on since, so this is not taken back: change it on its page.")
    if any(each.action.startswith(("message.", "sequence.", "pause.")) for each in entries):
        # The person's lock before any row of theirs, as in planning and in delivery.
        lock(session, "person", lead.person_id)
        _check_wishes(session, lead, deed)
    try:
        for each in entries:
            WAYS_BACK[each.action](session, each, actor)
    except Conflict as refusal:
        raise Conflict(f"{lead.number}: this cannot be taken back any more. {refusal.message}") from None
    lead.version = max(lead.version, deed.details["version"] + 1)
    return lead.number


def _entries(session: Session, recorded: Sequence[AuditEntry], *, actor: str) -> Sequence[AuditEntry]:
    # Asked of the database: what a savepoint took back was recorded, and is not there.
    mine = [each.id for each in recorded if each.actor == actor]
    return session.scalars(select(AuditEntry).where(AuditEntry.id.in_(mine)).order_by(AuditEntry.id)).all()


def _came_of(session: Session, entries: Sequence[AuditEntry]) -> Why | None:
    """Return why something cannot be taken back, or None."""
    moves = [each.detail for each in entries if each.action == "lead.moved"]
    if any("closed" in (each["before"], each["to"]) for each in moves):
        return "closed"
    tells, kinds = TELLS_OF_A_MOVE if moves else TELLS, {each.action.partition(".")[0] for each in entries}
    if grave := next((why for kind, why in tells.items() if kind in kinds), None):
        return grave
    is_known = all(each.action in WAYS_BACK for each in entries)
    return None if is_known and not _let_a_sequence_go_on(session, entries) else "on"


def _let_a_sequence_go_on(session: Session, entries: Sequence[AuditEntry]) -> bool:
    done = [each.subject_id for each in entries if each.action == "todo.done" and each.detail.get("outcome") != STOPPED]
    return session.scalar(select(Todo.id).where(Todo.id.in_(done), Todo.enrolment_id.is_not(None)).limit(1)) is not None


def _has_gone_on(session: Session, lead: Lead, deed: Deed) -> bool:
    # Neither raises the lead's version: a referral that came since stands where the lead does, and its sender was told.
    referrals = select(Referral.id).where(Referral.lead_id == lead.id, Referral.changed_at > deed.at)
    begun = or_(Enrolment.started_at > deed.at, Enrolment.ended_at > deed.at)
    sequences = select(Enrolment.id).where(Enrolment.lead_id == lead.id, begun)
    return any(session.scalar(each.limit(1)) is not None for each in (referrals, sequences))


def _check_wishes(session: Session, lead: Lead, deed: Deed) -> None:
    # What they said, or disclosed, since would have ended the mails that this brings back; none of it raises the lead's version.
    said = ((ConsentEntry, ConsentEntry.at), (Choice, Choice.at), (Suppression, Suppression.at), (Hold, Hold.raised_at))
    since = (select(table.id).where(table.person_id == lead.person_id, at > deed.at).limit(1) for table, at in said)
    if any(session.scalar(each) is not None for each in since):
        raise Conflict(f"{lead.number}: they have said since what mail they want, or are on hold. Look, then change it on its page.")


def _move_back(session: Session, entry: AuditEntry, actor: str) -> None:
    lead, was = _lead(session, entry), entry.detail
    to, lead.stage, lead.version = lead.stage, was["before"], lead.version + 1
    _not_reached(lead, was)
    change = StageChange(lead_id=lead.id, from_stage=to, to_stage=lead.stage, actor=actor, at=now(), takes_back=uuid.UUID(was["change"]))
    change.reason = TAKEN_BACK
    session.add(change)
    record(session, "lead.moved_back", lead, actor=actor, before=to, to=lead.stage)


def _call_back(session: Session, entry: AuditEntry, actor: str) -> None:
    notes.take_back(session, uuid.UUID(entry.detail["note"]), actor=actor)
    _not_reached(_lead(session, entry), entry.detail)


def _not_reached(lead: Lead, was: Mapping[str, object]) -> None:
    if was["is_first_contact"]:
        lead.reached_at = None


def _reach_as_before(session: Session, entry: AuditEntry, actor: str) -> None:
    person = session.get_one(Person, _of(entry), with_for_update=True, populate_existing=True)
    if person.reach_by != entry.detail["to"]:
        raise Conflict("How to reach them was changed since.")
    person.reach_by = entry.detail["was"]
    record(session, "person.reach_by", person, actor=actor, was=entry.detail["to"], to=person.reach_by)


def _give_back(session: Session, entry: AuditEntry, actor: str) -> None:
    was = entry.detail["was"]
    assign(session, _of(entry), uuid.UUID(was) if was else None, actor=actor)


def _reopen(session: Session, entry: AuditEntry, actor: str) -> None:
    # The sequence opens its own to-dos again by itself, once it runs.
    if entry.detail.get("outcome") != STOPPED:
        reopen(session, _of(entry), actor=actor)


def _put_back(session: Session, entry: AuditEntry, actor: str) -> None:
    was, until = (datetime.fromisoformat(entry.detail[name]) for name in ("was", "until"))
    put_back(session, _of(entry), until=until, was=was, actor=actor)


def _mail_back(session: Session, entry: AuditEntry, actor: str) -> None:
    move_mail_back(session, _of(entry), due=entry.detail["due"], was=entry.detail["was"], actor=actor)


def _take_up(session: Session, entry: AuditEntry, actor: str) -> None:
    take_up(session, _of(entry), reason=entry.detail["reason"], actor=actor)


def _lead(session: Session, entry: AuditEntry) -> Lead:
    return session.get_one(Lead, _of(entry))


def _of(entry: AuditEntry) -> uuid.UUID:
    if entry.subject_id is None:
        raise Conflict("The trail does not say what it was done to.")
    return entry.subject_id


def _nothing(_session: Session, _entry: AuditEntry, _actor: str) -> None:
    """What the other entries of a deed bring back with them."""


WAYS_BACK: Mapping[str, WayBack] = {
    "call.logged": _call_back,
    "lead.assigned": _give_back,
    "lead.moved": _move_back,
    "lead.waits": _nothing,
    "lead.waits_no_more": _nothing,
    "message.cancelled": _take_up,
    "message.moved": _mail_back,
    "message.replanned": _nothing,
    "message.sent_by_hand": _mail_back,
    "message.written": lambda session, entry, actor: cancel_one(session, _of(entry), reason="stopped-by-staff", actor=actor),
    "note.written": lambda session, entry, actor: notes.take_back(session, _of(entry), actor=actor),
    "pause.ended": lambda session, entry, actor: rest_on(session, _of(entry), actor=actor),
    "pause.started": lambda session, entry, actor: undo_pause(session, _of(entry), actor=actor),
    "person.reach_by": _reach_as_before,
    "sequence.ended": lambda session, entry, actor: run_on(session, _of(entry), reason=entry.detail["reason"], actor=actor),
    "todo.done": _reopen,
    "todo.opened": lambda session, entry, actor: finish(session, _of(entry), actor=actor, outcome="taken-back"),
    "todo.put-off": _put_back,
}
