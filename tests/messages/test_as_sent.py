"""A mail that went out, looked at later: in the words it had, whatever the files say by then, and held against what was sent."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.errors import NotFound
from leads.messages.as_sent import as_sent
from leads.messages.deliver import drain
from leads.messages.models import Message
from leads.messages.version_models import TemplateVersion
from leads.people.match import email_index
from leads.people.models import Person
from tests.cast import ACTOR
from tests.conftest import Mailbox
from tests.messages.wording import edited

pytestmark = pytest.mark.usefixtures("tuesday", "mailbox")


@pytest.fixture
def sent(session: Session, due: Callable[..., Message], mailbox: Mailbox) -> Message:
    """A mail that went out on Tuesday."""
    message = due("still-here")
    session.commit()
    drain(("education",))
    session.refresh(message)
    assert message.state == "sent"
    return message


def test_it_is_byte_for_byte_what_was_sent(session: Session, sent: Message, tuesday: Callable[[timedelta], None]) -> None:
    tuesday(timedelta(days=30))
    found = as_sent(session, sent.id, actor=ACTOR)
    assert found.proof == "same"
    assert found.rendered is not None
    assert found.rendered.subject == "We are still here"


def test_a_mail_with_a_moment_and_a_calendar_file_is_proved_too(session: Session, due: Callable[..., Message]) -> None:
    facts = {"office": "woodbury", "visit_at": "2026-10-20T10:00:00-04:00", "visit_ends": "2026-10-20T11:00:00-04:00"}
    message = due("visit-booked", facts=facts | {"appointment": "00000000-0000-7000-8000-000000000001", "ics_sequence": 0})
    session.commit()
    drain(("transactional",))
    session.refresh(message)
    assert as_sent(session, message.id, actor=ACTOR).proof == "same"


def test_old_words_stay_when_the_files_change(session: Session, sent: Message, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    edited(monkeypatch, tmp_path, "still-here", "We wish you well.", "Goodbye.")
    found = as_sent(session, sent.id, actor=ACTOR)
    assert found.rendered is not None
    assert "We wish you well." in found.rendered.text
    assert found.proof == "same"


def test_another_address_is_said_and_not_passed_off_as_the_same(session: Session, sent: Message) -> None:
    person = session.get_one(Person, sent.person_id)
    person.email, person.email_index = "new@example.com", email_index("new@example.com")
    session.flush()
    assert as_sent(session, sent.id, actor=ACTOR).proof == "differs"


def test_nobody_can_act_by_its_links(session: Session, sent: Message) -> None:
    found = as_sent(session, sent.id, actor=ACTOR)
    assert found.rendered is not None
    assert "/u/" not in found.rendered.text + found.rendered.html


def test_what_was_not_kept_is_said_to_be(session: Session, sent: Message) -> None:
    session.execute(delete(TemplateVersion))
    found = as_sent(session, sent.id, actor=ACTOR)
    assert (found.rendered, found.proof) == (None, "not-kept")


def test_the_reading_is_on_record(session: Session, sent: Message) -> None:
    as_sent(session, sent.id, actor=ACTOR)
    session.flush()
    assert session.query(AuditEntry).filter_by(action="message.read", subject_id=sent.id, actor=ACTOR).count() == 1


def test_what_never_went_is_not_found(session: Session, due: Callable[..., Message]) -> None:
    with pytest.raises(NotFound):
        as_sent(session, due().id, actor=ACTOR)
