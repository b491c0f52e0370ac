"""`handoff doctor mail` and `handoff mail-keys`, as an operator types them."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from config.settings import settings
from leads.cli import app
from leads.cli.check import _sender_faults
from leads.clinic.profile import Mail, clinic
from leads.errors import LeadsError
from leads.messages.doctor.finding import Finding
from leads.messages.doctor.look_up import Dns
from leads.messages.doctor.rules import RULES, kept
from tests.dns_server import DnsServer
from tests.messages.doctor.conftest import DOMAIN, FOUR


def handoff(*words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--data-dir", os.environ["HANDOFF_DATA_DIR"]])


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets what clinic.yml says under `mail`."""

    def change(**mail: object) -> None:
        monkeypatch.setitem(clinic().__dict__, "mail", Mail.model_validate(clinic().mail.model_dump() | mail))

    return change


@pytest.fixture(autouse=True)
def keys_of_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configure: Callable[..., None]) -> Iterator[None]:
    """An empty folder for keys; we sign, from one address."""
    monkeypatch.setenv("HANDOFF_MAIL_KEYS_DIR", str(tmp_path))
    monkeypatch.setenv("SMTP_URL", "smtp://127.0.0.1:2525")
    monkeypatch.setenv("HANDOFF_PUBLIC_URL", "http://127.0.0.1:1")
    settings.cache_clear()
    configure(dkim={"sign": True}, sends_from=[FOUR])
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def server() -> Iterator[DnsServer]:
    """A DNS server that knows nothing yet."""
    server = DnsServer()
    yield server
    server.stop()


def test_keys_are_made_once_and_shown_as_a_zone_file_has_them() -> None:
    made = handoff("mail-keys", "make")
    assert made.exit_code == 0
    assert f'hr1._domainkey.{DOMAIN}. IN TXT "v=DKIM1; k=rsa; p=' in made.output
    assert handoff("mail-keys", "show").output == made.output
    assert handoff("mail-keys", "make").exit_code == 1


def test_no_private_key_is_ever_printed(tmp_path: Path) -> None:
    shown = handoff("mail-keys", "make").output + handoff("mail-keys", "show", "--json").output
    for file in tmp_path.iterdir():
        assert "PRIVATE" not in shown
        assert not any(line in shown for line in file.read_text().splitlines()[1:-1])


def test_signing_without_keys_is_a_fault_of_the_configuration() -> None:
    assert any("hr1.pem: there is no such key" in fault for fault in _sender_faults())
    handoff("mail-keys", "make")
    assert not any(".pem" in fault for fault in _sender_faults())


def test_what_the_doctor_prints_cures_what_it_found(database: None, server: DnsServer) -> None:
    handoff("mail-keys", "make")
    server.zone[DOMAIN, "A"] = server.zone[f"mx.{DOMAIN}", "A"] = [FOUR]
    first = json.loads(handoff("doctor", "mail", "--json", "--nameserver", server.nameserver).output)
    assert {each["check"] for each in first["findings"] if each["state"] == "wrong"} >= {"spf", "dkim", "dmarc", "ptr", "mx", "signature"}
    for each in first["findings"]:
        if each["publish"]:
            server.zone[each["publish"]["name"], each["publish"]["kind"]] = [each["publish"]["value"]]
    second = json.loads(handoff("doctor", "mail", "--json", "--nameserver", server.nameserver).output)
    assert {each["check"] for each in second["findings"] if each["state"] in ("wrong", "unknown")} == {"one-click"}
    assert {each["state"] for each in second["rules"]} == {"ok", "advice", "wrong"}


def test_it_leaves_with_1_and_lines_to_copy(database: None, server: DnsServer) -> None:
    handoff("mail-keys", "make")
    said = handoff("doctor", "mail", "--nameserver", server.nameserver)
    assert said.exit_code == 1
    assert f'    {DOMAIN}. IN TXT "v=spf1 ip4:{FOUR} -all"\n' in said.output
    assert "Gmail and Yahoo ask for" in said.output


def test_it_leaves_with_0_where_all_is_well(database: None, server: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "leads.cli.doctor.examine", lambda dns: [Finding("spf", DOMAIN, "ok", "Good."), Finding("ptr", "x", "advice", "Hm.")]
    )
    said = handoff("doctor", "mail", "--json", "--nameserver", server.nameserver)
    assert (said.exit_code, json.loads(said.output)["ok"]) == (0, True)


def test_a_server_that_is_none_is_refused_in_words() -> None:
    for nameserver in ("dns.example.com", "127.0.0.1:x", "127.0.0.1:99999999"):
        with pytest.raises(LeadsError, match="no DNS server"):
            Dns(nameserver)


def test_a_rule_stands_as_the_worst_of_what_decides_it() -> None:
    states = {each.rule.decided_by: each.state for each in kept([Finding("spf", "", "ok", ""), Finding("dkim", "", "wrong", "")])}
    assert states["spf", "dkim", "signature"] == "wrong"
    assert states["tls",] == "unknown"


def test_every_rule_says_where_it_stands() -> None:
    assert all(rule.sources and rule.decided_by for rule in RULES)
