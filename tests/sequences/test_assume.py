"""What if: assumed events run through the rules that decide in earnest, and end as the real ones do."""

import math
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Literal

import pytest
from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from leads.clock import local_to_utc, now
from leads.consent.may_email import Kind, may_email
from leads.errors import Invalid
from leads.inbound.events import apply
from leads.messages.carriers.events import MailEvent
from leads.messages.models import DeliveryAttempt, Message
from leads.messages.templates import catalogue
from leads.people.models import Person
from leads.pipeline.facts import facts_about
from leads.pipeline.models import Lead
from leads.screening.begin import begin
from leads.screening.submit import submit
from leads.sequences.answer import replied
from leads.sequences.assume import EXAMPLES, Assumption, assumption
from leads.sequences.definitions import Sequence as Definition
from leads.sequences.enroll import WENT
from leads.sequences.hand_over import due, finish, open_due
from leads.sequences.models import Enrolment
from leads.sequences.place import Appointment
from leads.sequences.plan import PlannedStep
from leads.sequences.rest import pause
from leads.sequences.retime import appointment_changed
from leads.sequences.simulate import simulate, simulate_lead
from leads.sequences.stop import stop_for
from leads.todos.models import Todo
from tests.cast import make_confirmed_person, make_lead
from tests.sequences.conftest import NEW_YORK, enrolled, local, make_sequence, make_step, publish_only, rows_of, send

Advance = Callable[[timedelta], None]
DAY, HALF_HOUR = timedelta(days=1), timedelta(minutes=30)
CALL = {"key": "call-them", "todo": "call", "wait": "4 days"}
STORY = make_sequence(
    make_step("one", wait="0 minutes", lane="transactional", template="office-location"),
    make_step("two", wait="2 days", template="how-ketamine-works"),
    CALL,
    make_step("three", wait="6 days", template="iv-and-im", stops_on=["stage:screening"]),
    make_step("four", wait="9 days", template="still-here", useful_for="9 days"),
    window={"from": "09:00", "to": "18:00", "business_days": True},
    stops_on=["stage:booked", "stage:closed", "withdrawal:education"],
)


def told(steps: Iterable[PlannedStep]) -> dict[str, str]:
    return {step.step: step.skip or local(step) for step in steps}


def assuming(*words: str, key: str = "story") -> dict[str, str]:
    return told(simulate(key, office="new-haven", start=datetime.fromisoformat("2026-10-06T10:00"), assume=words))


@pytest.fixture
def story(monkeypatch: pytest.MonkeyPatch, session: Session) -> None:
    publish_only(session, monkeypatch, STORY)


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_is_understood(example: str) -> None:
    assert isinstance(assumption(example), Assumption)


def test_what_is_not_understood_is_refused_with_what_is() -> None:
    with pytest.raises(Invalid, match=r"wins the lottery.*replies on day 3; confirms on day 1"):
        assumption("wins the lottery on day 3")


def test_a_to_do_nobody_does_holds_back_the_rest(story: None) -> None:
    assert assuming() == {
        "one": "2026-10-06T10:00", "two": "2026-10-08T10:00", "call-them": "2026-10-13T09:00",
        "three": "waits-for-todo", "four": "waits-for-todo",
    }  # fmt: skip


def test_done_late_the_rest_follows_from_there(story: None) -> None:
    assert list(assuming("to-do done on day 10").items())[3:] == [("three", "2026-10-19T09:00"), ("four", "2026-10-21T10:00")]


def test_a_booking_ends_it(story: None) -> None:
    assert list(assuming("to-do done on day 8", "books on day 9").items())[3:] == [("three", "stage:booked"), ("four", "stage:booked")]


def test_a_reply_makes_it_rest_for_a_week(story: None) -> None:
    answered = assuming("replies on day 1")
    assert (answered["two"], answered["call-them"]) == ("too-late", "2026-10-14T10:00")


def test_a_pause_moves_what_falls_into_it(story: None) -> None:
    assert assuming("pauses on day 1 until day 3")["two"] == "2026-10-09T09:00"


