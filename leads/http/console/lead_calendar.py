"""The month ahead of a lead as a calendar: which mail goes out when, beside its visit and what we do ourselves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from leads.appointments.models import Appointment
from leads.clinic.profile import clinic
from leads.clock import now
from leads.http.console import words
from leads.messages.models import Message
from leads.pipeline.models import Lead
from leads.todos.models import Todo

DAYS = 35
WEEK = 7


@dataclass(frozen=True)
class Mark:
    """One thing on a day: a mail with the page it is read on, a visit, or a to-do."""

    at: datetime
    kind: str
    title: str
    to: str = ""
    link: str = ""
    moved: str = ""


@dataclass(frozen=True)
class Day:
    """One day of the calendar, why the office stays shut on it, and what is on it."""

    date: date
    is_today: bool
    is_past: bool
    shut: str | None
    marks: Sequence[Mark]


@dataclass(frozen=True)
class Month:
    """Five weeks from this Monday on, and what comes after them."""

    weeks: Sequence[Sequence[Day]]
    later: Sequence[Mark]
    is_empty: bool


def month_ahead(lead: Lead, mails: Iterable[Message], todos: Iterable[Todo], visit: Appointment | None) -> Month:
    """Return the calendar of a lead by the clock of its office; what is overdue stands on today."""
    office = clinic().office(lead.office)
    today = now().astimezone(office.zone).date()
    first = today - timedelta(days=today.weekday())
    marks = sorted(_marks(lead, mails, todos, visit), key=lambda mark: mark.at)
    on = [(max(mark.at.astimezone(office.zone).date(), today), mark) for mark in marks]
    dates = [first + timedelta(days=each) for each in range(DAYS)]
    drawn = [
        Day(each, each == today, each < today, office.closed_because(each), [mark for day, mark in on if day == each]) for each in dates
    ]
    later = [mark for day, mark in on if day > dates[-1]]
    return Month([list(week) for week in _weeks(drawn)], later, not marks)


def _weeks(days: Sequence[Day]) -> Iterable[Sequence[Day]]:
    return (days[begin : begin + WEEK] for begin in range(0, len(days), WEEK))


def _marks(lead: Lead, mails: Iterable[Message], todos: Iterable[Todo], visit: Appointment | None) -> Iterable[Mark]:
    for mail in mails:
        link = f"/console/leads/{lead.number}/messages/{mail.id}"
        yield Mark(mail.due_at, "mail", words.mail_title(mail.template), words.mail_to(mail), link, "; ".join(mail.moved_by))
    # Records that were merged may owe them one and the same call twice.
    yield from dict.fromkeys(Mark(todo.due_at, "todo", words.todo_words(todo.kind, todo.note)) for todo in todos)
    if visit is not None and visit.is_live:
        yield Mark(visit.starts_at, "visit", "Visit" if visit.state == "booked" else "Visit offered")
