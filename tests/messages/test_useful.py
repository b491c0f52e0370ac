"""Every mail that grows stale has an end of its use, and none goes after it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from leads.clock import now
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.lint_rules import use_faults
from leads.messages.models import LANES, Message
from leads.messages.outbox import post
from leads.messages.steer import move
from leads.messages.templates import catalogue
from leads.people.models import Person
from tests.cast import ACTOR
from tests.smtp_server import ScriptedServer

Due = Callable[..., Message]
Advance = Callable[[timedelta], None]
WRITTEN_WITHOUT_A_SEQUENCE = (
    "not-a-fit", "cannot-reach-you", "promise-breaking", "new-lead", "bounce-phone-instead", "contact-silent", "referral-digest",
    "personal-note", "wording-expired",
)  # fmt: skip


@pytest.mark.parametrize("template", catalogue())
def test_each_mail_has_an_end_of_its_use_or_says_why_not(session: Session, person: Person, template: str) -> None:
    meta = catalogue()[template].meta
    message = post(session, person.id, template, cause="test", due_at=now() + timedelta(days=3))
    assert (message.useful_until is None) == bool(meta.stays_useful)
    assert message.useful_until == meta.useful_until(message.due_at)


def test_only_a_page_about_danger_goes_however_late() -> None:
    assert [name for name, each in catalogue().items() if each.meta.stays_useful] == ["safety-page"]


def test_the_check_names_a_mail_of_which_nobody_said() -> None:
    silent = catalogue()["not-a-fit"]
    silent = replace(silent, meta=silent.meta.model_copy(update={"useful_for": None}))
    assert [fault.partition(":")[0] for fault in use_faults({"mine": silent})] == ["mine"]
    assert not list(use_faults(catalogue()))


@pytest.mark.parametrize("template", WRITTEN_WITHOUT_A_SEQUENCE)
def test_ten_days_late_none_of_them_goes(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer, tuesday: Advance, template: str
) -> None:
    message = due(template)
    tuesday(timedelta(days=10))
    drain(LANES, carrier=carrier)
    session.refresh(message)
    assert (message.state, message.reason) == ("expired", "outlived")
    assert not server.mails


def test_a_note_is_as_old_as_the_time_a_colleague_gave_it(session: Session, due: Due, tuesday: Advance) -> None:
    note = due("personal-note")
    move(session, note.id, now() + timedelta(days=30), actor=ACTOR)
    assert note.useful_until == note.due_at + timedelta(days=7)