def test_a_rest_keeps_colleagues_from_calling_too(story: None) -> None:
    assert assuming("pauses on day 1 until day 9")["call-them"] == "2026-10-15T09:00"


def test_a_mail_and_a_call_that_waited_for_the_same_rest_come_when_it_ends(monkeypatch: pytest.MonkeyPatch, session: Session) -> None:
    publish_only(session, monkeypatch, make_sequence(make_step("two", wait="2 days"), CALL))
    assert set(assuming("pauses on day 1 until day 6").values()) == {"2026-10-12T00:00"}


def test_confirming_late_begins_late() -> None:
    assert assuming("confirms on day 2", key="new-inquiry")["office-location"] == "2026-10-08T10:00"


def test_a_visit_that_moves_takes_its_reminders_along() -> None:
    kept, moved = (
        assuming("books on day 0 for day 20", key="visit"),
        assuming("books on day 0 for day 20", "moves the visit on day 3 to day 27", key="visit"),
    )
    assert (kept["visit-tomorrow"], moved["visit-tomorrow"]) == ("2026-10-25T10:00", "2026-11-01T10:00")


def test_a_cancelled_visit_is_not_spoken_of_again() -> None:
    assert set(assuming("books on day 0 for day 20", "cancels the visit on day 3", key="visit").values()) == {
        "appointment:cancelled", "only-if",
    }  # fmt: skip


def happens(session: Session, lead: Lead, words: str, start: datetime) -> None:
    """Let an assumption come true, by the verbs that the real events call."""
    event = assumption(words)
    if words in REALLY:
        REALLY[words](session, lead)
        return
    here = start.astimezone(NEW_YORK)
    day = local_to_utc(here.date() + (event.other or 0) * DAY, here.time(), NEW_YORK)
    whose = {"person_id": lead.person_id, "actor": "system"}
    match event.kind:
        case "replies":
            replied(session, lead_id=lead.id, **whose)  # type: ignore[arg-type]
        case "pauses":
            pause(session, lead.person_id, day.replace(hour=4, minute=0), reason="asked", actor="system")
        case "moves":
            stop_for(session, f"stage:{event.what}", lead_id=lead.id, actor="system")
        case "books" | "moves-visit":
            stop_for(session, "stage:booked", lead_id=lead.id, actor="system")
            visit = Appointment("visit", 1 if event.kind == "books" else 2, day)
            appointment_changed(session, visit, lead_id=lead.id, facts=facts_about(session, lead), **whose)  # type: ignore[arg-type]
        case "does":
            for todo_id in session.scalars(select(Todo.id).where(Todo.step.is_not(None), Todo.done_at.is_(None))).all():
                finish(session, todo_id, actor="system", outcome="done")


def live_through(
    session: Session,
    lead: Lead,
    words: tuple[str, ...],
    advance: Advance,
    start: datetime,
    *,
    goes: Callable[[Session, Message], None] = send,
) -> None:
    """Six weeks by the half hour: send what is due, open to-dos, let happen what was assumed."""
    left = sorted(words, key=lambda each: assumption(each).day)
    while now() < start + 45 * DAY:
        while left and start + assumption(left[0]).day * DAY <= now():
            happens(session, lead, left.pop(0), start)
        for each in due(session):
            open_due(session, each)
        rows = session.scalars(select(Message).where(Message.state == "planned", Message.due_at <= now()).order_by(Message.due_at))
        for row in rows.all():
            goes(session, row)
        session.flush()
        advance(half_hours_until([*waiting(session), *(start + assumption(each).day * DAY for each in left)]))


def waiting(session: Session) -> list[datetime]:
    """When rows and to-dos that wait are due."""
    rows = select(Message.due_at).where(Message.state == "planned")
    steps = select(Enrolment.next_todo_at).where(Enrolment.ended_at.is_(None), Enrolment.next_todo_at.is_not(None))
    return [moment for moment in session.scalars(union_all(rows, steps)) if moment]


def half_hours_until(moments: list[datetime]) -> timedelta:
    """How long until the half hour in which the first of these comes, one at least; a day where none does: between them nothing happens."""
    return max(HALF_HOUR, math.ceil((min(moments, default=now() + DAY) - now()) / HALF_HOUR) * HALF_HOUR)


