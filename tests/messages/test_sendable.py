"""Only approved words go out: what waits says why, what is approved goes at once, and nothing that answers a danger waits."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.clock import now
from leads.messages import sendable
from leads.messages.approve import FACTS_HOLD_FOR, withdraw
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.lint import FACTS
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.messages.sendable import FRESH_FOR
from leads.messages.shipped import as_shipped, shipped
from leads.messages.templates import catalogue
from tests.conftest import Mailbox
from tests.messages.wording import PLAIN, WITH_FACTS, approved, edited, make_pair, no_trial

pytestmark = pytest.mark.usefixtures("tuesday")
LANES = ("safety", "transactional", "reminder", "education")


@pytest.fixture
def pair(session: Session, monkeypatch: pytest.MonkeyPatch) -> tuple[Account, Account]:
    """A clinic in which nothing is approved yet, and the two who may change that."""
    no_trial(monkeypatch)
    return make_pair(session)


def test_what_nobody_approved_is_held_and_says_so(session: Session, due: Callable[..., Message], pair: object, mailbox: Mailbox) -> None:
    message = due()
    session.commit()
    drain(LANES)
    session.refresh(message)
    assert (message.state, message.reason) == ("planned", "awaiting-approval")
    assert message.due_at > now()
    assert mailbox.messages == []


def test_once_approved_it_goes_at_once(
    session: Session, due: Callable[..., Message], pair: tuple[Account, Account], mailbox: Mailbox
) -> None:
    message = due()
    session.commit()
    drain(LANES)
    approved(session, PLAIN, *pair)
    session.commit()
    drain(LANES)
    session.refresh(message)
    assert message.state == "sent"
    assert len(mailbox.messages) == 1


def test_what_waits_too_long_expires(session: Session, due: Callable[..., Message], pair: object, mailbox: Mailbox) -> None:
    message = due(useful_until=now() + timedelta(minutes=30))
    session.commit()
    drain(LANES)
    session.refresh(message)
    assert (message.state, message.reason) == ("expired", "outlived")


def test_long_waiting_is_said_once(
    session: Session, due: Callable[..., Message], pair: object, mailbox: Mailbox, tuesday: Callable[[timedelta], None]
) -> None:
    message = due()
    session.commit()
    for _ in range(3):
        drain(LANES)
        tuesday(timedelta(hours=2))
    session.refresh(message)
    assert message.moved_by == ["awaiting-approval"]


def test_an_approval_that_ran_out_pauses_the_mail(
    session: Session,
    due: Callable[..., Message],
    pair: tuple[Account, Account],
    mailbox: Mailbox,
    tuesday: Callable[[timedelta], None],
) -> None:
    approved(session, WITH_FACTS, *pair)
    tuesday(FACTS_HOLD_FOR + timedelta(minutes=1))
    message = due(WITH_FACTS)
    session.commit()
    drain(LANES)
    session.refresh(message)
    assert (message.state, message.reason) == ("planned", "approval-expired")


def test_an_edit_silences_nothing_the_approved_words_go_on(
    session: Session,
    due: Callable[..., Message],
    pair: tuple[Account, Account],
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    approved(session, "still-here", *pair)
    old = catalogue()["still-here"].version("en")
    edited(monkeypatch, tmp_path, "still-here", "We wish you well.", "We wish you all the best.")
    message = due("still-here")
    session.commit()
    drain(LANES)
    session.refresh(message)
    assert (message.state, message.template_version) == ("sent", old)
    assert "We wish you well." in mailbox.messages[0].text


def test_once_approved_the_new_words_go(
    session: Session,
    due: Callable[..., Message],
    pair: tuple[Account, Account],
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    approved(session, "still-here", *pair)
    edited(monkeypatch, tmp_path, "still-here", "We wish you well.", "We wish you all the best.")
    approved(session, "still-here", *pair)
    due("still-here")
    session.commit()
    drain(LANES)
    assert "We wish you all the best." in mailbox.messages[0].text


def test_older_words_under_other_rules_stand_in_for_nothing(
    session: Session,
    due: Callable[..., Message],
    pair: tuple[Account, Account],
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    approved(session, "still-here", *pair)
    # The level decides which consent a mail needs: words of another one would go to whom they may not.
    edited(monkeypatch, tmp_path, "still-here", "We wish you well.", "Goodbye.", level=1)
    message = due("still-here")
    session.commit()
    drain(LANES)
    session.refresh(message)
    assert message.reason == "awaiting-approval"


@pytest.mark.parametrize("template", ["safety-page", "promise-breaking", "daily-brief"])
def test_what_goes_to_one_of_us_waits_for_no_reviewer(
    session: Session, pair: tuple[Account, Account], mailbox: Mailbox, template: str
) -> None:
    facts = {name: FACTS[name] for name in catalogue()[template].meta.facts}
    message = post(session, None, template, cause="test", account_id=pair[0].id, facts=facts)
    session.commit()
    drain(LANES)
    session.refresh(message)
    assert message.state == "sent"


def test_an_approval_taken_back_while_the_mail_is_on_its_way_stops_it(
    session: Session,
    due: Callable[..., Message],
    pair: tuple[Account, Account],
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    review = approved(session, PLAIN, *pair)
    message = due()
    session.commit()
    offer = SmtpCarrier.offer

    def offered(*given: object) -> None:
        offer(*given)  # type: ignore[arg-type]
        withdraw(session, review.id, by=pair[1].id, roles=pair[1].roles)
        session.commit()

    monkeypatch.setattr(SmtpCarrier, "offer", offered)
    drain(LANES)
    session.refresh(message)
    assert (message.state, message.reason) == ("planned", "awaiting-approval")
    assert mailbox.messages == []


def test_another_process_learns_of_an_approval_within_seconds(
    session: Session, due: Callable[..., Message], pair: tuple[Account, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leads.messages.approve.forget", lambda: None)
    sendable._looked()
    approved(session, PLAIN, *pair)
    session.commit()
    assert (PLAIN, "en") not in sendable._looked().said
    monkeypatch.setattr(sendable, "_view", sendable._view._replace(read_at=sendable._view.read_at - FRESH_FOR))
    assert (PLAIN, "en") in sendable._looked().said


def test_the_database_is_asked_once_for_many_mails(session: Session, pair: object, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    read = sendable._read
    monkeypatch.setattr(sendable, "_read", lambda session: asked.append(1) or read(session))
    for _ in range(50):
        sendable._looked()
    assert asked == [1]


def test_in_a_trial_what_ships_needs_nobody(session: Session, due: Callable[..., Message], mailbox: Mailbox) -> None:
    message = due(WITH_FACTS)
    session.commit()
    drain(LANES)
    session.refresh(message)
    assert message.state == "sent"


def test_in_a_trial_your_own_edit_waits(
    session: Session, due: Callable[..., Message], mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    edited(monkeypatch, tmp_path, "still-here", "We wish you well.", "Goodbye.")
    message = due("still-here")
    session.commit()
    drain(LANES)
    session.refresh(message)
    assert message.reason == "awaiting-approval"


def test_the_list_of_what_ships_is_up_to_date() -> None:
    stale = sorted(
        f"{name}.{language}"
        for name, template in catalogue().items()
        for language in template.editions
        if shipped().get(f"{name}.{language}") != template.version(language)
    )
    assert not stale, f"run `handoff wording ship`: {', '.join(stale)}"
    assert as_shipped(catalogue()).count("\n") == 1 + len(shipped())
