"""`/fhir/Task` and `/fhir/ServiceRequest`: what became of a referral, and the little its sender may change."""

import re
import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.access.outside import list_outside, read_outside
from leads.accounts.keys import Holder
from leads.errors import PreconditionFailed
from leads.http.fhir.caller import Body, Key, Own, count_poll
from leads.http.fhir.codes import Resource, base
from leads.http.fhir.outcome import Fhir, as_fhir, outcome
from leads.http.fhir.parse import parse
from leads.http.fhir.search import is_a_poll, search
from leads.http.fhir.self_referral import request_of, self_referral, task_of
from leads.http.fhir.wish import cancellation, fulfil, wish_of
from leads.http.fhir.write_task import View, view, views, write_cancellation, write_history, write_request, write_task
from leads.http.transaction import Db
from leads.loop.models import Referral, ReferralEvent
from leads.providers.models import Practice, Provider
from leads.referrals.find import get_of_practice
from leads.referrals.shown import show

router = APIRouter()
OURS = re.compile(r'(?:W/)?"(\d{1,9})"')
IfMatch = Annotated[str | None, Header(alias="If-Match")]


@router.get("/Task")
def search_tasks(request: Request, session: Db, key: Key, practice: Own) -> Response:
    """The practice's Tasks, in the order in which they came."""
    asked = request.query_params.multi_items()
    if is_a_poll(asked):
        count_poll(session, key)
    found = search(session, practice, asked)
    list_outside(session, practice, found.referrals, actor=f"key:{key.id}", count=len(found.bundle.get("entry", ())))
    return as_fhir(found.bundle)


@router.get("/Task/{id}")
def read_task(session: Db, key: Key, practice: Own, id: str) -> Response:
    """One Task: a referral's, that of a cancellation its sender has asked for, or a web inquiry's of the practice's own site."""
    if asked := _cancellation(session, key, practice, id):
        return as_fhir(asked)
    if own := self_referral(session, practice, id):
        read_outside(session, own.inquiry, actor=f"key:{key.id}")
        return as_fhir(task_of(own), headers=_headers(own.shown))
    referral = _read(session, key, practice, id)
    return _shown(session, referral)


@router.get("/Task/{id}/_history")
def read_history(session: Db, key: Key, practice: Own, id: str) -> Response:
    """All a Task has been, the newest first."""
    referral = _read(session, key, practice, id)
    provider = session.get_one(Provider, referral.provider_id)
    versions = write_history(referral, provider, views(show(session, referral), _events(session, referral)))
    entries = [_version(each, first=each is versions[-1]) for each in versions]
    return as_fhir({"resourceType": "Bundle", "type": "history", "total": len(entries), "entry": entries})


@router.get("/ServiceRequest/{id}")
def read_request(session: Db, key: Key, practice: Own, id: str) -> Response:
    """The request itself."""
    if own := self_referral(session, practice, id):
        read_outside(session, own.inquiry, actor=f"key:{key.id}")
        return as_fhir(request_of(own), headers=_headers(own.shown))
    referral = _read(session, key, practice, id)
    shown = view(show(session, referral))
    return as_fhir(write_request(referral, session.get_one(Provider, referral.provider_id), shown), headers=_headers(shown))


@router.put("/Task/{id}")
def change_task(session: Db, key: Key, practice: Own, body: Body, id: str, if_match: IfMatch = None) -> Response:
    """Cancel, or answer what was asked: the two things a Task's sender may do to it. All else in the body is ignored."""
    task = parse(body, "Task")
    referral = get_of_practice(session, practice.id, id, held=True)
    before = show(session, referral)
    _check_version(view(before), if_match)
    fulfil(session, before, wish_of(task, view(before)), actor=f"key:{key.id}")
    return _shown(session, referral)


@router.post("/Task")
def ask_to_cancel(session: Db, key: Key, practice: Own, body: Body) -> Response:
    """A Task of the code abort, whose focus is one of the practice's Tasks: please cancel it."""
    wish, task_id = cancellation(parse(body, "Task"))
    referral = get_of_practice(session, practice.id, task_id, held=True)
    before = show(session, referral)
    happened = fulfil(session, before, wish, actor=f"key:{key.id}")
    if happened is None or before.seen.level == "acknowledged":
        # The same words whatever became of it: more than "received" this sender may not learn.
        return as_fhir(outcome("informational", "Received. Please call us to hear more.", severity="information"), 202)
    resource = write_cancellation(referral, happened, view(show(session, referral)))
    return as_fhir(resource, 201, {"Location": f"{base()}/Task/{happened.id}", "ETag": _etag(resource)})


def _read(session: Session, key: Holder, practice: Practice, id: str) -> Referral:
    referral = get_of_practice(session, practice.id, id)
    read_outside(session, referral, actor=f"key:{key.id}")
    return referral


def _shown(session: Session, referral: Referral) -> Fhir:
    shown = view(show(session, referral))
    task = write_task(referral, session.get_one(Provider, referral.provider_id), shown)
    return as_fhir(task, headers=_headers(shown))


def _headers(shown: View) -> dict[str, str]:
    return {"ETag": f'W/"{shown.version}"', "Last-Modified": shown.at.strftime("%a, %d %b %Y %H:%M:%S GMT")}


def _etag(resource: Resource) -> str:
    return f'W/"{resource["meta"]["versionId"]}"'


def _events(session: Session, referral: Referral) -> list[ReferralEvent]:
    theirs = select(ReferralEvent).where(ReferralEvent.referral_id == referral.id)
    return list(session.scalars(theirs.order_by(ReferralEvent.version)))


def _version(task: Resource, *, first: bool) -> dict[str, Any]:
    method, status = ("POST", "201 Created") if first else ("PUT", "200 OK")
    return {
        "fullUrl": f"{base()}/Task/{task['id']}",
        "resource": task,
        "request": {"method": method, "url": "Task" if first else f"Task/{task['id']}"},
        "response": {"status": status, "etag": _etag(task), "lastModified": task["meta"]["lastUpdated"]},
    }


def _check_version(shown: View, if_match: str | None) -> None:
    # By the version its sender can see: what they may not know of cannot come between.
    found = OURS.fullmatch((if_match or "").strip())
    if found is None or int(found[1]) != shown.version:
        words = f'Send If-Match with the ETag you read; it is W/"{shown.version}" now. Read the Task again, then decide.'
        raise PreconditionFailed(words)


def _cancellation(session: Session, key: Holder, practice: Practice, id: str) -> Resource | None:
    try:
        happened = session.get(ReferralEvent, uuid.UUID(id))
    except ValueError:
        return None
    if happened is None or happened.event != "cancel_request":
        return None
    referral = _read(session, key, practice, str(happened.referral_id))
    return write_cancellation(referral, happened, view(show(session, referral)))
