"""What an inbox shows of us gives no condition away, and a file that says otherwise is refused at start, naming the line."""

from pathlib import Path

import pytest

from config.settings import settings
from leads.clinic.profile import Clinic
from leads.clinic.read_yaml import read_yaml
from leads.errors import ConfigError

TELLING = [
    ("from_name: Elm Harbor Clinic", "from_name: Elm Harbor Ketamine Center", "Ketamin"),
    ("from_name: Elm Harbor Clinic", "from_name: Psiquiatría del Olmo", "Psiqu"),
    ("discreet_name: Elm Harbor Office", "discreet_name: Elm Harbor Health", "Health"),
    ("discreet_name: Elm Harbor Office", "discreet_name: The Elm Harbor Clinic", "Clinic"),
    ("from_address: care@", "from_address: infusions@", "infusio"),
    ("list_domain: lists.elmharbor.test", "list_domain: lists.moodandanxiety.test", "anxi"),
    ("# discreet_url: https://desk.elmharbor.test", "discreet_url: https://clinic.elmharbor.test", "clinic"),
]
WRONG = [
    ("from_name: Elm Harbor Clinic", 'from_name: "Elm\\nBcc: all@example.com"', "no name a header may carry"),
    ("from_name: Elm Harbor Clinic", 'from_name: "=?utf-8?q?x?="', "no name a header may carry"),
    ("from_address: care@mail.elmharbor.test", "from_address: Care <care@mail.elmharbor.test>", "not one plain address"),
    ("reply_to: care@mail.elmharbor.test", 'reply_to: "a@x.test, b@x.test"', "not one plain address"),
    ("  domain: mail.elmharbor.test", "  domain: mail_elmharbor", "no domain"),
    ("# discreet_url: https://desk.elmharbor.test", "discreet_url: https://desk.elmharbor.test/office", "no origin"),
    ("# discreet_url: https://desk.elmharbor.test", "discreet_url: http://desk.elmharbor.test", "no origin"),
    ("# sends_from: [192.0.2.25]", "sends_from: [mail.elmharbor.test]", "sends_from"),
    ("# dkim: {sign: true, rsa: hr1, ed25519: he1}", "dkim: {sign: true, rsa: 'h r'}", "rsa"),
]


def refusal(tmp_path: Path, old: str, new: str) -> str:
    shipped = settings().handoff_clinic_file.read_text()
    assert old in shipped
    file = tmp_path / "clinic.yml"
    file.write_text(shipped.replace(old, new, 1))
    with pytest.raises(ConfigError) as refused:
        read_yaml(file, Clinic)
    return refused.value.message


@pytest.mark.parametrize(("old", "new", "told"), TELLING)
def test_a_sender_that_tells_of_a_condition_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    said = refusal(tmp_path, old, new)
    assert f"“{told}”".lower() in said.lower()
    assert "clinic.yml:1" in said
    assert f"mail.{new.partition(':')[0].strip()}" in said


@pytest.mark.parametrize(("old", "new", "why"), WRONG)
def test_what_no_header_could_carry_is_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    assert why in refusal(tmp_path, old, new)


def test_a_discreet_sender_does_not_go_by_the_practices_name(tmp_path: Path) -> None:
    said = refusal(tmp_path, "  name: Elm Harbor Clinic\n  legal_name", "  name: Elm Harbor\n  legal_name")
    assert "discreet_name says the practice's name" in said
