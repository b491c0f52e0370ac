"""A referral that a signed-in referrer has begun to write: kept as it is typed, nobody else's, gone after a month."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.db import lock
from leads.errors import Invalid, NotFound
from leads.loop.models import Draft
from leads.providers.models import Delegate, Provider
from leads.referrals.submission import SOCIAL_SECURITY_NUMBER

Writer = Provider | Delegate
Typed = Mapping[str, Sequence[str]]
KEPT_FOR = timedelta(days=30)
MOST_DRAFTS = 20
MOST_CHARACTERS = 64 * 1024


def save(session: Session, writer: Writer, typed: Typed, *, draft_id: uuid.UUID | None = None) -> Draft:
    """Keep a form as far as it has been typed, in a new draft or in the writer's own `draft_id`.

    Raises NotFound for a draft that is another's or has been sent meanwhile, Invalid for too many or too much.
    """
    content = {name: list(values) for name, values in typed.items() if any(values) and not any(map(_is_secret, values))}
    if len(json.dumps(content)) > MOST_CHARACTERS:
        raise Invalid("This is more than a draft can hold. Please send the referral, or shorten it.")
    draft = find(session, writer, draft_id, held=True) if draft_id else _new(session, writer)
    draft.content, draft.updated_at = content, now()
    session.flush()
    return draft


def find(session: Session, writer: Writer, draft_id: uuid.UUID, *, held: bool = False) -> Draft:
    """Return the writer's own draft; raises NotFound for another's as for one that never was."""
    query = select(Draft).where(Draft.id == draft_id, _of(writer))
    draft = session.scalar(query.with_for_update() if held else query)
    if draft is None:
        raise NotFound("This draft is no longer there: it has been sent or discarded.")
    return draft


def drafts_of(session: Session, writer: Writer) -> Sequence[Draft]:
    """Return what somebody has begun to write and not sent, the newest first."""
    return session.scalars(select(Draft).where(_of(writer)).order_by(Draft.updated_at.desc(), Draft.id)).all()


def discard(session: Session, writer: Writer, draft_id: uuid.UUID) -> None:
    """Delete a writer's own draft, as after sending it; one that is not there is no error."""
    session.execute(delete(Draft).where(Draft.id == draft_id, _of(writer)))


def discard_old(session: Session) -> None:
    """Delete what nobody has touched for a month: a patient's particulars that nobody needs any more."""
    session.execute(delete(Draft).where(Draft.updated_at < now() - KEPT_FOR))


def _of(writer: Writer) -> ColumnElement[bool]:
    return Draft.provider_id == writer.id if isinstance(writer, Provider) else Draft.delegate_id == writer.id


def _new(session: Session, writer: Writer) -> Draft:
    # Two tabs that begin at once would both find room.
    lock(session, "drafts", writer.id)
    if (session.scalar(select(func.count()).select_from(Draft).where(_of(writer))) or 0) >= MOST_DRAFTS:
        raise Invalid(f"You have {MOST_DRAFTS} unfinished referrals. Please send or discard one first.")
    whose = {"provider_id": writer.id} if isinstance(writer, Provider) else {"delegate_id": writer.id}
    draft = Draft(**whose)
    session.add(draft)
    return draft


def _is_secret(value: str) -> bool:
    # The form refuses it on sending; until then it must not lie here either.
    return SOCIAL_SECURITY_NUMBER.search(value) is not None