SCENES = {
    "nothing happens": (),
    "a late call": ("to-do done on day 10",),
    "a reply": ("replies on day 1", "to-do done on day 14"),
    "a rest": ("pauses on day 1 until day 3", "to-do done on day 7"),
    "screening begins": ("to-do done on day 7", "moves to screening on day 8"),
    "a booking": ("to-do done on day 7", "books on day 9 for day 20"),
}


@pytest.mark.parametrize("words", SCENES.values(), ids=SCENES.keys())
def test_what_was_assumed_ends_as_the_real_thing_does(session: Session, story: None, tuesday: Advance, words: tuple[str, ...]) -> None:
    lead, start = make_lead(session, office="new-haven"), now()
    enrolment = enrolled(session, lead, "story", **facts_about(session, lead))
    simulated = told(step for step in simulate("story", office="new-haven", start=start, assume=words) if step.template)
    live_through(session, lead, words, tuesday, start)
    assert {row.step: row.reason or row.local_due[:16] for row in rows_of(session, enrolment)} == simulated


def test_a_moved_visit_ends_as_it_was_simulated(session: Session, tuesday: Advance) -> None:
    lead, start, words = make_lead(session, office="new-haven"), now(), ("books on day 0 for day 20", "moves the visit on day 19 to day 27")
    simulated = simulate("visit", office="new-haven", start=start, assume=words)
    live_through(session, lead, words, tuesday, start)
    visit = session.scalars(select(Enrolment)).one()
    assert {(row.step, row.occurrence, row.reason or row.local_due[:16]) for row in rows_of(session, visit)} == {
        (step.step, step.occurrence, step.skip or local(step)) for step in simulated
    }


def test_a_lead_is_simulated_by_its_own_history_from_now(session: Session, story: None, tuesday: Advance) -> None:
    lead = make_lead(session, office="new-haven")
    send(session, rows_of(session, enrolled(session, lead, "story", **facts_about(session, lead)))[0])
    tuesday(DAY)
    assert told(simulate_lead(session, lead.id, "story", stage=lead.stage, assume=["pauses on day 0 until day 2"])) == {
        "two": "2026-10-09T09:00", "call-them": "2026-10-13T09:00", "three": "waits-for-todo", "four": "waits-for-todo",
    }  # fmt: skip


