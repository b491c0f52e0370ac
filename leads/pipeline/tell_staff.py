"""An office hears by mail, where it wants to, of each new lead and of each mail that did not arrive: once, and by number only."""

import uuid
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import ColumnElement, String, cast, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from config.settings import settings
from leads.accounts.desks import desk_of
from leads.clinic.profile import clinic
from leads.clock import now
from leads.messages.notices import StaffNotice, is_first
from leads.messages.outbox import post
from leads.pipeline.models import Lead
from leads.todos.models import Todo

BATCH = 200
# Older than this it is no news, and the worklist has it: after an outage one mail for each would bury the new ones.
STILL_NEWS = timedelta(days=1)
NEW, BOUNCED = "new-lead", "bounce-phone-instead"


def tell_of_new_leads(session: Session) -> int:
    """Tell each office of the leads that were opened lately, and return of how many; of none where clinic.yml does not want it."""
    if not clinic().staff_mail.new_lead:
        return 0
    fresh = select(Lead).where(Lead.opened_at > now() - STILL_NEWS, Lead.closed_at.is_(None), _untold(NEW, Lead.id))
    leads = session.scalars(fresh.order_by(Lead.opened_at, Lead.id).limit(BATCH)).all()
    return sum(_tell(session, NEW, lead.id, lead) for lead in leads)


def tell_of_bounces(session: Session) -> int:
    """Tell each office of the mails that did not arrive lately, and return of how many; the to-do to phone is there already."""
    if not clinic().staff_mail.bounced:
        return 0
    return sum(_tell(session, BOUNCED, todo.id, lead) for todo, lead in _to_phone(session))


def _to_phone(session: Session) -> Iterable[tuple[Todo, Lead]]:
    rows = select(Todo, Lead).join(Lead, Lead.id == Todo.lead_id).where(Todo.kind == "phone-instead", Todo.done_at.is_(None))
    fresh = rows.where(Todo.opened_at > now() - STILL_NEWS, _untold(BOUNCED, Todo.id))
    return [(todo, lead) for todo, lead in session.execute(fresh.order_by(Todo.opened_at, Todo.id).limit(BATCH))]


def _untold(kind: str, key: InstrumentedAttribute[uuid.UUID]) -> ColumnElement[bool]:
    return ~exists().where(StaffNotice.kind == kind, StaffNotice.key == cast(key, String))


def _tell(session: Session, template: str, key: object, lead: Lead) -> bool:
    if not is_first(session, template, key):
        return False
    facts = {"number": lead.number, "office": lead.office, "lead_url": f"{settings().public_url}/console/leads/{lead.number}"}
    facts |= {"expected_by": lead.expected_by.isoformat()} if template == NEW else {}
    desk = desk_of(session, lead.office)
    post(session, None, template, cause=template, desk_id=desk.id, about_id=lead.person_id, lead_id=lead.id, facts=facts)
    return True
