"""What happened to a lead, newest first: what was asked, said, sent, not sent, granted, stopped and done."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from leads.accounts.models import Account, ApiKey
from leads.appointments.models import Appointment, AppointmentEvent
from leads.consent.models import Confirmation, ConsentEntry, Hold, Pause, Suppression
from leads.http.console import words
from leads.http.console.steered import reads, steered, used
from leads.inbound.mail_models import InboundMail
from leads.inquiries.models import Inquiry
from leads.loop.disclosure import IN_WORDS
from leads.loop.models import Referral, ReferralEvent
from leads.messages.models import Message
from leads.people.merge import family_of
from leads.people.models import Merge, Person
from leads.pipeline.models import Lead, Note, StageChange
from leads.safety.models import Alarm
from leads.scans.look import without_content
from leads.scans.models import Scan
from leads.screening.models import Screening
from leads.sequences.in_words import in_words
from leads.todos.models import Todo

A_PAGE = 40
PLANNED = ("planned", "claimed", "sending")
NOT_SHOWN = ("consent", "message")
REFERRERS = {"provider": "the referrer", "delegate": "the referrer's office", "claim": "whoever referred them"}
USUAL = (None, "", "any", "self", "none")
CODED = (("Why", "reason"), ("To", "destination"))
SILENCED = ("skipped", "cancelled", "expired")


@dataclass(frozen=True)
class Entry:
    """One thing that happened: when, what, by whom, and the words that belong to it."""

    at: datetime
    kind: str
    title: str
    actor: str
    text: str | None = None
    facts: tuple[tuple[str, str], ...] = ()
    tone: str = ""
    link: str = ""


def timeline(session: Session, lead: Lead, *, before: datetime | None = None) -> tuple[Sequence[Entry], datetime | None]:
    """Return the newest entries before a moment, and the moment behind which more lie, if any do."""
    entries = [entry for source in SOURCES for entry in source(session, lead, before)]
    entries.sort(key=lambda entry: entry.at, reverse=True)
    # Who looked is shown beside what happened, and takes no room from it.
    told = [entry.at for entry in entries if entry.kind != "read"]
    if len(told) <= A_PAGE:
        return entries, None
    last = told[A_PAGE - 1]
    return [entry for entry in entries if entry.at >= last], last


def who_is_who(session: Session, actors: Collection[str]) -> dict[str, str]:
    """Return the names behind actors: colleagues by name, the person, a connected system, ourselves."""
    accounts = session.scalars(select(Account).where(Account.id.in_(_ids(actors, "account"))))
    keys = session.scalars(select(ApiKey).where(ApiKey.id.in_(_ids(actors, "key"))))
    names = {f"account:{each.id}": each.name for each in accounts} | {f"key:{each.id}": each.name for each in keys}
    kinds = {"system": "automatically", "person": "the person", "key": "a connected system", "account": "a colleague"} | REFERRERS
    return {actor: names.get(actor) or kinds.get(actor.partition(":")[0], actor) for actor in actors}


def _ids(actors: Collection[str], kind: str) -> list[uuid.UUID]:
    return [uuid.UUID(actor.partition(":")[2]) for actor in actors if actor.startswith(f"{kind}:")]


def _newest(session: Session, model: Any, moment: InstrumentedAttribute[Any], whose: Any, before: datetime | None) -> Iterable[Any]:
    wanted = select(model).where(whose, moment.is_not(None))
    if before is not None:
        wanted = wanted.where(moment < before)
    return session.scalars(wanted.order_by(moment.desc()).limit(A_PAGE + 1))


def _inquiries(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    person = session.get_one(Person, lead.person_id)
    for row in _newest(session, Inquiry, Inquiry.received_at, Inquiry.lead_id == lead.id, before):
        came = words.in_words(words.CHANNELS, row.channel)
        said = tuple(_said(row.received or {}, person))
        yield Entry(
            row.received_at, "inquiry", f"Inquiry through {came}", f"person:{row.person_id}", (row.received or {}).get("message"), said
        )


def _said(received: dict[str, Any], person: Person) -> Iterable[tuple[str, str]]:
    for name, value in received.items():
        # What an inquiry brings is never added to a known person by itself, so a colleague must see where it differs.
        is_news = value != getattr(person, name) if hasattr(person, name) else value not in USUAL
        if name not in NOT_SHOWN and is_news and value is not None:
            yield words.in_words(words.FIELDS, name), words.value(name, value)


def _stages(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    for row in _newest(session, StageChange, StageChange.at, StageChange.lead_id == lead.id, before):
        to = words.in_words(words.STAGES, row.to_stage)
        outcome = f": {words.outcome_name(row.outcome)}" if row.outcome else ""
        title = f"{words.in_words(words.STAGES, row.from_stage)} → {to}{outcome}" if row.from_stage else "Lead opened"
        yield Entry(row.at, "stage", title, row.actor, row.reason)


def _notes(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    for row in _newest(session, Note, Note.at, Note.lead_id == lead.id, before):
        _, _, result = row.kind.partition(":")
        title = f"Call: {words.in_words(words.RESULTS, result).lower()}" if result else words.NOTES.get(row.kind, "Note")
        yield Entry(row.at, "call" if result else "note", title, row.actor, row.text)


def _messages(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    whose = (Message.lead_id == lead.id) & Message.state.not_in(PLANNED)
    for row in _newest(session, Message, Message.state_at, whose, before):
        why = in_words(row.reason) if row.reason else None
        is_bad = row.state in ("failed", "bounced", "complained", "unknown")
        tone = "quiet" if row.state in SILENCED else "stop" if is_bad else ""
        what = " ".join(part for part in (words.mail_title(row.template), words.mail_to(row)) if part)
        link = f"/console/leads/{lead.number}/messages/{row.id}"
        yield Entry(row.state_at, "mail", f"{what}: {words.STATES[row.state]}", row.actor, why, tone=tone, link=link)


def _consents(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    # What was said under a record that was merged into this one stands in its own ledger.
    whose = ConsentEntry.person_id.in_(family_of(session, lead.person_id))
    rows = _newest(session, ConsentEntry, ConsentEntry.at, whose, before)
    together = groupby(rows, key=lambda row: (row.at, row.act, row.actor, row.source, row.wording, row.evidence))
    for (at, act, actor, source, wording, evidence), entries in together:
        kinds = ", ".join(sorted(words.in_words(words.GRANTS, entry.kind) for entry in entries))
        facts = (("Through", words.in_words(words.SOURCES, source)), *((("Wording", wording),) if wording else ()))
        yield Entry(at, "consent", f"{'Agreed to' if act == 'grant' else 'Withdrew'}: {kinds}", actor, evidence, facts)


def _confirmations(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    for row in _newest(session, Confirmation, Confirmation.at, Confirmation.person_id == lead.person_id, before):
        how = {"button": "by the button in the mail", "spoken": "in conversation", "reply": "by a reply"}.get(row.method, row.method)
        yield Entry(row.at, "consent", f"Address confirmed {how}", row.actor, row.evidence, tone="good")


def _holds(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    whose = Hold.person_id == lead.person_id
    for row in _newest(session, Hold, Hold.raised_at, whose, before):
        yield Entry(row.raised_at, "hold", "Safety hold raised", row.raised_by, tone="stop")
    for row in _newest(session, Hold, Hold.released_at, whose, before):
        found = f"Safety hold released. {words.in_words(words.DISPOSITIONS, row.disposition_code)}".strip()
        yield Entry(row.released_at, "hold", found, row.released_by or "system", row.disposition, tone="good")


def _alarms(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    for row in _newest(session, Alarm, Alarm.taken_at, Alarm.lead_id == lead.id, before):
        yield Entry(row.taken_at, "hold", "Took the alarm: nobody else is paged", row.taken_by or "system")


def _rests(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    zone = words.zone_of(lead.office)
    for row in _newest(session, Pause, Pause.at, Pause.person_id == lead.person_id, before):
        yield Entry(row.at, "pause", f"Mails paused until {words.spoken(row.until, zone)}", row.actor)
    for row in _newest(session, Suppression, Suppression.at, Suppression.person_id == lead.person_id, before):
        what = words.in_words({}, row.topic).lower() if row.topic else "all mail"
        yield Entry(row.at, "pause", f"Stopped {what}", row.actor, in_words(row.reason), tone="quiet")


def _todos(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    # Calls say more as calls: their to-dos would tell everything twice.
    whose = (Todo.lead_id == lead.id) & or_(Todo.kind != "call", Todo.urgent)
    for row in _newest(session, Todo, Todo.done_at, whose, before):
        title = f"Done: {words.in_words(words.TODOS, row.kind)}"
        yield Entry(row.done_at, "todo", title, row.done_by or "system", words.in_words({}, row.outcome))


def _referrals(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    rows = select(ReferralEvent, Referral).join(Referral, Referral.id == ReferralEvent.referral_id).where(Referral.lead_id == lead.id)
    if before is not None:
        rows = rows.where(ReferralEvent.at < before)
    for event, referral in session.execute(rows.order_by(ReferralEvent.at.desc(), ReferralEvent.version.desc()).limit(A_PAGE + 1)):
        details = event.details or {}
        said = "\n".join((*details.get("missing", ()), *(details[name] for name in ("note", "answer") if name in details)))
        coded = tuple((name, words.choice_name(details[code])) for name, code in CODED if code in details)
        title = f"Referral {referral.number}: {IN_WORDS[event.event].lower()}"
        yield Entry(event.at, "referral", title, event.actor, said or None, coded)


def _visits(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    rows = select(AppointmentEvent, Appointment).join(Appointment, Appointment.id == AppointmentEvent.appointment_id)
    rows = rows.where(Appointment.lead_id == lead.id)
    if before is not None:
        rows = rows.where(AppointmentEvent.at < before)
    for event, visit in session.execute(rows.order_by(AppointmentEvent.at.desc(), AppointmentEvent.version.desc()).limit(A_PAGE + 1)):
        to, zone = event.details.get("to"), words.zone_of(visit.office)
        when = f": {words.spoken(datetime.fromisoformat(to), zone)}" if to else ""
        why = visit.reason if event.event == "cancelled" else None
        yield Entry(event.at, "visit", f"{words.in_words(words.VISIT_NEWS, event.event)}{when}", event.by, why)


def _screenings(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    whose = Screening.lead_id == lead.id
    for row in _newest(session, Screening, Screening.reviewed_at, whose, before):
        yield Entry(row.reviewed_at, "screening", "Screening reviewed", row.reviewed_by or "system", tone="good")
    for row in _newest(session, Screening, Screening.submitted_at, whose, before):
        how = "by phone" if row.channel == "phone" else "through the link"
        yield Entry(row.submitted_at, "screening", f"Screening sent {how}", row.submitted_by or "system")
    for row in _newest(session, Screening, Screening.begun_at, whose, before):
        yield Entry(row.begun_at, "screening", "Screening begun", row.begun_by, tone="quiet")


def _steered(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    zone = words.zone_of(lead.office)
    for step in steered(session, lead, before):
        when = f" {words.spoken(step.due, zone)}" if step.due else ""
        yield Entry(step.at, "mail", f"{words.mail_title(step.template)}: {step.what}{when}", step.actor, tone="quiet")


def _read(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    for at, actor, times in reads(session, lead, before):
        yield Entry(at, "read", f"Read {times} times that day" if times > 1 else "Read", actor, tone="quiet")


def _used(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    for at, what, actor in used(session, lead, before):
        yield Entry(at, "page", what, actor, tone="quiet")


def _merges(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    for row in _newest(session, Merge, Merge.at, Merge.kept_id == lead.person_id, before):
        yield Entry(row.at, "merge", "Merged with another record of theirs", row.actor)
    for row in _newest(session, Merge, Merge.undone_at, or_(Merge.kept_id == lead.person_id, Merge.other_id == lead.person_id), before):
        yield Entry(row.undone_at, "merge", "The merge was undone", row.undone_by or "system")


WROTE = {
    "reply": "They wrote by mail",
    "opt-out": "They asked by mail for no more mail",
    "out-of-office": "They are away: an absence note came",
    "referrer": "The referrer wrote by mail",
}


def _answers(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    whose = (InboundMail.lead_id == lead.id) & InboundMail.kind.in_(WROTE) & (InboundMail.state == "done")
    for row in _newest(session, InboundMail, InboundMail.received_at, whose, before):
        said = row.said or {}
        files = tuple(("Attached, not opened", f"{each['name']} ({each['kind']})") for each in said.get("attachments", ()))
        facts = (("Subject", said.get("subject") or "none"), ("From", said.get("from") or "nobody named"), *files)
        actor = f"person:{row.person_id}" if row.person_id else "provider:"
        yield Entry(row.received_at, "mail", WROTE[row.kind or ""], actor, said.get("own") or said.get("text") or None, facts)


def _scans(session: Session, lead: Lead, before: datetime | None) -> Iterable[Entry]:
    wanted = without_content(Scan.lead_id == lead.id, *((Scan.settled_at < before,) if before else ()))
    for row in session.scalars(wanted.order_by(Scan.settled_at.desc()).limit(A_PAGE + 1)):
        became = {"inquiry": "An inquiry was written from a scan", "referral": "A referral was written from a scan"}
        facts = (("Came", words.in_words(words.CHANNELS, row.channel)), *((("From", row.sender),) if row.sender else ()))
        title, by = became.get(row.outcome or "", "A scan was found to be theirs"), row.settled_by or "system"
        yield Entry(row.settled_at or row.brought_at, "note", title, by, row.note, facts)


# Of what happened at one moment, the gravest comes first.
SOURCES = (
    _holds, _alarms, _todos, _notes, _answers, _visits, _screenings, _referrals, _messages, _steered, _rests, _confirmations, _stages,
    _consents, _inquiries, _scans, _merges, _used, _read,
)  # fmt: skip
