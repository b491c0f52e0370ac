"""`/fhir/Subscription`: news at once instead of polling (Subscriptions R4 Backport), with ids and nothing else in them."""

from typing import Any

from fastapi import APIRouter, Response

from leads.http.fhir.caller import Body, Key, Own
from leads.http.fhir.codes import Resource, base
from leads.http.fhir.entries import refused
from leads.http.fhir.outcome import as_fhir
from leads.http.fhir.parse import parse
from leads.http.transaction import Db
from leads.loop.models import Subscription
from leads.loop.subscribe import subscribe_email, subscribe_url, subscription_of, subscriptions_of, unsubscribe

router = APIRouter()
CONTENT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-payload-content"
PROFILE = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription"


@router.post("/Subscription")
def make_subscription(session: Db, key: Key, practice: Own, body: Body) -> Response:
    """Subscribe to the practice's own Tasks. A web address proves itself by answering a handshake, an e-mail address before that."""
    asked = parse(body, "Subscription")
    channel = _checked(asked)
    endpoint = channel.get("endpoint", "")
    if channel["type"] == "email":
        made = subscribe_email(session, practice, endpoint.removeprefix("mailto:"), key=key)
    else:
        made = subscribe_url(session, practice, endpoint, headers=channel.get("header", ()), key=key)
    return as_fhir(show(made), 201, {"Location": f"{base()}/Subscription/{made.id}"})


@router.get("/Subscription")
def list_subscriptions(session: Db, key: Key, practice: Own) -> Response:
    """The practice's subscriptions."""
    found = [show(each) for each in subscriptions_of(session, practice.id)]
    entries = [{"fullUrl": f"{base()}/Subscription/{each['id']}", "resource": each, "search": {"mode": "match"}} for each in found]
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    return as_fhir(bundle | ({"entry": entries} if entries else {}))


@router.get("/Subscription/{id}")
def read_subscription(session: Db, key: Key, practice: Own, id: str) -> Response:
    """One of them, and whether it still works."""
    return as_fhir(show(subscription_of(session, practice.id, id)))


@router.delete("/Subscription/{id}")
def end_subscription(session: Db, key: Key, practice: Own, id: str) -> Response:
    """End one."""
    unsubscribe(session, subscription_of(session, practice.id, id), actor=f"key:{key.id}")
    return Response(status_code=204)


def topic() -> str:
    """Return the name of the one thing to subscribe to: a Task of the practice's has changed."""
    return f"{base()}/SubscriptionTopic/referral"


def show(subscription: Subscription) -> Resource:
    """Return a subscription as FHIR has it; its headers are secrets, of which only the names are shown."""
    channel: dict[str, Any] = {
        "type": subscription.kind,
        "endpoint": f"mailto:{subscription.endpoint}" if subscription.kind == "email" else subscription.endpoint,
        "payload": "application/fhir+json",
        "_payload": {"extension": [{"url": CONTENT, "valueCode": "id-only"}]},
    }
    names = [f"{header.partition(':')[0]}: ***" for header in subscription.headers or ()]
    why = {"error": subscription.why} if subscription.why else {}
    return {
        "resourceType": "Subscription",
        "id": str(subscription.id),
        "meta": {"profile": [PROFILE]},
        "status": subscription.state,
        "reason": "News of the practice's referrals",
        "criteria": topic(),
        "channel": channel | ({"header": names} if names else {}),
        **why,
    }


def _checked(asked: Resource) -> Resource:
    channel: Resource = asked["channel"]
    if asked["criteria"] not in (topic(), "Task"):
        raise refused("Subscription.criteria", "not-supported", f"There is one topic: {topic()}.")
    if channel["type"] not in ("rest-hook", "email"):
        raise refused("Subscription.channel.type", "not-supported", "We deliver by rest-hook and email.")
    wanted = [each.get("valueCode") for each in channel.get("_payload", {}).get("extension", ()) if each.get("url") == CONTENT]
    if any(each != "id-only" for each in wanted):
        raise refused("Subscription.channel.payload", "not-supported", "Notifications carry ids only: read the Task with your key.")
    return channel
