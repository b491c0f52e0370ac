"""The mailboxes of our own offices: who hears of something when there is nobody else to tell."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import Desk
from leads.accounts.staff import account_index
from leads.clinic.profile import clinic
from leads.db import lock


def desk_of(session: Session, office: str | None) -> Desk:
    """Return the mailbox of an office, the default one's where none was chosen, at the address config/clinic.yml has for it today."""
    there = clinic().office(office)
    address = there.email or clinic().mail.reply_to
    # Two pages of one moment would both find none, and one of them would be lost to the other's row.
    lock(session, "desk", there.code)
    desk = session.scalar(select(Desk).where(Desk.office == there.code))
    if desk is None:
        desk = Desk(office=there.code)
        session.add(desk)
    if desk.email_index != account_index(address):
        desk.email, desk.email_index = address, account_index(address)
    session.flush()
    return desk
