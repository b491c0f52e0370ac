"""A cry for help by mail from somebody we don't know: it becomes a lead of its own, so that somebody is paged as for any other."""

from datetime import timedelta
from email.message import Message as Mail
from email.utils import parseaddr

from sqlalchemy.orm import Session

from leads.accounts.throttle import has_room, note
from leads.clinic.profile import clinic
from leads.db import LOCKS, lock_name
from leads.inbound.mail import header, sender
from leads.inbound.mail_models import InboundMail
from leads.people.add import Manner, recognise
from leads.people.match import CANDIDATES, Identity, indexes_of
from leads.pipeline.begin import begin_lead
from leads.pipeline.models import Lead
from leads.round_trips import Statement, together
from leads.safety.disclose import disclose
from leads.todos.open import open_todo

HOLD, FIND = Statement.of(LOCKS), Statement.of(CANDIDATES)
# So many strangers an hour are paged for; a flood of words is a flood of mail, and waits in the inbox, the urgent first.
AN_HOUR = 10


def take_up(session: Session, row: InboundMail, mail: Mail) -> Lead | None:
    """Keep who cried for help as a person with a lead, page who is on call, and return the lead; None where a flood of them comes in."""
    if not has_room(session, "mail-cry", b"", limit=AN_HOUR, within=timedelta(hours=1)):
        return None
    note(session, "mail-cry", b"")
    who = _who(mail)
    indexes = indexes_of(who)
    names = [lock_name("identity", index) for index in indexes.values() if index]
    _, found = together(session, (HOLD, {"names": names}), (FIND, indexes))
    # An address alone is nobody's: where it is on file of others, a merge is suggested, and none of them is put on hold by it.
    person, _ = recognise(session, who, Manner(), [each[0] for each in found])
    lead = begin_lead(session, person, office=clinic().default_office, source="inquiry", actor="system")
    session.flush()
    row.person_id, row.lead_id = person.id, lead.id
    open_todo(session, "read-reply", person_id=person.id, lead_id=lead.id, due_at=lead.opened_at, urgent=True, actor="system")
    disclose(session, person.id, lead.id, source="reply")
    return lead


def _who(mail: Mail) -> Identity:
    name = " ".join(parseaddr(header(mail, "From"))[0].split())[:80]
    given, _, family = name.partition(" ")
    return Identity(given or "Unknown", family or None, sender(mail))
