"""Whatever a generator can think of within the description and beyond it, the API answers as it is described, and never breaks."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from leads.http.api.limits import Allowance
from tests.http.api.conftest import practice_key
from tests.the_app import the_app

SCOPES = ("inquiries:write", "referrals:write", "referrals:read", "leads:read", "leads:write")
# What fits the schema may still be no NPI; and what forms send, such as "on" for true, is taken though the schema says boolean.
OURS_TO_SAY = [positive_data_acceptance, negative_data_rejection]
APP = the_app()
DESCRIBED = schemathesis.openapi.from_asgi("/api/openapi.json", APP)


@pytest.fixture
def key(database: None, tuesday: object) -> dict[str, str]:
    """A key that may do everything, as often as it likes."""
    api = next(route.app for route in APP.routes if getattr(route, "path", "") == "/api")  # type: ignore[attr-defined]
    api.state.allowance = Allowance(1e6, 1e6)
    return practice_key("Riverside Psychiatry", *SCOPES)


@DESCRIBED.parametrize()
@settings(max_examples=10, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described(case: Any, key: dict[str, str]) -> None:
    case.call_and_validate(headers=key, excluded_checks=OURS_TO_SAY)
