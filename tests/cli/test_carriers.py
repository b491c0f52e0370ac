"""`handoff carriers`, and what `handoff check --production` wants to know of each."""

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from config.settings import settings
from leads.cli import app
from leads.cli.check import complaints
from leads.clinic.profile import Agreement, Mail, Ways, clinic
from leads.db import transaction
from leads.errors import LeadsError
from leads.inbound.events import keep
from leads.inbound.take_in import Arrived, take_in
from leads.messages.carriers.known import carriers_in_use, open_carrier, production_faults
from tests.inbound.conftest import news

Configure = Callable[..., None]
CONFIRM = b'{"SubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"}'


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Sets what clinic.yml says under `mail`."""

    def change(**mail: object) -> None:
        monkeypatch.setitem(clinic().__dict__, "mail", Mail.model_validate(clinic().mail.model_dump() | mail))

    return change


def shown(*words: str) -> str:
    done = CliRunner().invoke(app, ["carriers", *words, "--data-dir", os.environ["HANDOFF_DATA_DIR"]])
    assert done.exit_code == 0
    return done.output


def test_it_shows_each_lane_and_what_is_missing(database: None, configure: Configure) -> None:
    configure(carriers={"default": ["smtp"], "reminder": ["postmark", "ses"]})
    told: dict[str, Any] = json.loads(shown("--json"))
    assert told["lanes"]["reminder"] == ["postmark", "ses"]
    assert told["carriers"]["postmark"]["missing"] == ["POSTMARK_TOKEN", "POSTMARK_WEBHOOK_AUTH"]
    assert "reminder: postmark, then ses" in shown()


def test_a_subscription_is_shown_until_something_is_heard_by_it(database: None, configure: Configure) -> None:
    with transaction() as session:
        keep(session, "ses", (), CONFIRM, trouble="confirm-subscription")
    assert "Action=ConfirmSubscription" in shown()
    with transaction() as session:
        keep(session, "ses", [news("delivered", None)], b"{}")
    assert "Action=ConfirmSubscription" not in shown()


def test_a_subscription_for_mail_is_shown_until_a_mail_came_by_it(database: None) -> None:
    with transaction() as session:
        keep(session, "ses-inbound", (), CONFIRM, trouble="confirm-subscription")
        keep(session, "ses", [news("delivered", None)], b"{}")
    assert "Action=ConfirmSubscription" in shown()
    with transaction() as session:
        take_in(session, Arrived(b"Subject: x\r\n\r\n", "postmaster@mail.elmharbor.test", "", "sns"))
    assert "Action=ConfirmSubscription" not in shown()


def test_mails_that_went_to_the_wrong_address_or_to_a_bucket_are_named_with_the_way_out(database: None) -> None:
    with transaction() as session:
        for carrier, trouble in (("ses-inbound", "mail-elsewhere"), ("ses", "mail-at-events"), ("ses-inbound", "no-mail")):
            keep(session, carrier, (), b"{}", trouble=trouble)
    assert len(json.loads(shown("--json"))["wrong"]) == 3
    assert "told of 1 mails and brought none: let its rule publish to SNS, in Base64" in shown()


def test_production_wants_an_agreement_for_every_carrier_in_use(configure: Configure) -> None:
    configure(carriers={"default": ["ses", "mailgun"]}, agreements={"ses": {"signed": "2026-10-01", "reference": "contracts/1"}})
    faults = "\n".join(production_faults())
    assert "no business associate agreement with mailgun (45 CFR 164.504(e))" in faults
    assert "agreement with ses" not in faults
    assert "clinic.yml:" in faults


def test_production_wants_the_keys_of_every_carrier_in_use(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(carriers={"default": ["mailgun"]}, agreements={"mailgun": {"signed": "2026-10-01", "reference": "x"}})
    monkeypatch.setenv("MAILGUN_URL", "http://127.0.0.1:1")
    settings.cache_clear()
    faults = "\n".join(production_faults())
    monkeypatch.undo()
    settings.cache_clear()
    assert all(f"{name}: is not set" in faults for name in ("MAILGUN_API_KEY", "MAILGUN_DOMAIN", "MAILGUN_WEBHOOK_KEY"))
    assert "MAILGUN_URL: is not https" in faults


def test_a_server_of_our_own_needs_no_agreement(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(agreements={"smtp": {"own_server": True}})
    assert [fault for fault in production_faults() if "agreement" in fault] == []


@pytest.mark.parametrize("told", [{}, {"signed": "2026-10-01"}, {"reference": "x"}, {"signed": None, "reference": ""}])
def test_an_agreement_without_its_day_and_place_is_none(told: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="own_server: true"):
        Agreement.model_validate(told)


@pytest.mark.parametrize("way", [[], ["ses", "ses"], ["ses", "smtp", "mailgun"]])
def test_a_lane_has_one_carrier_or_two(way: list[str]) -> None:
    with pytest.raises(ValidationError, match="name the carrier"):
        Ways.model_validate({"default": way})


def test_a_carrier_that_does_not_exist_is_named_with_its_line(configure: Configure) -> None:
    configure(carriers={"default": ["smtp"], "safety": ["pigeon"]})
    (fault,) = (each for each in complaints() if "pigeon" in each)
    assert "clinic.yml:" in fault
    assert "mail.carriers.safety: there is no carrier pigeon; there are smtp, ses" in fault


def test_a_carrier_without_its_key_says_which(configure: Configure) -> None:
    configure(carriers={"default": ["ses"]})
    assert carriers_in_use() == ["ses"]
    with pytest.raises(LeadsError, match="SES_ACCESS_KEY_ID, SES_SECRET_ACCESS_KEY is not set"):
        open_carrier("reminder")
