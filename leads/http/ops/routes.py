"""`/healthz`, `/readyz`, `/metrics`."""

from dataclasses import asdict

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from leads.errors import NotFound
from leads.http.ops.checks import check_all
from leads.http.ops.metrics import exposition

router = APIRouter(include_in_schema=False)


@router.api_route("/healthz", methods=["GET", "HEAD"])
def is_up() -> Response:
    """The process answers; it asks nobody else. Load balancers look here: a silent worker must not take the crisis page away."""
    return PlainTextResponse("ok\n")


@router.api_route("/readyz", methods=["GET", "HEAD"])
def is_ready() -> Response:
    """Each check with its reason; 503 when one fails that mail or pages need. Alarms look here, and at `warnings`."""
    checks = check_all()
    ready = all(check.ok for check in checks.values() if check.needed)
    loud = [f"{name}: {check.why}" for name, check in sorted(checks.items()) if not check.ok and not check.needed]
    said = {"ready": ready, "warnings": loud, "checks": {name: asdict(check) for name, check in sorted(checks.items())}}
    return JSONResponse(said, 200 if ready else 503)


@router.get("/metrics")
def show_metrics(request: Request) -> Response:
    """Prometheus text, for those who reach this process itself; what came through a proxy finds nothing here."""
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        raise NotFound("There is nothing here.")
    return Response(exposition(), media_type=CONTENT_TYPE_LATEST)
