"""Each provider's documented payloads: what they are in our words, kept as they came, and a wrong signature for each."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.inbound.models import KeptEvent, Notice
from tests.http.webhooks.conftest import PROVIDERS, Told
from tests.http.webhooks.payloads import ANA, EVENTS, MESSAGE, TRACKED

Call = Callable[[str, Told], httpx.Response]


def kept(session: Session) -> list[KeptEvent]:
    return list(session.scalars(select(KeptEvent).order_by(KeptEvent.id)))


def notices(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Notice)) or 0


@pytest.mark.parametrize(("carrier", "payload", "meant"), EVENTS)
def test_a_documented_payload_is_understood(
    session: Session, call: Call, carrier: str, payload: Any, meant: tuple[str, str | None] | None
) -> None:
    assert call(carrier, PROVIDERS[carrier].sign(payload)).status_code == 200
    assert [(each.kind, each.status) for each in kept(session)] == ([meant] if meant else [])


@pytest.mark.parametrize("carrier", PROVIDERS)
def test_it_names_our_message_its_time_and_the_address(session: Session, call: Call, carrier: str) -> None:
    payload = next(told for name, told, meant in EVENTS if name == carrier and meant == ("delivered", None))
    call(carrier, PROVIDERS[carrier].sign(payload))
    (event,) = kept(session)
    assert event.message_id
    assert (event.carrier, event.message_id.hex, event.address) == (carrier, MESSAGE, ANA)
    assert event.at.replace(microsecond=0) == datetime(2026, 10, 6, 14, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize("carrier", PROVIDERS)
def test_a_wrong_signature_leaves_no_trace(session: Session, call: Call, nudges: list[str], carrier: str) -> None:
    payload = next(told for name, told, _ in EVENTS if name == carrier)
    refused = call(carrier, PROVIDERS[carrier].forge(payload))
    assert refused.status_code in (401, 403)
    assert (kept(session), notices(session), nudges) == ([], 0, [])


@pytest.mark.parametrize("carrier", PROVIDERS)
def test_no_signature_at_all_leaves_no_trace(session: Session, call: Call, carrier: str) -> None:
    payload = next(told for name, told, _ in EVENTS if name == carrier)
    assert call(carrier, (json.dumps(payload).encode(), {})).status_code in (401, 403)
    assert notices(session) == 0


@pytest.mark.parametrize("carrier", PROVIDERS)
def test_the_same_told_again_is_kept_once(session: Session, call: Call, carrier: str) -> None:
    payload = next(told for name, told, meant in EVENTS if name == carrier and meant)
    for _ in range(3):
        assert call(carrier, PROVIDERS[carrier].sign(payload)).status_code == 200
    assert (len(kept(session)), notices(session)) == (1, 1)


@pytest.mark.parametrize("carrier", PROVIDERS)
def test_it_is_kept_as_it_came_and_sealed(session: Session, call: Call, nudges: list[str], carrier: str) -> None:
    payload = next(told for name, told, meant in EVENTS if name == carrier and meant)
    told = PROVIDERS[carrier].sign(payload)
    call(carrier, told)
    notice = session.scalars(select(Notice)).one()
    assert notice.raw == told[0].decode("latin-1")
    assert notice.raw_cell
    assert b"ana@example.com" not in notice.raw_cell  # type: ignore[attr-defined]
    assert nudges == ["came back"]


@pytest.mark.parametrize(("carrier", "payload"), TRACKED)
def test_an_open_or_a_click_is_not_even_kept(session: Session, call: Call, carrier: str, payload: Any) -> None:
    assert call(carrier, PROVIDERS[carrier].sign(payload)).status_code == 200
    assert (kept(session), notices(session)) == ([], 0)


def test_a_batch_is_taken_apart(session: Session, call: Call) -> None:
    batch = [told for name, payload, _ in EVENTS if name == "sendgrid" for told in payload]
    for place, told in enumerate(batch):
        told["sg_event_id"] = f"batch-{place}"
    assert call("sendgrid", PROVIDERS["sendgrid"].sign(batch)).status_code == 200
    assert (len(kept(session)), notices(session)) == (len(batch) - 1, 1)
