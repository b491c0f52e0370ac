"""Settings come from the environment or from files, and a wrong one is answered in words."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from config.settings import ROOT, Settings, SettingsError, load, settings
from leads.cli import app
from leads.cli.check import complaints, env_example, production_faults
from leads.clinic.profile import Clinic, clinic
from leads.clinic.read_yaml import read_yaml
from leads.errors import ConfigError


def test_the_example_lists_every_setting_and_is_in_step() -> None:
    text = (ROOT / ".env.example").read_text()
    assert text == env_example(), "make it anew: handoff env > .env.example"
    assert all(f"#{name.upper()}=" in text for name in Settings.model_fields)


def test_every_setting_says_what_it_is_for() -> None:
    assert not [name for name, field in Settings.model_fields.items() if not field.description]


def test_a_wrong_setting_names_the_variable_and_the_way_out() -> None:
    with pytest.raises(SettingsError, match=r"HANDOFF_SWEEP_SECONDS: .* Set it in the environment or in \.env\."):
        load(handoff_sweep_seconds=0)


@pytest.mark.parametrize(
    ("name", "url", "words"),
    [
        ("database_url", "nonsense", "begins with postgresql://"),
        ("database_url", "mysql://u:planted@h/n", "begins with postgresql://"),
        ("database_url", "postgresql://u:planted@h:port/n", "begins with postgresql://"),
        ("redis_url", "127.0.0.1:6379", "begins with redis:// or rediss://"),
        ("smtp_url", "ftp://planted", "begins with smtp:// or smtps://"),
    ],
)
def test_a_url_of_another_kind_is_refused_without_repeating_it(name: str, url: str, words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(**{name: url})
    assert str(refused.value).startswith(f"{name.upper()}: this is no URL that {words}")
    assert "planted" not in str(refused.value)


@pytest.mark.parametrize("url", ["postgresql://h/n", "postgres://h/n", "postgresql+psycopg://u:p@h:5432/n", "postgresql://p@/n?host=/run"])
def test_every_way_to_write_a_database_is_understood(url: str) -> None:
    written = load(database_url=url).database_url
    assert written
    assert written.get_secret_value() == url


def test_a_secret_is_never_shown() -> None:
    shown = repr(load(database_url="postgresql://u:planted@h/n"))
    assert "planted" not in shown


def test_secrets_are_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "database_url").write_text("postgresql://from-a-file/handoff\n")
    program = "from config.settings import settings; print(settings().database_url.get_secret_value().strip())"
    done = subprocess.run(
        [sys.executable, "-c", program], env={"HANDOFF_SECRETS_DIR": str(tmp_path)}, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "postgresql://from-a-file/handoff\n"


def test_what_ships_has_no_complaints() -> None:
    assert complaints() == []


def test_production_refuses_what_only_a_trial_may_have() -> None:
    faults = "\n".join(production_faults())
    for part in ("HANDOFF_MODE", "HANDOFF_PUBLIC_URL", "REDIS_URL", "clinic.yml:", "555-01", ".test is a placeholder"):
        assert part in faults


def test_production_needs_to_know_how_fast_it_may_send() -> None:
    line = (ROOT / "config/clinic.yml").read_text().splitlines().index("mail:") + 1
    fault = next(fault for fault in production_faults() if "mail.rates" in fault)
    assert fault.startswith(f"{ROOT / 'config/clinic.yml'}:{line}: ")
    assert "rates: {per_second: 20, per_domain_per_second: 5}" in fault


def test_with_rates_that_fault_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "clinic.yml"
    file.write_text((ROOT / "config/clinic.yml").read_text().replace("  # rates: {", "  rates: {"))
    monkeypatch.setenv("HANDOFF_CLINIC_FILE", str(file))
    settings.cache_clear()
    clinic.cache_clear()
    faults = list(production_faults())
    monkeypatch.undo()
    settings.cache_clear()
    clinic.cache_clear()
    assert not [fault for fault in faults if "mail.rates" in fault]


def test_production_refuses_to_run_with_nobody_on_call() -> None:
    text = (ROOT / "config/clinic.yml").read_text()
    line = text.splitlines().index("  shifts: []") + 1
    fault = next(fault for fault in production_faults() if "on_call.shifts" in fault)
    assert fault.startswith(f"{ROOT / 'config/clinic.yml'}:{line}: on_call.shifts: nobody is on call")


def test_a_trial_without_a_roster_runs_and_says_so_loudly() -> None:
    done = CliRunner().invoke(app, ["check"])
    assert done.exit_code == 0
    assert "NOBODY IS ON CALL" in done.output


@pytest.mark.parametrize("module", ["config.asgi", "config.celery"])
def test_nothing_starts_without_the_crisis_text(tmp_path: Path, module: str) -> None:
    file = tmp_path / "clinic.yml"
    text = (ROOT / "config/clinic.yml").read_text()
    file.write_text(text[: text.index("crisis_text:")] + 'crisis_text: {en: "", es: ""}\n')
    environment = {"HANDOFF_CLINIC_FILE": str(file), "REDIS_URL": "redis://127.0.0.1:1/0", "HANDOFF_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "crisis_text.en must be there and name 988" in done.stderr


def test_a_pager_without_a_secret_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "handoff_pager_url", SecretStr("https://pager.example.com/hook"))
    assert complaints() == ["HANDOFF_PAGER_URL and HANDOFF_PAGER_SECRET: set both, or neither."]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("  staffed: true", "on_call.staffed needs shifts"),
        ("  shifts: [{office: nowhere, days: [monday], hours: 08:00-18:00, order: [a@example.com]}]", "there is no office nowhere"),
    ],
)
def test_a_roster_that_cannot_be_is_refused(tmp_path: Path, wrong: str, said: str) -> None:
    text = (ROOT / "config/clinic.yml").read_text()
    file = tmp_path / "clinic.yml"
    file.write_text(re.sub(rf"^  {wrong.split(':')[0].strip()}: .*$", wrong, text, count=1, flags=re.MULTILINE))
    with pytest.raises(ConfigError, match=said):
        read_yaml(file, Clinic)
