"""`/fhir/Practitioner` and `/fhir/Organization`: whom a Task names, the practice's own people and us."""

import uuid

from fastapi import APIRouter, Response

from leads.clinic.profile import clinic
from leads.errors import NotFound
from leads.http.fhir.caller import Own
from leads.http.fhir.codes import NPI, US, Resource
from leads.http.fhir.outcome import as_fhir
from leads.http.transaction import Db
from leads.providers.models import Practice, Provider

router = APIRouter()


@router.get("/Organization/{id}")
def read_organization(practice: Own, id: str) -> Response:
    """The clinic, or the practice of the key."""
    if id == US:
        us = clinic().practice
        return as_fhir(_organization(US, us.name) | {"telecom": [{"system": "phone", "value": us.phone}]})
    if id == str(practice.id):
        return as_fhir(_organization(id, practice.name))
    raise NotFound("There is no such Organization.")


@router.get("/Practitioner/{id}")
def read_practitioner(session: Db, practice: Own, id: str) -> Response:
    """A clinician of the practice."""
    provider = session.get(Provider, _uuid(id))
    if provider is None or provider.practice_id != practice.id:
        raise NotFound("There is no such Practitioner.")
    return as_fhir(_practitioner(provider, practice))


def _organization(id: str, name: str) -> Resource:
    return {"resourceType": "Organization", "id": id, "active": True, "name": name}


def _practitioner(provider: Provider, practice: Practice) -> Resource:
    name: Resource = {"family": provider.family_name} if provider.family_name else {"text": practice.name}
    name |= {"given": provider.given_name.split()} if provider.given_name else {}
    npi = {"identifier": [{"system": NPI, "value": provider.npi}]} if provider.npi else {}
    return {"resourceType": "Practitioner", "id": str(provider.id), **npi, "name": [name]}


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound("There is no such Practitioner.") from None
