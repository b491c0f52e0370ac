"""An approval that has run out pauses its mail; coordinators and reviewers are told, once, with a number and no more."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts.models import Account
from leads.audit.trail import record
from leads.clock import now
from leads.messages.outbox import post
from leads.messages.sendable import approved_versions
from leads.messages.templates import catalogue
from leads.messages.version_models import TemplateReview

TOLD = ("coordinator", "reviewer")


def tell_of_lapsed(session: Session) -> int:
    """Tell of every approval that ran out and was not told of, all in one mail to each colleague; returns how many ran out."""
    lapsed = _lapsed(session)
    for review in lapsed:
        review.told_at = now()
        record(session, "wording.expired", review)
    # Told of is what pauses a mail: a version the files have left behind pauses nothing.
    approved = approved_versions(session)
    current = {each.version_id for each in approved if _is_current(each.name, each.language, each.version)}
    renewed = {each.version_id for each in approved if each.until is None or each.until > now()}
    count = len({review.version_id for review in lapsed} & current - renewed)
    if count:
        for account in _told(session):
            facts = {"mail_count": count, "mails_url": f"{settings().public_url}/console/mails"}
            post(session, None, "wording-expired", cause="approval-expired", account_id=account.id, facts=facts)
    return len(lapsed)


def _lapsed(session: Session) -> Sequence[TemplateReview]:
    over = (TemplateReview.verdict == "approved", TemplateReview.withdrawn_at.is_(None), TemplateReview.expires_at <= now())
    # Two clocks that tick at once: the second finds these taken, and tells of none.
    rows = select(TemplateReview).where(*over, TemplateReview.told_at.is_(None)).with_for_update(skip_locked=True)
    return session.scalars(rows.order_by(TemplateReview.id)).all()


def _is_current(name: str, language: str, version: str) -> bool:
    template = catalogue().get(name)
    return template is not None and language in template.editions and template.version(language) == version


def _told(session: Session) -> Sequence[Account]:
    theirs = select(Account).where(Account.roles.overlap(TOLD), Account.disabled_at.is_(None))
    return session.scalars(theirs.order_by(Account.id)).all()
