"""What each table that hangs on a lead tells of its story, an entry for each thing that happened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from leads.db import Base
from leads.http.console import words
from leads.http.console.hanging import Hanging
from leads.http.console.looks import PAGES, Looked, looked_words
from leads.http.console.parts import A_PAGE, WROTE
from leads.http.console.steered import STOOD, USED, step_of
from leads.loop.disclosure import IN_WORDS
from leads.people.models import Person
from leads.sequences.in_words import in_words

T = TypeVar("T", bound=Base)
PLANNED = ("planned", "claimed", "sending")
NOT_SHOWN = ("consent", "message")
USUAL = (None, "", "any", "self", "none")
CODED = (("Why", "reason"), ("To", "destination"))
# A call and a place on the waitlist tell of themselves where they were written down.
TOLD_OTHERWISE = ("call", "look-again")
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
    # Whom it was about besides, named as an actor is.
    whom: str = ""
    # The moment its title ends with, if it does, and where it is meant; at the lead's own office where no zone is given.
    moment: datetime | None = None
    zone: ZoneInfo | None = None


def _newest(its: Hanging, rows: Iterable[T], moment: str) -> Sequence[tuple[datetime, T]]:
    """Return the rows for which a moment has come, each with it, and before the one that is asked about: a page and one more."""
    dated = [(at, row) for row in rows if (at := getattr(row, moment)) and (its.before is None or at < its.before)]
    return sorted(dated, key=itemgetter(0), reverse=True)[: A_PAGE + 1]


def _inquiries(its: Hanging) -> Iterable[Entry]:
    for row in its.inquiries:
        came, received = words.in_words(words.CHANNELS, row.channel), row.received or {}
        said = tuple(_said(received, its.person))
        yield Entry(row.received_at, "inquiry", f"Inquiry through {came}", f"person:{row.person_id}", received.get("message"), said)


def _said(received: dict[str, Any], person: Person) -> Iterable[tuple[str, str]]:
    for name, value in received.items():
        # What an inquiry brings is never added to a known person by itself, so a colleague must see where it differs.
        is_news = value != getattr(person, name) if hasattr(person, name) else value not in USUAL
        if name not in NOT_SHOWN and is_news and value is not None:
            yield words.in_words(words.FIELDS, name), words.value(name, value)


def _stages(its: Hanging) -> Iterable[Entry]:
    for row in its.stages:
        to = words.in_words(words.STAGES, row.to_stage)
        outcome = f": {words.outcome_name(row.outcome)}" if row.outcome else ""
        title = f"{words.in_words(words.STAGES, row.from_stage)} → {to}{outcome}" if row.from_stage else "Lead opened"
        yield Entry(row.at, "stage", title, row.actor, row.reason)


def _notes(its: Hanging) -> Iterable[Entry]:
    for row in its.notes:
        _, _, result = row.kind.partition(":")
        title = f"Call: {words.in_words(words.RESULTS, result).lower()}" if result else words.NOTES.get(row.kind, "Note")
        # It stays legible: what was written once on a record is not lost, and whoever acted on it can be understood.
        if row.taken_back_at:
            title = f"Taken back: {title.lower()}"
        yield Entry(row.at, "call" if result else "note", title, row.actor, row.text, tone="quiet" if row.taken_back_at else "")


def _messages(its: Hanging) -> Iterable[Entry]:
    # Of those that something stopped at one moment the one that was due last comes first.
    over = [mail for mail in reversed(its.mails) if mail.state not in PLANNED]
    for at, row in _newest(its, over, "state_at"):
        why = in_words(row.reason) if row.reason else None
        is_bad = row.state in ("failed", "bounced", "complained", "unknown")
        tone = "quiet" if row.state in SILENCED else "stop" if is_bad else ""
        what = " ".join(part for part in (words.mail_title(row.template), words.mail_to(row)) if part)
        link = f"/console/leads/{its.lead.number}/messages/{row.id}"
        yield Entry(at, "mail", f"{what}: {words.STATES[row.state]}", row.actor, why, tone=tone, link=link)


def _consents(its: Hanging) -> Iterable[Entry]:
    together = groupby(its.consents, key=lambda row: (row.at, row.act, row.actor, row.source, row.wording, row.evidence))
    for (at, act, actor, source, wording, evidence), entries in together:
        kinds = ", ".join(sorted(words.in_words(words.GRANTS, entry.kind) for entry in entries))
        facts = (("Through", words.in_words(words.AGREED_THROUGH, source)), *((("Wording", wording),) if wording else ()))
        yield Entry(at, "consent", f"{'Agreed to' if act == 'grant' else 'Withdrew'}: {kinds}", actor, evidence, facts)


def _confirmations(its: Hanging) -> Iterable[Entry]:
    for at, row in _newest(its, its.confirmations, "at"):
        how = {"button": "by the button in the mail", "spoken": "in conversation", "reply": "by a reply"}.get(row.method, row.method)
        yield Entry(at, "consent", f"Address confirmed {how}", row.actor, row.evidence, tone="good")


def _holds(its: Hanging) -> Iterable[Entry]:
    for at, row in _newest(its, its.holds, "raised_at"):
        yield Entry(at, "hold", "Safety hold raised", row.raised_by, tone="stop")
    for at, row in _newest(its, its.holds, "released_at"):
        found = f"Safety hold released. {words.in_words(words.DISPOSITIONS, row.disposition_code)}".strip()
        yield Entry(at, "hold", found, row.released_by or "system", row.disposition, tone="good")


def _alarms(its: Hanging) -> Iterable[Entry]:
    for at, row in _newest(its, its.alarms, "taken_at"):
        yield Entry(at, "hold", "Took the alarm: nobody else is paged", row.taken_by or "system")


def _rests(its: Hanging) -> Iterable[Entry]:
    for at, rest in _newest(its, its.pauses, "at"):
        yield Entry(at, "pause", "Mails paused until", rest.actor, moment=rest.until)
    for at, stop in _newest(its, its.suppressions, "at"):
        what = words.in_words({}, stop.topic).lower() if stop.topic else "all mail"
        yield Entry(at, "pause", f"Stopped {what}", stop.actor, in_words(stop.reason), tone="quiet")


def _todos(its: Hanging) -> Iterable[Entry]:
    for at, row in _newest(its, its.done, "done_at"):
        title = f"Done: {words.todo_words(row.kind, row.note)}"
        yield Entry(at, "todo", title, row.done_by or "system", words.in_words({}, row.outcome))


def _referrals(its: Hanging) -> Iterable[Entry]:
    numbers = {referral.id: referral.number for referral in its.referrals}
    for event in its.referral_events:
        details = event.details or {}
        said = "\n".join((*details.get("missing", ()), *(details[name] for name in ("note", "answer") if name in details)))
        coded = tuple((name, words.choice_name(details[code])) for name, code in CODED if code in details)
        title = f"Referral {numbers[event.referral_id]}: {IN_WORDS[event.event].lower()}"
        yield Entry(event.at, "referral", title, event.actor, said or None, coded)


def _visits(its: Hanging) -> Iterable[Entry]:
    visits = {visit.id: visit for visit in its.visits}
    for event in its.visit_events:
        visit = visits[event.appointment_id]
        to, zone = event.details.get("to"), words.zone_of(visit.office)
        title = f"{words.in_words(words.VISIT_NEWS, event.event)}{':' if to else ''}"
        why = visit.reason if event.event == "cancelled" else None
        yield Entry(event.at, "visit", title, event.by, why, moment=datetime.fromisoformat(to) if to else None, zone=zone)


def _screenings(its: Hanging) -> Iterable[Entry]:
    theirs = [each for each in its.screenings if each.lead_id == its.lead.id]
    for at, row in _newest(its, theirs, "reviewed_at"):
        yield Entry(at, "screening", "Screening reviewed", row.reviewed_by or "system", tone="good")
    for at, row in _newest(its, theirs, "submitted_at"):
        how = "by phone" if row.channel == "phone" else "through the link"
        yield Entry(at, "screening", f"Screening sent {how}", row.submitted_by or "system")
    for at, row in _newest(its, theirs, "begun_at"):
        yield Entry(at, "screening", "Screening begun", row.begun_by, tone="quiet")


def _steered(its: Hanging) -> Iterable[Entry]:
    titles = {mail.id: words.mail_title(mail.template) for mail in its.mails}
    for title, step in ((titles[each.subject_id], step_of(each)) for each in its.steered if each.subject_id in titles):
        yield Entry(step.at, "mail", f"{title}: {step.what}", step.actor, tone="quiet", moment=step.due)


def _stood(its: Hanging) -> Iterable[Entry]:
    todos = {todo.id: todo for todo in (*its.todos, *its.done) if todo.kind not in TOLD_OTHERWISE}
    for entry in its.stood:
        todo, to = todos.get(entry.subject_id) if entry.subject_id else None, entry.detail.get("to")
        if entry.action.startswith("todo.") and todo is None:
            continue
        title = f"{STOOD[entry.action]}: {words.todo_words(todo.kind, todo.note)}" if todo else STOOD[entry.action]
        yield Entry(entry.at, "todo" if todo else "note", "Given to" if to else title, entry.actor, whom=f"account:{to}" if to else "")


def _read(its: Hanging) -> Iterable[Entry]:
    zone = words.zone_of(its.lead.office)
    days: dict[tuple[str, date], list[Looked]] = {}
    for look in its.reads:
        days.setdefault((look.actor, look.at.astimezone(zone).date()), []).append(look)
    for (actor, _), looks in days.items():
        yield Entry(max(each.at for each in looks), "read", looked_words(looks), actor, tone="quiet")


def _used(its: Hanging) -> Iterable[Entry]:
    for entry in its.used:
        # That they were there takes no room from what they did.
        is_look = entry.action == "page.used"
        title = f"{USED[entry.action]} {PAGES.get(entry.detail.get('page', ''), 'a page of ours')}" if is_look else USED[entry.action]
        yield Entry(entry.at, "read" if is_look else "page", title, entry.actor, tone="quiet")


def _merges(its: Hanging) -> Iterable[Entry]:
    for at, row in _newest(its, [each for each in its.merges if each.kept_id == its.person.id], "at"):
        yield Entry(at, "merge", "Merged with another record of theirs", row.actor)
    for at, row in _newest(its, its.merges, "undone_at"):
        yield Entry(at, "merge", "The merge was undone", row.undone_by or "system")


def _answers(its: Hanging) -> Iterable[Entry]:
    for row in its.answers:
        said = row.said or {}
        files = tuple(("Attached, not opened", f"{each['name']} ({each['kind']})") for each in said.get("attachments", ()))
        facts = (("Subject", said.get("subject") or "none"), ("From", said.get("from") or "nobody named"), *files)
        actor = f"person:{row.person_id}" if row.person_id else "provider:"
        yield Entry(row.received_at, "mail", WROTE[row.kind or ""], actor, said.get("own") or said.get("text") or None, facts)


def _scans(its: Hanging) -> Iterable[Entry]:
    for at, row in _newest(its, its.scans, "settled_at"):
        became = {"inquiry": "An inquiry was written from a scan", "referral": "A referral was written from a scan"}
        facts = (("Came", words.in_words(words.CHANNELS, row.channel)), *((("From", row.sender),) if row.sender else ()))
        title, by = became.get(row.outcome or "", "A scan was found to be theirs"), row.settled_by or "system"
        yield Entry(at, "note", title, by, row.note, facts)


# Of what happened at one moment, the gravest comes first.
SOURCES = (
    _holds, _alarms, _todos, _notes, _answers, _visits, _screenings, _referrals, _messages, _steered, _rests, _confirmations, _stages,
    _consents, _inquiries, _scans, _merges, _stood, _used, _read,
)  # fmt: skip
