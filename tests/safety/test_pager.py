"""A pager service hears of each step, signed, by number only; again until it has heard, never elsewhere, and not for nothing."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from standardwebhooks import Webhook

from config.settings import SettingsError, load, settings
from leads.accounts.models import Account
from leads.clock import real_now
from leads.loop import web_hook
from leads.loop.web_hook import is_public
from leads.pipeline.models import Lead
from leads.safety import pager
from leads.safety.disclose import disclose
from leads.safety.models import Alarm, PagerCall
from leads.safety.pager import AGAIN_AFTER, claim, make, settle
from leads.safety.take import take
from leads.safety.try_contact import try_everybody
from tests.cast import ACTOR, make_lead
from tests.http.fhir.https_server import Hooks, https_server

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hooks]:
    """A pager service behind real TLS, trusted, and (for this once) allowed on this machine."""
    with https_server(tmp_path) as (server, certificate):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        monkeypatch.setattr(web_hook, "is_public", lambda address: True)
        monkeypatch.setattr(settings(), "handoff_pager_url", SecretStr(server.url))
        monkeypatch.setattr(settings(), "handoff_pager_secret", SecretStr(SECRET))
        yield server


@pytest.fixture
def lead(session: Session, service: Hooks, roster: list[Account]) -> Lead:
    """A lead whose person disclosed."""
    lead = make_lead(session)
    disclose(session, lead.person_id, lead.id, source="inquiry")
    session.flush()
    return lead


def call(session: Session) -> list[str]:
    """What the task does; returns what came of each call."""
    calls = claim(session)
    answers = [make(each) for each in calls]
    for each, answer in zip(calls, answers, strict=True):
        settle(session, each.id, answer)
    session.flush()
    return [answer.word for answer in answers]


def make_due(session: Session) -> None:
    session.execute(update(PagerCall).where(PagerCall.ended_at.is_(None)).values(due_at=real_now()))


def one(session: Session) -> PagerCall:
    return session.scalars(select(PagerCall).execution_options(populate_existing=True)).one()


def test_it_hears_the_number_and_nothing_else(session: Session, lead: Lead, service: Hooks) -> None:
    assert call(session) == ["200"]
    [(path, _, body)] = service.visits
    assert (path, body["type"], body["data"]) == ("/hooks?site=1", "safety.page", {"number": lead.number})


def test_the_signature_is_what_standard_webhooks_verifies(session: Session, lead: Lead, service: Hooks) -> None:
    (claimed,) = claim(session)
    make(claimed)
    headers = {name.lower(): value for name, value in service.visits[0][1].items()}
    assert Webhook(SECRET).verify(claimed.body, headers) == json.loads(claimed.body)
    assert headers["webhook-id"] == f"msg_{claimed.id}"


def test_until_it_was_taken_it_is_called_again_under_the_same_id(session: Session, lead: Lead, service: Hooks) -> None:
    service.status = 503
    call(session)
    assert (one(session).taken, one(session).last) == (None, "503")
    make_due(session)
    service.status = 200
    call(session)
    assert one(session).taken
    assert len({visit[1]["webhook-id"] for visit in service.visits}) == 1


def test_between_two_tries_it_waits(session: Session, lead: Lead, service: Hooks) -> None:
    service.status = 500
    call(session)
    assert claim(session) == []
    assert one(session).due_at > real_now() + AGAIN_AFTER[0] - timedelta(seconds=2)


def test_a_redirect_is_followed_nowhere_and_counts_as_no_answer(session: Session, lead: Lead, service: Hooks) -> None:
    service.status = 307
    assert call(session) == ["307"]
    assert (len(service.visits), one(session).taken) == (1, None)


def test_it_is_given_up_in_the_end_and_that_is_on_record(session: Session, lead: Lead, service: Hooks) -> None:
    service.status = 500
    for _ in range(len(AGAIN_AFTER) + 1):
        make_due(session)
        call(session)
    assert (one(session).taken, one(session).tries) == (False, len(AGAIN_AFTER) + 1)


def test_once_somebody_has_it_nobody_is_called(session: Session, lead: Lead, service: Hooks) -> None:
    take(session, session.scalars(select(Alarm.id)).one(), actor=ACTOR)
    assert call(session) == []
    assert (service.visits, one(session).last) == ([], "not-needed")


def test_an_address_of_our_own_network_is_not_called(session: Session, lead: Lead, service: Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_hook, "is_public", is_public)
    assert call(session) == ["private-address"]
    assert service.visits == []


def test_a_worker_that_died_with_a_call_in_its_hands_leaves_it_to_the_next(session: Session, lead: Lead) -> None:
    claim(session)
    session.flush()
    assert claim(session) == []
    make_due(session)
    assert len(claim(session)) == 1


def test_without_a_service_there_is_no_call(session: Session, roster: list[Account]) -> None:
    lead = make_lead(session)
    disclose(session, lead.person_id, lead.id, source="inquiry")
    session.flush()
    assert session.scalars(select(PagerCall)).all() == []


def test_a_test_reaches_it_too_and_names_nobody(session: Session, service: Hooks, roster: list[Account]) -> None:
    try_everybody(session)
    session.flush()
    call(session)
    assert (service.visits[0][2]["type"], service.visits[0][2]["data"]) == ("oncall.test", {})


def test_a_secret_that_went_missing_stops_no_page(session: Session, lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "handoff_pager_secret", None)
    assert call(session) == ["not-configured"]
    assert one(session).ended_at is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("handoff_pager_url", "http://pager.example.com"),
        ("handoff_pager_secret", "hunter2"),
        ("handoff_pager_secret", "whsec_c2hvcnQ="),
    ],
)
def test_what_cannot_be_called_or_signed_is_refused_at_start_without_being_repeated(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name.upper()) as refused:
        load(**{name: value})
    assert value not in str(refused.value)


def test_what_is_claimed_shows_nobody_a_number(session: Session, lead: Lead) -> None:
    assert lead.number not in repr(pager.claim(session))
