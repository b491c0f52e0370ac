"""Three people on a roster, and what config/clinic.yml says of them."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from tests.safety.cast import ALWAYS, answer_test, make_roster, put_on_call

OnCall = Callable[..., None]


@pytest.fixture
def on_call(monkeypatch: pytest.MonkeyPatch) -> OnCall:
    """Sets what clinic.yml says under `on_call`: `on_call("a@example.com", "b@example.com", staffed=True)`."""

    def change(*order: str, **changes: Any) -> None:
        put_on_call(monkeypatch, *order, **changes)

    return change


@pytest.fixture
def roster(session: Session, tuesday: object, monkeypatch: pytest.MonkeyPatch) -> list[Account]:
    """Alba, Boris and Chloe, on call at every hour in this order, each of whom answered a test just now."""
    people = make_roster(session)
    put_on_call(monkeypatch, *(each.email or "" for each in people), staffed=True)
    for each in people:
        answer_test(session, each)
    return people


__all__ = ["ALWAYS", "OnCall"]
