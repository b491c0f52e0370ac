"""Which words may go now: those a reviewer approved, asked of the database every few seconds and of memory in between."""

import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.clock import now
from leads.db import transaction
from leads.messages.due import Due
from leads.messages.recipients import OF_OURS
from leads.messages.shipped import shipped
from leads.messages.templates import Meta, Template, catalogue
from leads.messages.version_models import TemplateReview, TemplateVersion
from leads.messages.versions import forget_kept, read

AWAITING, EXPIRED = "awaiting-approval", "approval-expired"
# Approvals change a few times a year and speak of words, never of a person; what silences a person is asked of the database at the dot.
# A mail that goes these few seconds after its words were withdrawn is as if it had gone that moment before.
FRESH_FOR = 5.0
Rules = tuple[object, ...]


class Approved(NamedTuple):
    """A version somebody approved, and until when that holds; for good where its mail rests on no fact."""

    version_id: uuid.UUID
    name: str
    language: str
    version: str
    until: datetime | None


class Said(NamedTuple):
    """The words that go where an edition is asked for, and until when."""

    template: Template
    until: datetime | None


class View(NamedTuple):
    """What this process knows of approvals, and since when (monotonic seconds)."""

    said: Mapping[tuple[str, str], Said]
    read_at: float


_view = View({}, float("-inf"))


def words_for(due: Due) -> Template | None:
    """Return the e-mail in the words that may go for this message: the newest that is approved; None where none is."""
    template = catalogue()[due.template]
    if not needs_approval(template.meta) or due.recipient in OF_OURS or due.language not in template.editions:
        return template
    said = _looked().said.get((due.template, due.language))
    return said.template if said and (said.until is None or said.until > now()) else None


def missing_approval(due: Due) -> str | None:
    """Return why no words may go for this message, None where some may."""
    if words_for(due) is not None:
        return None
    return EXPIRED if (due.template, due.language) in _view.said else AWAITING


def needs_approval(meta: Meta) -> bool:
    """True for what goes out of the house. A page or notice to one of us carries a number, and must not wait for a reviewer."""
    return meta.audience != "staff"


def approved_versions(session: Session) -> Sequence[Approved]:
    """Return every version that was approved and not withdrawn, expired ones too, the last approved first."""
    row, review = TemplateVersion, TemplateReview
    rows = select(row.id, row.name, row.language, row.version, review.expires_at).join(review, review.version_id == row.id)
    in_force = rows.where(review.verdict == "approved", review.withdrawn_at.is_(None))
    return [Approved(*each) for each in session.execute(in_force.order_by(review.decided_at.desc(), review.id.desc()))]


def forget() -> None:
    """Know nothing, so that the next question asks the database."""
    global _view
    _view = View({}, float("-inf"))
    forget_kept()


def _looked() -> View:
    global _view
    if time.monotonic() - _view.read_at > FRESH_FOR:
        with transaction() as session:
            # Of several lines that look at once the last one's answer stays; all of them are fresh.
            _view = View(_read(session), time.monotonic())
    return _view


def _read(session: Session) -> Mapping[tuple[str, str], Said]:
    found: dict[tuple[str, str], list[Approved]] = {}
    for each in approved_versions(session):
        found.setdefault((each.name, each.language), []).append(each)
    editions = [(template, language) for template in catalogue().values() for language in template.editions]
    said = {(template.name, language): _said(session, template, language, found) for template, language in editions}
    return {edition: words for edition, words in said.items() if words}


def _said(session: Session, template: Template, language: str, found: Mapping[tuple[str, str], Sequence[Approved]]) -> Said | None:
    version = template.version(language)
    # A trial goes nowhere but to its own mailbox, or should: there the words we ship with need no second look, and yours do.
    if settings().is_local and shipped().get(f"{template.name}.{language}") == version:
        return Said(template, None)
    lapsed = None
    for each in found.get((template.name, language), ()):
        # A new version that nobody approved yet silences nothing: until then the last approved words go on.
        words = template if each.version == version else _stand_in(session, each, template.meta)
        if words and (each.until is None or each.until > now()):
            return Said(words, each.until)
        lapsed = lapsed or (Said(words, each.until) if words else None)
    return lapsed


def _stand_in(session: Session, approved: Approved, meta: Meta) -> Template | None:
    old = read(session.get_one(TemplateVersion, approved.version_id))
    return old if old and rules(old.meta) == rules(meta) else None


def rules(meta: Meta) -> Rules:
    """Return what a version must have in common with the one it stands in for: who may get it, when, and what it is given."""
    return (meta.audience, meta.lane, meta.topic, meta.level, meta.kind, meta.to_unconfirmed, meta.calendar, meta.facts, meta.optional)