def test_a_visit_booked_anew_after_one_called_off_is_spoken_of_again(
    session: Session, tuesday: Advance, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_only(session, monkeypatch, make_sequence(make_step("before", before_appointment="1 day", useful_for="2 days")))
    words = ("books on day 0 for day 3", "cancels the visit on day 5", "books on day 6 for day 9")
    assert [step.skip or local(step) for step in simulate("story", office="new-haven", start=now(), assume=words)] == [
        "2026-10-08T10:00", "2026-10-14T10:00",
    ]  # fmt: skip


def test_a_missed_visit_leaves_the_other_facts_of_a_visit_alone(
    session: Session, tuesday: Advance, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = make_step("asks", after_appointment="1 day", only_if="visit.missed and not visit.attended")
    publish_only(session, monkeypatch, make_sequence(asks))
    steps = simulate("story", office="new-haven", start=now(), assume=["misses the visit on day 0"])
    assert [step.skip or local(step) for step in steps] == ["2026-10-07T10:00"]


def test_who_takes_the_consent_to_lessons_back_gets_nothing_that_asks_for_it(
    session: Session, tuesday: Advance, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = make_step("asks", wait="3 days", template="screening-call", only_if="grants.education")
    publish_only(session, monkeypatch, make_sequence(asks))
    assert assuming("withdraws education on day 1") == {"asks": "only-if"}


def test_a_shorter_rest_takes_the_place_of_a_longer_one(session: Session, tuesday: Advance, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_only(session, monkeypatch, make_sequence(make_step("one", wait="3 days", useful_for="30 days")))
    assert assuming("pauses on day 1 until day 9", "pauses on day 2 until day 5") == {"one": "2026-10-11T00:00"}


def test_a_booking_ends_what_waits_for_one(session: Session, tuesday: Advance, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_only(session, monkeypatch, make_sequence(make_step("one", wait="3 days"), stops_on=["appointment:booked"]))
    assert assuming("books on day 1 for day 9") == {"one": "appointment:booked"}


# What stops by these, and what does not: there each later mail is refused by the guards instead.
ENDING = make_sequence(
    *(make_step(key, wait=f"{days} days", template="office-location") for key, days in (("one", 0), ("two", 2), ("three", 6))),
    stops_on=["bounce", "asked-to-stop", "screening:submitted"],
)
GOING_ON = make_sequence(
    *(make_step(key, wait=f"{days} days", template="office-location") for key, days in (("one", 0), ("two", 2))),
    CALL,
    make_step("three", wait="6 days", template="iv-and-im", stops_on=["stage:screening"]),
    make_step("four", wait="9 days", template="office-location"),
)


def comes_back(session: Session, lead: Lead, kind: Literal["bounced", "complained"]) -> None:
    """Let a mail server tell of the last mail that went."""
    mail = session.scalars(
        select(Message).where(Message.lead_id == lead.id, Message.state == "sent").order_by(Message.sent_at.desc())
    ).first()
    assert mail is not None
    session.add(DeliveryAttempt(message_id=mail.id, fence=mail.fence, carrier="ses", at=now()))
    session.flush()
    status = "5.1.1" if kind == "bounced" else None
    apply(session, MailEvent(kind, now(), mail.id, None, status, str(mail.id), "ses", None))


def answers(session: Session, lead: Lead) -> None:
    """Let them send the screening through its link."""
    begun = begin(session, lead.id, channel="link", actor=f"person:{lead.person_id}", language="en")
    submit(session, begun.id, actor=f"person:{lead.person_id}")


REALLY: dict[str, Callable[[Session, Lead], None]] = {
    "bounces on day 3": lambda session, lead: comes_back(session, lead, "bounced"),
    "complains on day 3": lambda session, lead: comes_back(session, lead, "complained"),
    "answers the screening on day 5": answers,
}


def goes(session: Session, row: Message) -> None:
    """Send a mail where its guards let it pass, as delivery does."""
    meta, person = catalogue()[row.template].meta, session.get_one(Person, row.person_id)
    against = may_email(session, person.id, person.email_index, Kind(meta.topic, row.lane, meta.level))
    if against:
        row.state, row.reason = "skipped", against
    else:
        send(session, row)


def ends(row: Message) -> str:
    """How a row ended: what went, when it went, whatever came back of it."""
    return row.local_due[:16] if row.state in WENT else row.reason or row.local_due[:16]


@pytest.mark.parametrize("sequence", [ENDING, GOING_ON], ids=["ends by it", "goes on"])
@pytest.mark.parametrize("words", REALLY)
def test_what_comes_back_ends_as_it_was_simulated(
    session: Session, monkeypatch: pytest.MonkeyPatch, tuesday: Advance, words: str, sequence: Definition
) -> None:
    publish_only(session, monkeypatch, sequence)
    lead, start = make_lead(session, make_confirmed_person(session), office="new-haven"), now()
    enrolment = enrolled(session, lead, sequence.key, **facts_about(session, lead))
    simulated = told(step for step in simulate(sequence.key, office="new-haven", start=start, assume=[words]) if step.template)
    by_lead = told(step for step in simulate_lead(session, lead.id, sequence.key, stage=lead.stage, assume=[words]) if step.template)
    live_through(session, lead, (words,), tuesday, start, goes=goes)
    really = {row.step: ends(row) for row in rows_of(session, enrolment)}
    assert really == simulated
    assert really == by_lead


def test_each_of_these_changes_what_comes(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_only(session, monkeypatch, ENDING)
    start = datetime.fromisoformat("2026-10-06T10:00")
    ended = [told(simulate(ENDING.key, office="new-haven", start=start, assume=[words]))["three"] for words in REALLY]
    assert ended == ["bounce", "complained", "screening:submitted"]
