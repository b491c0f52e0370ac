"""Two records become one: what either refused is refused, and nothing is granted that was not granted before."""

import uuid
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from leads.consent.ledger import NEVER_SAID, Spoken, grant, granted, withdraw, withdrawn
from leads.consent.models import ConsentEntry

BY_MERGE = Spoken(source="merge", method="merge")
FOR_A_MAILBOX = {"contact", "education", "unencrypted_email"}
TO_REFERRER = "status_to_referrer"


def left_of(session: Session, kept_id: uuid.UUID, other_id: uuid.UUID, *, same_mailbox: bool) -> set[str]:
    """Return what would still be granted: what the kept record granted, less what the other refused.

    What was agreed to for one mailbox is not agreed to for another: where the address changes, both must have granted it.
    """
    ours, theirs = granted(session, kept_id), granted(session, other_id)
    kept = ours - withdrawn(session, other_id)
    return kept if same_mailbox else kept - (FOR_A_MAILBOX - theirs)


def carry_over(session: Session, kept_id: uuid.UUID, other_id: uuid.UUID, *, same_mailbox: bool, actor: str) -> None:
    """Write down in the kept record's ledger what no longer holds, and what each clinician who sent the other may go on to hear."""
    before = granted(session, kept_id)
    for kind in sorted((before - left_of(session, kept_id, other_id, same_mailbox=same_mailbox)) | _refused(session, kept_id, other_id)):
        withdraw(session, kept_id, kind, BY_MERGE, actor=actor)
    if TO_REFERRER not in withdrawn(session, kept_id):
        for referral_id in _told_about(session, other_id):
            # It names one clinician and one referral, and goes along with that referral: nobody hears more than before.
            how = Spoken(source="merge", method="merge", referral_id=referral_id)
            grant(session, kept_id, TO_REFERRER, how, actor=actor)
    session.flush()


def give_back(session: Session, kept_id: uuid.UUID, *, since: uuid.UUID, actor: str) -> None:
    """Let each kind that `carry_over` wrote about after `since` stand as it stood before, where nothing newer was said."""
    for kind, entries in _written_since(session, kept_id, since).items():
        if entries[-1].source != BY_MERGE.source:
            continue
        for referral_id in {entry.referral_id for entry in entries if entry.act == "grant"}:
            withdraw(session, kept_id, kind, Spoken("merge-undone", "merge", referral_id=referral_id), actor=actor)
        stood = _newest_before(session, kept_id, kind, since)
        if stood is None:
            withdraw(session, kept_id, kind, Spoken(NEVER_SAID, "merge"), actor=actor)
        else:
            how = Spoken(stood.source, "merge-undone", wording=stood.wording, referral_id=stood.referral_id)
            (grant if stood.act == "grant" else withdraw)(session, kept_id, kind, how, actor=actor)
    session.flush()


def _refused(session: Session, kept_id: uuid.UUID, other_id: uuid.UUID) -> set[str]:
    # A refusal is kept as one, so that no form takes it back later.
    return withdrawn(session, other_id) - withdrawn(session, kept_id)


def _told_about(session: Session, person_id: uuid.UUID) -> Iterable[uuid.UUID]:
    """Return the referrals whose senders may hear how it goes."""
    about = (ConsentEntry.person_id == person_id, ConsentEntry.kind == TO_REFERRER, ConsentEntry.referral_id.is_not(None))
    newest = select(ConsentEntry.referral_id, ConsentEntry.act).where(*about).ext(distinct_on(ConsentEntry.referral_id))
    rows = session.execute(newest.order_by(ConsentEntry.referral_id, ConsentEntry.at.desc(), ConsentEntry.id.desc()))
    return [referral_id for referral_id, act in rows if referral_id and act == "grant"]


def _written_since(session: Session, person_id: uuid.UUID, since: uuid.UUID) -> dict[str, list[ConsentEntry]]:
    # Ids of one process rise, also within the moment of a merge; the clock may stand still.
    written = select(ConsentEntry).where(ConsentEntry.person_id == person_id, ConsentEntry.id > since).order_by(ConsentEntry.id)
    entries: dict[str, list[ConsentEntry]] = {}
    for entry in session.scalars(written):
        entries.setdefault(entry.kind, []).append(entry)
    return entries


def _newest_before(session: Session, person_id: uuid.UUID, kind: str, since: uuid.UUID) -> ConsentEntry | None:
    mine = (ConsentEntry.person_id == person_id, ConsentEntry.kind == kind, ConsentEntry.id < since)
    return session.scalar(select(ConsentEntry).where(*mine).order_by(ConsentEntry.at.desc(), ConsentEntry.id.desc()).limit(1))
