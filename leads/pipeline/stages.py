"""One table says from where to where a lead may move, who may, and what is required."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from leads.accounts.rights import WHO
from leads.audit.trail import record
from leads.clinic.profile import clinic
from leads.clock import now
from leads.errors import Conflict, Forbidden, Invalid, StaleVersion
from leads.loop.follow import lead_moved
from leads.pipeline.facts import facts_about
from leads.pipeline.find import locked, open_lead_of
from leads.pipeline.models import Lead, StageChange
from leads.sequences.enroll import start_for
from leads.sequences.hand_over import finish_all
from leads.sequences.stop import stop_for

STAGES = ("new", "contacted", "screening", "qualified", "booked", "in_care", "closed")
OPEN_STAGES = tuple(stage for stage in STAGES if stage != "closed")
COORDINATORS = WHO["leads.work"]
CLINICIANS = WHO["clinical"]
# What nobody need do any more once a lead is closed; a clinician's to-do stays.
DONE_WITH_THE_LEAD = ("call", "phone-instead", "complained", "settle-unknown", "rebook", "call-visit", "wrong-number", "own")


@dataclass(frozen=True)
class Move:
    """One allowed move: from which stages, to which, by whom, and which words it needs."""

    sources: tuple[str, ...]
    to: str
    label: str
    roles: frozenset[str] = COORDINATORS
    needs: tuple[str, ...] = ()


MOVES = (
    Move(("new",), "contacted", "We spoke"),
    Move(("new", "contacted"), "screening", "Start screening"),
    Move(("screening",), "contacted", "Back to contacted", needs=("reason",)),
    Move(("screening",), "qualified", "Qualified", roles=CLINICIANS),
    Move(("qualified",), "screening", "Back to screening", needs=("reason",)),
    Move(("qualified",), "booked", "Visit booked"),
    Move(("booked",), "qualified", "Visit cancelled", needs=("reason",)),
    Move(("booked",), "in_care", "Visit attended"),
    Move(("new", "contacted", "screening", "qualified", "booked", "in_care"), "closed", "Close", needs=("outcome",)),
    Move(("closed",), "contacted", "Reopen", needs=("reason",)),
)


@dataclass(frozen=True)
class Action:
    """What may be done with a lead now, or why not: pages and API offer nothing else."""

    to: str
    label: str
    needs: tuple[str, ...]
    allowed: bool
    why_not: str | None = None


def actions(lead: Lead, roles: Collection[str]) -> Sequence[Action]:
    """Return every move from the lead's stage; those these roles may not make say who may."""
    return actions_at(lead.stage, roles)


def actions_at(stage: str, roles: Collection[str]) -> Sequence[Action]:
    """Return every move from a stage, as `actions`."""
    return [_action(move, roles) for move in MOVES if stage in move.sources]


def move(
    session: Session,
    lead_id: uuid.UUID,
    to: str,
    *,
    version: int,
    actor: str,
    roles: Collection[str],
    outcome: str | None = None,
    reason: str | None = None,
    visit_at: datetime | None = None,
) -> Lead:
    """Move a lead to a stage, start and stop what hangs on it; raises Conflict, Forbidden, Invalid or StaleVersion.

    `visit_at` is when the visit is with which it becomes `booked`; the appointment's verbs know it, and pages go through those.
    """
    lead = at_version(session, lead_id, version)
    chosen = next((each for each in MOVES if lead.stage in each.sources and each.to == to), None)
    if chosen is None:
        offered = ", ".join(each.to for each in MOVES if lead.stage in each.sources)
        raise Conflict(f"A lead that is {lead.stage} cannot become {to}. It can become: {offered}.", code="not_allowed_now")
    if not chosen.roles & set(roles):
        raise Forbidden(f"{chosen.label} is for a {' or a '.join(sorted(chosen.roles))}.")
    _require(chosen, outcome=outcome, reason=reason)
    _refuse_a_second_journey(session, lead)
    _change(session, lead, to, outcome=outcome, reason=reason, visit_at=visit_at, actor=actor)
    return lead


def at_version(session: Session, lead_id: uuid.UUID, version: int) -> Lead:
    """Return a lead held for writing; raises StaleVersion when somebody wrote since `version` was read."""
    # Held before it is compared: two colleagues with the same version on screen would otherwise both pass.
    lead = locked(session, lead_id)
    if lead.version != version:
        raise StaleVersion(f"Somebody changed {lead.number} in the meantime: it is {lead.stage} now. Look again, then decide.")
    return lead


def _action(move: Move, roles: Collection[str]) -> Action:
    allowed = bool(move.roles & set(roles))
    return Action(move.to, move.label, move.needs, allowed, None if allowed else f"for a {' or a '.join(sorted(move.roles))}")


def _require(move: Move, **given: str | None) -> None:
    for name in move.needs:
        if not (given[name] or "").strip():
            raise Invalid(f"{move.label} needs the {name}.")
    codes = [outcome.code for outcome in clinic().outcomes]
    if "outcome" in move.needs and given["outcome"] not in codes:
        raise Invalid(f"The outcome must be one of {', '.join(codes)}.")


def _refuse_a_second_journey(session: Session, lead: Lead) -> None:
    # Two open leads of one person would be called by two colleagues and be in two sequences at once.
    other = open_lead_of(session, lead.person_id) if lead.stage == "closed" else None
    if other is not None and other.id != lead.id:
        raise Conflict(f"This person has written again since: {other.number} is open. Go on there.", code="not_allowed_now")


def _change(
    session: Session, lead: Lead, to: str, *, outcome: str | None, reason: str | None, visit_at: datetime | None, actor: str
) -> None:
    at, before = now(), lead.stage
    lead.stage, lead.version = to, lead.version + 1
    is_first_contact = lead.reached_at is None and before == "new" and to in ("contacted", "screening")
    lead.reached_at = at if is_first_contact else lead.reached_at
    if to == "closed":
        lead.closed_at, lead.outcome = at, outcome
        # The first closure is what reports count; reopening and closing again does not rewrite it.
        lead.first_closed_at, lead.first_outcome = lead.first_closed_at or at, lead.first_outcome or outcome
    elif before == "closed":
        lead.closed_at, lead.outcome = None, None
    change = StageChange(lead_id=lead.id, from_stage=before, to_stage=to, outcome=outcome, reason=reason, actor=actor, at=at)
    session.add(change)
    told = {"before": before, "to": to, "outcome": outcome, "change": str(change.id), "is_first_contact": is_first_contact}
    record(session, "lead.moved", lead, actor=actor, **told)
    _carry_on(session, lead, before, actor, visit_at=visit_at)


def _carry_on(session: Session, lead: Lead, before: str, actor: str, *, visit_at: datetime | None) -> None:
    lead_moved(session, lead.id, lead.stage, before=before, outcome=lead.outcome, visit_at=visit_at, actor=actor)
    event = f"stage:{lead.stage}"
    stop_for(session, event, lead_id=lead.id, actor=actor)
    if lead.stage == "closed":
        for kind in DONE_WITH_THE_LEAD:
            finish_all(session, kind, lead_id=lead.id, actor=actor, outcome="closed")
    elif lead.reached_at:
        finish_all(session, "call", lead_id=lead.id, actor=actor, outcome="reached")
    start_for(session, event, person_id=lead.person_id, lead_id=lead.id, facts=facts_about(session, lead), actor=actor)
