"""A practice's own FHIR library, not ours, goes the whole way against the running app: send, poll, answer, cancel."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import uvicorn
from fhirclient import client as fhir_client
from fhirclient.models import (
    bundle,
    codeableconcept,
    coding,
    condition,
    consent,
    contactpoint,
    fhirdate,
    fhirdatetime,
    fhirreference,
    humanname,
    identifier,
    patient,
    practitioner,
    servicerequest,
    task,
)
from fhirclient.models.fhirabstractbase import FHIRAbstractBase

from leads.http.fhir.codes import IDENTIFIER_TYPE, NPI, TASK_CODE, ours
from tests.http.fhir.conftest import happen, key_of
from tests.the_app import the_app

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("tells_all")]
BORN = fhirdate.FHIRDate("1985-07-21")


@pytest.fixture
def server(database: None) -> Iterator[Any]:
    """The library's server object, for the app on a port of its own, with the key of a practice."""
    app = uvicorn.Server(uvicorn.Config(the_app(), host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=app.run, daemon=True)
    thread.start()
    while not app.started:
        time.sleep(0.02)
    address = f"http://127.0.0.1:{app.servers[0].sockets[0].getsockname()[1]}/fhir"
    made = fhir_client.FHIRClient(settings={"app_id": "riverside", "api_base": address}).server
    made.session.headers.update(key_of("Riverside Psychiatry"))
    yield made
    made.session.close()
    app.should_exit = True
    thread.join(10)


def make(kind: type[FHIRAbstractBase], **elements: Any) -> Any:
    """One of the library's objects; it checks each element itself."""
    made = kind()
    for name, value in elements.items():
        setattr(made, name, value)
    return made


def concept(text: str | None = None, system: str | None = None, code: str | None = None) -> Any:
    codings = [make(coding.Coding, system=system, code=code)] if code else None
    return make(codeableconcept.CodeableConcept, text=text, coding=codings)


def to(name: str) -> Any:
    return make(fhirreference.FHIRReference, reference=f"urn:uuid:{name}")


def point(system: str, value: str) -> Any:
    return make(contactpoint.ContactPoint, system=system, value=value)


def named(given: str, family: str) -> list[Any]:
    return [make(humanname.HumanName, given=[given], family=family)]


def order() -> dict[str, Any]:
    """A referral as the library's user would write it."""
    placer = make(identifier.Identifier, type=concept(system=IDENTIFIER_TYPE, code="PLAC"), system="urn:oid:2.999.1", value="A-1")
    granted = make(consent.ConsentProvision, code=[concept(system=ours("grants"), code="status_to_referrer")])
    return {
        "p": make(
            patient.Patient,
            name=named("Jordan", "Doe"),
            birthDate=fhirdate.FHIRDate("1985-07-21"),
            telecom=[point("phone", "203-555-0123")],
        ),
        "d": make(
            practitioner.Practitioner,
            identifier=[make(identifier.Identifier, system=NPI, value="1234567893")],
            name=named("Ana", "Rivera"),
            telecom=[point("email", "rivera@riverside.test")],
        ),
        "c": make(condition.Condition, subject=to("p"), code=concept("Major depressive disorder")),
        "k": make(
            consent.Consent,
            status="active",
            scope=concept("privacy"),
            category=[concept("status")],
            patient=to("p"),
            policyRule=concept("2026-11"),
            provision=granted,
        ),
        "r": make(
            servicerequest.ServiceRequest,
            identifier=[placer],
            status="active",
            intent="order",
            category=[concept("referral")],
            code=concept("Consultation"),
            subject=to("p"),
            requester=to("d"),
            reasonReference=[to("c")],
            authoredOn=fhirdatetime.FHIRDateTime("2026-10-06T09:55:00-04:00"),
        ),
        "t": task_of("fulfill", focus=to("r"), for_fhir=to("p")),
    }


def task_of(code: str, **elements: Any) -> Any:
    return make(task.Task, status="requested", intent="order", code=concept(system=TASK_CODE, code=code), **elements)


def send(server: Any) -> str:
    """Send the order and return the Task's id, as the answer names it."""
    entries = []
    for name, resource in order().items():
        asked = make(bundle.BundleEntryRequest, method="POST", url=resource.resource_type)
        entries.append(make(bundle.BundleEntry, fullUrl=f"urn:uuid:{name}", resource=resource, request=asked))
    sent = make(bundle.Bundle, type="transaction", entry=entries)
    answer = bundle.Bundle(server.post_json("", sent.as_json()).json())
    return str(answer.entry[-1].response.location.split("/")[1])


def polled(server: Any, task_id: str) -> Any:
    [found] = task.Task.where({"_id": task_id}).perform_resources_iter(server)
    return found


def put(server: Any, changed: Any) -> Any:
    """PUT with the version that was read, as the library's session lets one say."""
    server.session.headers["If-Match"] = f'W/"{changed.meta.versionId}"'
    return task.Task(changed.update(server))


def test_send_poll_answer_cancel(server: Any) -> None:
    task_id = send(server)
    assert polled(server, task_id).status == "received"
    happen(task_id, "accept", "ask", missing=["the last ECG"])
    asked = polled(server, task_id)
    assert (asked.status, asked.statusReason.text) == ("on-hold", "the last ECG")
    asked.note = [*(asked.note or ()), task.annotation.Annotation({"text": "QTc 410 ms."})]
    answered = put(server, asked)
    assert answered.status == "accepted"
    answered.status = "cancelled"
    assert put(server, answered).businessStatus.coding[0].code == "6.0"
    request = servicerequest.ServiceRequest.read(task_id, server)
    assert (request.status, [each.value for each in request.identifier][:1]) == ("revoked", ["A-1"])


def test_a_booked_visit_is_cancelled_by_asking(server: Any) -> None:
    task_id = send(server)
    happen(task_id, "accept", "schedule", at="2026-10-20T09:00:00-04:00")
    booked = polled(server, task_id)
    assert booked.contained[0].start.isostring.startswith("2026-10-20T13:00")
    wish = task_of("abort", focus=make(fhirreference.FHIRReference, reference=f"Task/{task_id}"))
    asked = task.Task(wish.create(server))
    assert (asked.status, polled(server, task_id).businessStatus.coding[0].code) == ("in-progress", "5.2")
    happen(task_id, "confirm_cancel")
    assert task.Task.read(asked.id, server).status == "completed"


def test_the_library_reads_what_the_server_can_do(server: Any) -> None:
    assert server.capabilityStatement.fhirVersion == "4.0.1"


def test_sent_twice_it_is_one(server: Any) -> None:
    assert send(server) == send(server)


def test_an_old_version_is_refused(server: Any) -> None:
    task_id = send(server)
    read = polled(server, task_id)
    happen(task_id, "accept")
    read.status = "cancelled"
    with pytest.raises(requests.HTTPError) as refusal:
        put(server, read)
    assert refusal.value.response.status_code == 412
