"""What the sender of a Task wants when they write to it: to cancel, to ask for that, or to answer."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.errors import Conflict
from leads.http.fhir.codes import ASKS_TO_CANCEL, TASK_CODE, Resource, base, codings, has_code
from leads.http.fhir.entries import refused
from leads.http.fhir.write_task import View
from leads.loop.errands import errand
from leads.loop.history import apply
from leads.loop.models import ReferralEvent
from leads.loop.states import STATES
from leads.referrals.answer import answer, withdraw
from leads.referrals.shown import Shown

WITHOUT_REASON = "Cancelled by the sender, without a reason given."
BEFORE_IN_PROGRESS = ("received", "needs_information", "accepted")
CANCELLING = ("cancel_requested", "cancelled")


@dataclass(frozen=True)
class Wish:
    """What is wanted, and the words that came with it."""

    kind: Literal["cancel", "ask_to_cancel", "answer"]
    words: str


def wish_of(task: Resource, shown: View) -> Wish:
    """Return what a changed Task asks for; raises Invalid where it asks for nothing that its sender may do."""
    if task["status"] == "cancelled":
        return Wish("cancel", _reason(task))
    if any(each.get("code") in ASKS_TO_CANCEL for each in codings(task.get("businessStatus"))):
        return Wish("ask_to_cancel", _reason(task))
    ours = shown.told.get("note")
    said = [note["text"] for note in task.get("note", ()) if note.get("text") not in (None, ours)]
    said += [each["valueString"] for each in task.get("input", ()) if each.get("valueString")]
    if not said:
        words = "Set status to cancelled or businessStatus to 5.2, or, while it is on-hold, add a note that answers what was asked."
        raise refused("Task", "business-rule", words)
    return Wish("answer", "\n".join(said))


def cancellation(task: Resource) -> tuple[Wish, str]:
    """Return the wish of a cancellation Task and the id of the Task it is about; raises Invalid for any other Task."""
    if not has_code(task.get("code"), TASK_CODE, "abort"):
        words = "Send a referral as a transaction Bundle to POST /fhir; by itself we take a Task of the code abort only."
        raise refused("Task.code", "not-supported", words)
    reference = task.get("focus", {}).get("reference", "").removeprefix(f"{base()}/")
    if not reference.startswith("Task/"):
        raise refused("Task.focus", "required", "The focus is the Task to be cancelled, such as Task/0192….")
    return Wish("ask_to_cancel", _reason(task)), reference.removeprefix("Task/").partition("/")[0]


def fulfil(session: Session, shown: Shown, wish: Wish, *, actor: str) -> ReferralEvent | None:
    """Do what the sender of a referral wants; returns what happened, the first time's event for the same wish again.

    Raises Conflict with the events that are allowed, or Invalid. Where the sender may know nothing, a wish that comes too late is None:
    a refusal would say that it is over.
    """
    referral, told_nothing = shown.referral, shown.seen.level == "acknowledged"
    if wish.kind == "answer":
        if told_nothing:
            raise Conflict("Nothing has been asked here. Please call us.", code="not_allowed_now")
        return answer(session, referral, wish.words, actor=actor)
    if referral.state in CANCELLING:
        return _asked_before(session, shown)
    if told_nothing and STATES[referral.state].ended:
        return None
    if wish.kind == "cancel" and not told_nothing and referral.state not in BEFORE_IN_PROGRESS and not STATES[referral.state].ended:
        words = "It is in progress: ask us to cancel it, by POST /fhir/Task with the code abort, or with the businessStatus 5.2."
        raise Conflict(words, code="not_allowed_now")
    is_early = referral.state in BEFORE_IN_PROGRESS
    happened = withdraw(session, referral, wish.words, actor=actor)
    if wish.kind == "cancel" and is_early:
        # Nothing has been arranged yet that one of us would have to undo first; what becomes of the patient is still a person's to say.
        apply(session, referral, "confirm_cancel", actor=actor)
        errand(session, referral, "withdrawn", "its sender has withdrawn it; decide about the lead", actor=actor)
    return happened


def _asked_before(session: Session, shown: Shown) -> ReferralEvent | None:
    asked = select(ReferralEvent).where(ReferralEvent.referral_id == shown.referral.id, ReferralEvent.event == "cancel_request")
    return session.scalar(asked.order_by(ReferralEvent.version.desc()).limit(1))


def _reason(task: Resource) -> str:
    notes = [note["text"] for note in task.get("note", ()) if note.get("text")]
    return (task.get("statusReason") or {}).get("text") or (notes[-1] if notes else WITHOUT_REASON)
