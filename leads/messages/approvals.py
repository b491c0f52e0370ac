"""How each e-mail stands with its reviewers: approved until when, awaiting whom, or going out in older words."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.clock import now
from leads.messages.approve import RENEWED_FROM
from leads.messages.sendable import Approved, approved_versions, needs_approval, rules
from leads.messages.shipped import shipped
from leads.messages.templates import Template, catalogue
from leads.messages.version_models import TemplateReview, TemplateVersion
from leads.messages.versions import read

Status = Literal["approved", "shipped", "expired", "awaiting", "refused", "new", "not-needed"]
# What goes out, or needs nobody: everything else asks for somebody's time.
GOOD: frozenset[Status] = frozenset({"approved", "shipped", "not-needed"})


@dataclass(frozen=True)
class Standing:
    """One edition as the files have it now."""

    template: Template
    language: str
    status: Status
    until: datetime | None = None
    # The review that waits, and who put it there.
    review: TemplateReview | None = None
    # The last approved version where that is another one, and whether it goes out meanwhile.
    before: TemplateVersion | None = None
    goes_meanwhile: bool = False

    @property
    def ends_soon(self) -> bool:
        """True for an approval that may be renewed already."""
        return self.status == "approved" and self.until is not None and self.until - RENEWED_FROM <= now()

    @property
    def version(self) -> str:
        """The version of the files."""
        return self.template.version(self.language)


def standings(session: Session) -> Sequence[Standing]:
    """Return how every edition of the catalogue stands, by name."""
    approved, latest = approved_versions(session), _latest(session)
    return [_standing(session, template, language, approved, latest) for template in catalogue().values() for language in template.editions]


def standing_of(session: Session, template: Template, language: str) -> Standing:
    """Return how one edition stands."""
    return _standing(session, template, language, approved_versions(session), _latest(session))


def unapproved(session: Session) -> Iterator[str]:
    """Yield a line for each edition that a clinic may not send: what we ship with counts in a trial only."""
    approved = {(each.name, each.language, each.version) for each in approved_versions(session) if each.until is None or each.until > now()}
    for template in catalogue().values():
        for language in template.editions if needs_approval(template.meta) else ():
            if (template.name, language, template.version(language)) not in approved:
                yield f"templates/email/{template.name} ({language}): no reviewer of yours approved this version; see /console/mails."


def _latest(session: Session) -> Mapping[tuple[str, str, str], TemplateReview]:
    rows = select(TemplateVersion, TemplateReview).join(TemplateReview, TemplateReview.version_id == TemplateVersion.id)
    found = session.execute(rows.order_by(TemplateReview.submitted_at, TemplateReview.id)).all()
    return {(version.name, version.language, version.version): review for version, review in found}


def _standing(
    session: Session,
    template: Template,
    language: str,
    approved: Sequence[Approved],
    latest: Mapping[tuple[str, str, str], TemplateReview],
) -> Standing:
    version = template.version(language)
    mine = [each for each in approved if (each.name, each.language) == (template.name, language)]
    own = next((each for each in mine if each.version == version), None)
    review = latest.get((template.name, language, version))
    before = _before(session, [each.version_id for each in mine if each.version != version])
    older = next((each for each in mine if before and each.version_id == before.id), None)
    old = read(before) if before else None
    may_stand_in = bool(older and old and (older.until is None or older.until > now()) and rules(old.meta) == rules(template.meta))
    status = _status(template, language, own, review)
    may_stand_in = may_stand_in or _ships(template, language)
    waiting = review if review and review.verdict is None else None
    return Standing(template, language, status, own.until if own else None, waiting, before, may_stand_in and status not in GOOD)


def _before(session: Session, ids: Sequence[uuid.UUID]) -> TemplateVersion | None:
    return session.get(TemplateVersion, ids[0]) if ids else None


def _status(template: Template, language: str, own: Approved | None, review: TemplateReview | None) -> Status:
    if not needs_approval(template.meta):
        return "not-needed"
    if own and (own.until is None or own.until > now()):
        return "approved"
    if review and review.verdict is None:
        return "awaiting"
    if _ships(template, language):
        return "shipped"
    if own:
        return "expired"
    return "refused" if review and review.verdict == "refused" else "new"


def _ships(template: Template, language: str) -> bool:
    return settings().is_local and shipped().get(f"{template.name}.{language}") == template.version(language)
