"""Subscribers hear that something has changed, by id only, at addresses that proved themselves; again until they have heard."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from config.settings import settings
from leads import clock
from leads.accounts.keys import revoke
from leads.accounts.models import ApiKey
from leads.db import transaction
from leads.http.fhir.parse import parse
from leads.loop import web_hook
from leads.loop.call_hooks import AGAIN_AFTER, claim, settle
from leads.loop.models import Knock, Subscription
from leads.loop.web_hook import Answer, is_public, knock_at
from tests.http.fhir.cast import bundle
from tests.http.fhir.conftest import Send, get, happen, id_in
from tests.http.fhir.https_server import Hooks


def deliver() -> None:
    """What the task does."""
    with transaction() as session:
        claimed = claim(session)
    for each in claimed:
        answer = knock_at(each.endpoint, each.headers, each.body)
        with transaction() as session:
            settle(session, each.id, answer)


def make_due() -> None:
    with transaction() as session:
        session.execute(update(Knock).where(Knock.ended_at.is_(None)).values(due_at=clock.real_now()))


def state() -> str:
    with transaction() as session:
        return session.scalars(select(Subscription.state)).one()


def told(sent: dict[str, Any]) -> dict[str, Any]:
    """A notification's parameters by name."""
    status = parse(json.dumps(sent).encode(), "Bundle")["entry"][0]["resource"]["parameter"]
    return {each["name"]: next((value for name, value in each.items() if name.startswith("value")), each.get("part")) for each in status}


def test_an_address_proves_itself_by_answering(client: TestClient, auth: dict[str, str], subscribed: str, hooks: Hooks) -> None:
    before = get(client, auth, f"Subscription/{subscribed}", "Subscription")["status"]
    deliver()
    assert (before, state(), told(hooks.visits[0][2])["type"]) == ("requested", "active", "handshake")
    assert (hooks.visits[0][0], hooks.visits[0][1]["Authorization"]) == ("/hooks?site=1", "Bearer their-secret")


def test_before_that_nothing_is_told(send: Send, subscribed: str, hooks: Hooks) -> None:
    hooks.status = 500
    deliver()
    send()
    with transaction() as session:
        assert session.scalars(select(Knock.referral_id)).all() == [None]


def test_each_event_is_told_by_id_only(send: Send, subscribed: str, hooks: Hooks) -> None:
    deliver()
    task_id = id_in(send())
    happen(task_id, "accept")
    deliver()
    news = [told(visit[2]) for visit in hooks.visits[1:]]
    assert [each["events-since-subscription-start"] for each in news] == ["1", "2"]
    assert hooks.visits[2][2]["entry"][1]["fullUrl"].endswith(f"/fhir/Task/{task_id}")
    everything = str(hooks.visits)
    assert not [word for word in ("Jordan", "Doe", "accept", "R-0", "1985") if word in everything]


def test_without_the_patients_grant_only_the_receipt_is_told(send: Send, subscribed: str, hooks: Hooks) -> None:
    deliver()
    task_id = id_in(send(bundle(("consent",))))
    happen(task_id, "accept", "schedule")
    deliver()
    assert len(hooks.visits) == 2


def test_another_practice_hears_nothing(client: TestClient, stranger: dict[str, str], subscribed: str, hooks: Hooks) -> None:
    deliver()
    client.post("/fhir", json=bundle(), headers=stranger)
    deliver()
    assert len(hooks.visits) == 1


@pytest.mark.parametrize("status", [301, 307, 400, 404, 500])
def test_whoever_does_not_take_it_is_asked_again_and_no_redirect_is_followed(subscribed: str, hooks: Hooks, status: int) -> None:
    hooks.status = status
    deliver()
    deliver()
    assert (len(hooks.visits), state()) == (1, "requested")
    hooks.status = 204
    make_due()
    deliver()
    assert (len(hooks.visits), state()) == (2, "active")


def test_in_the_end_it_is_given_up_and_says_so(client: TestClient, auth: dict[str, str], subscribed: str, hooks: Hooks) -> None:
    hooks.status = 500
    for _ in range(len(AGAIN_AFTER) + 2):
        make_due()
        deliver()
    shown = get(client, auth, f"Subscription/{subscribed}", "Subscription")
    assert (len(hooks.visits), shown["status"], shown["error"]) == (8, "error", "gave up after 8 tries: 500")


def test_a_worker_that_died_leaves_its_knock_to_the_next(subscribed: str, hooks: Hooks) -> None:
    with transaction() as session:
        assert len(claim(session)) == 1
    with transaction() as session:
        assert claim(session) == []
    make_due()
    deliver()
    assert len(hooks.visits) == 1


def test_two_workers_never_hold_the_same(subscribed: str) -> None:
    with transaction() as session:
        assert (len(claim(session)), len(claim(session))) == (1, 0)


def test_an_ended_subscription_is_silent(client: TestClient, auth: dict[str, str], send: Send, subscribed: str, hooks: Hooks) -> None:
    deliver()
    assert client.delete(f"/fhir/Subscription/{subscribed}", headers=auth).status_code == 204
    send()
    deliver()
    assert (len(hooks.visits), state()) == (1, "off")


def test_a_revoked_key_hears_no_more(subscribed: str, hooks: Hooks) -> None:
    with transaction() as session:
        revoke(session, str(session.scalars(select(ApiKey.id)).one()))
    deliver()
    assert (hooks.visits, state()) == ([], "off")


def test_a_host_taken_off_the_list_is_not_knocked_at(subscribed: str, hooks: Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDOFF_SUBSCRIPTION_HOSTS", "")
    settings.cache_clear()
    deliver()
    with transaction() as session:
        assert (session.scalars(select(Knock.last)).one(), hooks.visits) == ("not-allowed", [])


def test_an_untrusted_certificate_is_not_believed(subscribed: str, hooks: Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    deliver()
    with transaction() as session:
        assert (session.scalars(select(Knock.last)).one(), hooks.visits) == ("no-tls", [])


def test_a_private_address_is_not_knocked_at(hooks: Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_hook, "is_public", is_public)
    assert knock_at(hooks.url, (), b"{}") == Answer(False, "private-address")
    assert hooks.visits == []
