"""Two people decide what we say: one puts a version before a reviewer, another approves or refuses it, and either may be read later."""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from leads.audit.trail import record, record_about
from leads.clock import now
from leads.db import new_id
from leads.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, StaleVersion
from leads.messages.models import Message
from leads.messages.sendable import AWAITING, EXPIRED, forget
from leads.messages.templates import Meta, Template, catalogue, claims
from leads.messages.version_models import TemplateReview, TemplateVersion
from leads.messages.versions import keep

FACTS_HOLD_FOR = timedelta(days=180)
# So long before its end an approval may be renewed, so that no mail need pause.
RENEWED_FROM = timedelta(days=30)
LONGEST_WORDS = 2000
REVIEWERS = frozenset({"reviewer"})


def submit(session: Session, name: str, language: str, *, version: str, by: uuid.UUID) -> TemplateReview:
    """Return the review a version now waits for, the open one where somebody asked before.

    Raises NotFound, StaleVersion when the files have another version by now, or Conflict when it is approved already.
    """
    template = _template(name, language)
    if template.version(language) != version:
        raise StaleVersion("The files of this mail changed after you opened the page. Look at what they say now, then submit that.")
    row = keep(session, template, language)
    if any(in_force(each) and not _ends_soon(each.expires_at) for each in reviews_of(session, row.id)):
        raise Conflict("This version is approved already.")
    values = {"id": new_id(), "version_id": row.id, "submitted_by": by, "submitted_at": now(), "claims": []}
    # Two colleagues who press at once have asked once; the second reads the first's.
    session.execute(insert(TemplateReview).values(values).on_conflict_do_nothing())
    review = session.scalars(select(TemplateReview).where(TemplateReview.version_id == row.id, TemplateReview.verdict.is_(None))).one()
    if review.id == values["id"]:
        record(session, "wording.submitted", review, actor=f"account:{by}", template=name, language=language, version=version)
    return review


def approve(
    session: Session, review_id: uuid.UUID, *, by: uuid.UUID, roles: Collection[str], looked_at: Collection[str], words: str = ""
) -> TemplateReview:
    """Approve a version: from now on it goes out, for 180 days where it rests on facts; what waited for it goes at once.

    Raises Forbidden for whoever submitted it or is no reviewer, Invalid where a fact was not looked at, Conflict when it is decided.
    """
    review, row = _open(session, review_id, by, roles)
    keys = _claims_of(row)
    if left := [key for key in keys if key not in looked_at]:
        told = f"Hold each fact against its source, and tick it: {', '.join(left)}."
        raise Invalid(told, errors=(FieldError("claim", "not_looked_at", told),))
    review.claims = [_as_it_stands(key) for key in keys]
    review.expires_at = now() + FACTS_HOLD_FOR if keys else None
    _decide(session, review, row, "approved", by=by, words=words)
    _let_go(session, row.name)
    return review


def refuse(session: Session, review_id: uuid.UUID, *, by: uuid.UUID, roles: Collection[str], words: str) -> TemplateReview:
    """Refuse a version with words that say why; raises what `approve` raises, and Invalid without words."""
    review, row = _open(session, review_id, by, roles)
    if not words.strip():
        told = "Say what must change; whoever wrote it reads this."
        raise Invalid(told, errors=(FieldError("words", "missing", told),))
    _decide(session, review, row, "refused", by=by, words=words)
    return review


def withdraw(session: Session, review_id: uuid.UUID, *, by: uuid.UUID, roles: Collection[str]) -> TemplateReview:
    """Take an approval back: within seconds these words go to nobody any more; raises Forbidden, NotFound or Conflict."""
    _check_role(roles)
    review = _held(session, review_id)
    if review.verdict != "approved" or review.withdrawn_at is not None:
        raise Conflict("This approval is not in force.")
    review.withdrawn_at, review.withdrawn_by = now(), by
    record(session, "wording.withdrawn", review, actor=f"account:{by}")
    forget()
    return review


def reviews_of(session: Session, version_id: uuid.UUID) -> list[TemplateReview]:
    """Return every review of a version, the last first."""
    mine = select(TemplateReview).where(TemplateReview.version_id == version_id)
    return list(session.scalars(mine.order_by(TemplateReview.submitted_at.desc(), TemplateReview.id.desc())))


def in_force(review: TemplateReview) -> bool:
    """True for an approval that counts now."""
    return review.verdict == "approved" and review.withdrawn_at is None and not _has_run_out(review.expires_at)


def _ends_soon(expires_at: datetime | None) -> bool:
    return expires_at is not None and expires_at - RENEWED_FROM <= now()


def _has_run_out(expires_at: datetime | None) -> bool:
    return expires_at is not None and expires_at <= now()


def _template(name: str, language: str) -> Template:
    found = catalogue().get(name)
    if found is None or language not in found.editions:
        raise NotFound("There is no such mail in this language.")
    return found


def _check_role(roles: Collection[str]) -> None:
    if not REVIEWERS & set(roles):
        raise Forbidden("What we say is approved by a colleague with the role reviewer.")


def _held(session: Session, review_id: uuid.UUID) -> TemplateReview:
    review = session.get(TemplateReview, review_id, with_for_update=True, populate_existing=True)
    if review is None:
        raise NotFound("There is no such review.")
    return review


def _open(session: Session, review_id: uuid.UUID, by: uuid.UUID, roles: Collection[str]) -> tuple[TemplateReview, TemplateVersion]:
    _check_role(roles)
    review = _held(session, review_id)
    if review.verdict is not None:
        raise Conflict(f"Somebody has decided already: this version was {review.verdict}.")
    if review.submitted_by == by:
        raise Forbidden("You submitted this version yourself. A second reviewer decides about it.")
    return review, session.get_one(TemplateVersion, review.version_id)


def _claims_of(row: TemplateVersion) -> tuple[str, ...]:
    # What the version itself names, though the files may have moved on.
    return Meta.model_validate_json(row.sources["meta"]).claims


def _as_it_stands(key: str) -> dict[str, Any]:
    claim = claims().get(key)
    return claim.model_dump(mode="json") if claim else {"key": key}


def _decide(session: Session, review: TemplateReview, row: TemplateVersion, verdict: str, *, by: uuid.UUID, words: str) -> None:
    review.verdict, review.decided_by, review.decided_at = verdict, by, now()
    review.words = words.strip()[:LONGEST_WORDS] or None
    told = {"template": row.name, "language": row.language, "version": row.version}
    record(session, f"wording.{verdict}", review, actor=f"account:{by}", **told)
    forget()


def _let_go(session: Session, name: str) -> None:
    """Bring forward what waited for these words; every guard is asked again before any of it goes."""
    waiting = (Message.state == "planned", Message.template == name, Message.reason.in_((AWAITING, EXPIRED)))
    due = func.least(Message.due_at, now())
    ids = session.scalars(update(Message).where(*waiting).values(due_at=due).returning(Message.id)).all()
    if ids:
        record_about(session, "wording.let_go", "messages", None, template=name, messages=len(ids))
