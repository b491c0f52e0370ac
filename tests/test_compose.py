"""docker-compose.yml is a valid Compose file, keeps its promises, and the very commands it runs do run."""

import json
import os
import re
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from config.settings import ROOT, Settings
from leads.local import embedded
from leads.local.redis import find_kind, free_port

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("warm-handoff")]
LASTING = [name for name in OURS if name != "migrate"]


def test_it_obeys_the_compose_specification() -> None:
    schema = json.loads((ROOT / "tests" / "data" / "compose-spec.json").read_text())
    plain = {name: value for name, value in COMPOSE.items() if not name.startswith("x-")}
    assert [error.message for error in Draft202012Validator(schema).iter_errors(plain)] == []


def test_the_schema_would_notice() -> None:
    schema = json.loads((ROOT / "tests" / "data" / "compose-spec.json").read_text())
    wrong = {"services": {"web": {"image": "x", "helthcheck": {}}}}
    assert list(Draft202012Validator(schema).iter_errors(wrong))


@pytest.mark.parametrize("name", SERVICES)
def test_nobody_is_root_and_nothing_is_writable_but_volumes(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] not in ("root", "0")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "migrate"])
def test_every_lasting_service_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]


def test_secrets_come_from_files_named_like_settings_and_never_from_the_environment() -> None:
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())
    assert {"database_url", "redis_url", "smtp_url"} <= set(COMPOSE["secrets"]) & set(Settings.model_fields)
    text = (ROOT / "docker-compose.yml").read_text()
    assert not re.search(r"(PASSWORD|_URL): \S*(://\S*:\S*@|[0-9a-f]{16})", text)


def test_redis_refuses_rather_than_forgets_and_keeps_an_append_only_file() -> None:
    script = SERVICES["redis"]["command"][-1]
    assert "maxmemory-policy noeviction" in script
    assert "appendonly yes" in script


def test_only_the_web_and_the_door_for_mail_servers_are_published_and_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:8000:8000"], "inbound": ["127.0.0.1:8024:8024"]}


def test_who_receives_no_mail_opens_no_door_for_it() -> None:
    assert SERVICES["inbound"]["profiles"] == ["inbound"]


def test_the_image_is_locked_and_not_root() -> None:
    lines = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes --no-deps" in lines
    assert re.findall(r"^USER (\S+)", lines, re.M) == [SERVICES["web"]["user"]]
    assert "index-url" not in lines


class Machine:
    """The containers' world on this machine: the same commands, with the ports and folders of one test run."""

    def __init__(self, folder: Path, database: str, redis_url: str) -> None:
        self.folder, self.ports = folder, {port: str(free_port()) for port in ("8000", "2525", "8024")}
        self.running: list[subprocess.Popen[bytes]] = []
        secrets = folder / "secrets"
        secrets.mkdir()
        for name, value in (("database_url", database), ("redis_url", redis_url), ("smtp_url", f"smtp://127.0.0.1:{self.ports['2525']}")):
            (secrets / name).write_text(value + "\n")
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HANDOFF_SECRETS_DIR": str(secrets),
            "HANDOFF_DATA_DIR": str(folder / "data"),
            "HANDOFF_KEYRING_FILE": str(folder / "keys" / "keys.json"),
            "HANDOFF_MODE": "production",
        }

    def here(self, command: list[str]) -> list[str]:
        return [self.ports.get(word, "127.0.0.1" if word == "0.0.0.0" else word) for word in command]

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.here(command), env=self.environment, capture_output=True, text=True, timeout=150, check=False)

    def start(self, name: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(self.here(SERVICES[name]["command"]), env=self.environment, stdout=log, stderr=log)
        self.running.append(process)
        return process

    def becomes_healthy(self, name: str, within: float = 240) -> bool:
        check = SERVICES[name]["healthcheck"]["test"][1:]
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if self.run(check).returncode == 0:
                return True
            # A check is a process of its own: asked without a pause, it takes from those who start what they start with.
            time.sleep(2)
        return False


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="handoff-")))
        folder.chmod(0o755)
        database = stack.enter_context(embedded.postgres_server(folder / "servers"))
        machine = Machine(folder, database, stack.enter_context(embedded.redis_server(folder / "servers")))
        migrated = machine.run(SERVICES["migrate"]["command"])
        assert migrated.returncode == 0, migrated.stderr
        for name in LASTING:
            machine.start(name)
        yield machine
        for process in machine.running:
            process.send_signal(signal.SIGTERM)
        for process in machine.running:
            process.wait(60)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", LASTING)
def test_the_command_of_each_of_our_services_runs_and_becomes_healthy(machine: Machine, name: str) -> None:
    assert machine.becomes_healthy(name), (machine.folder / f"{name}.log").read_text()


@pytest.mark.timeout(400)
def test_the_door_for_mail_servers_takes_our_mail_and_no_other(machine: Machine) -> None:
    assert machine.becomes_healthy("inbound")
    with smtplib.SMTP("127.0.0.1", int(machine.ports["8024"])) as door:
        door.helo("mx.example.com")
        door.mail("ana@example.com")
        answers = [door.rcpt(f"{name}@mail.elmharbor.test")[0] for name in ("postmaster", "nobody")]
    assert answers == [250, 550]


def test_a_health_check_notices_what_is_not_there(machine: Machine) -> None:
    assert machine.run(["handoff", "alive", "a-queue-nobody-works"]).returncode == 1


def test_the_migration_runs_again_without_harm(machine: Machine) -> None:
    assert machine.run(SERVICES["migrate"]["command"]).returncode == 0


def test_the_command_of_redis_writes_a_configuration_that_redis_takes(tmp_path: Path) -> None:
    program = find_kind().program
    if program is None:
        pytest.skip("no real Redis here")
    (tmp_path / "redis-server").symlink_to(program)
    (tmp_path / "redis_password").write_text("a-password")
    (tmp_path / "data").mkdir()
    script = (
        SERVICES["redis"]["command"][-1]
        .replace("$$", "$")
        .replace("/run/secrets", str(tmp_path))
        .replace("/tmp/redis.conf", f"{tmp_path}/redis.conf")
    )
    script = script.replace("dir /data", f"dir {tmp_path}/data\\nport {free_port()}")
    server = subprocess.Popen(["sh", "-c", script], env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        assert any("Ready to accept connections" in line for line in server.stdout)
        assert (tmp_path / "redis.conf").stat().st_mode & 0o077 == 0
    finally:
        server.terminate()
        server.wait(60)


def test_the_secrets_are_made_once_and_fit_together(tmp_path: Path) -> None:
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    for _ in range(2):
        subprocess.run(["sh", "-eu", ".ci/secrets"], cwd=tmp_path, check=True, capture_output=True)
    kept = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert set(kept) == set(COMPOSE["secrets"])
    assert kept["postgres_password"] in kept["database_url"]
    assert kept["redis_password"] in kept["redis_url"]
