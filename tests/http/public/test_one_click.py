"""RFC 8058 as a mail program meets it: the address and the field from a delivered mail, one POST over the wire, and nothing else."""

import email
import re
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default

import httpx
import pytest
import uvicorn
from sqlalchemy import select

from config.settings import settings
from leads.consent.ledger import granted, suppressed_topics
from leads.consent.models import Choice, ConsentEntry
from leads.db import transaction
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import LANES
from leads.messages.outbox import post
from leads.people.models import Person
from tests.cast import make_confirmed_person
from tests.conftest import Mailbox
from tests.the_app import the_app

pytestmark = pytest.mark.committed
FIELD = {"List-Unsubscribe": "One-Click"}


@dataclass(frozen=True)
class Received:
    """What a mail program has: the mail, and its own way to post."""

    mail: EmailMessage

    @property
    def url(self) -> str:
        """The address in the header, and no other."""
        found = re.fullmatch(r"<(http[^>]+)>", str(self.mail["List-Unsubscribe"]))
        assert found
        return found[1]

    def press(self, **body: object) -> httpx.Response:
        """POST as RFC 8058 (3.1) says: no cookie, no redirect, no credentials."""
        assert self.mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        return httpx.post(self.url, follow_redirects=False, **(body or {"data": FIELD}))  # type: ignore[arg-type]


@pytest.fixture
def site(database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The app on a real socket, and its address in every link."""
    server = uvicorn.Server(uvicorn.Config(the_app(), host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    monkeypatch.setenv("HANDOFF_PUBLIC_URL", url)
    settings.cache_clear()
    yield url
    server.should_exit = True
    thread.join(10)
    monkeypatch.delenv("HANDOFF_PUBLIC_URL")
    settings.cache_clear()


def receive(mailbox: Mailbox, template: str) -> Received:
    """Have a mail of ours delivered, and open it."""
    with transaction() as session:
        person = session.scalars(select(Person)).one_or_none() or make_confirmed_person(session)
        post(session, person.id, template, cause="test", facts={"office": "woodbury", "visit_at": "2099-10-06T14:00:00+00:00"})
    carrier = SmtpCarrier(mailbox.url, helo="mail.elmharbor.test")
    drain(LANES, carrier=carrier)
    carrier.close()
    (kept,) = (path for path in (mailbox.folder / "mailbox" / "new").iterdir())
    mail = email.message_from_bytes(kept.read_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)
    kept.unlink()
    return Received(mail)


def stopped() -> set[str | None]:
    with transaction() as session:
        return suppressed_topics(session, session.scalars(select(Person.id)).one())


@pytest.fixture
def received(site: str, mailbox: Mailbox) -> Received:
    """An educational mail, as it came."""
    return receive(mailbox, "how-ketamine-works")


@pytest.mark.parametrize("body", [{"data": FIELD}, {"files": {"List-Unsubscribe": (None, "One-Click")}}], ids=["form", "multipart"])
def test_one_post_stops_the_topic_in_either_encoding(received: Received, body: Mapping[str, object]) -> None:
    answer = received.press(**body)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert stopped() == {"education"}
    with transaction() as session:
        assert session.scalars(select(Choice.method)).one() == "one-click"


def test_scanners_that_look_stop_nothing(received: Received) -> None:
    with httpx.Client(follow_redirects=True) as scanner:
        codes = [scanner.request(method, received.url).status_code for method in ("GET", "HEAD", "OPTIONS", "PROPFIND")]
    assert codes[:2] == [200, 200]
    assert stopped() == set()


def test_twice_at_once_and_again_later_is_once(received: Received) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: received.press().status_code, range(4)))
    assert [*answers, received.press().status_code] == [200] * 5
    with transaction() as session:
        assert len(session.scalars(select(Choice)).all()) == 1
        assert session.scalars(select(ConsentEntry.act).where(ConsentEntry.kind == "education").order_by(ConsentEntry.id)).all() == [
            "grant",
            "withdraw",
        ]


def test_mails_of_a_visit_and_a_screening_go_on(received: Received, mailbox: Mailbox) -> None:
    received.press()
    assert receive(mailbox, "screening-thanks").mail["Subject"] == "Thank you: we have it"
    assert "dates" in str(receive(mailbox, "visit-missed").mail["List-Id"])


def test_a_post_takes_it_back_with_the_consent_it_took_along(received: Received) -> None:
    received.press()
    for _ in range(2):
        assert httpx.post(f"{received.url}/undo").status_code == 200
    assert stopped() == set()
    with transaction() as session:
        assert "education" in granted(session, session.scalars(select(Person.id)).one())


def test_an_undo_with_nothing_to_undo_agrees_to_nothing(received: Received) -> None:
    with transaction() as session:
        person = session.scalars(select(Person)).one()
        session.add(ConsentEntry(**_withdrawal(person)))
    assert httpx.post(f"{received.url}/undo").status_code == 200
    with transaction() as session:
        assert "education" not in granted(session, session.scalars(select(Person.id)).one())


def _withdrawal(person: Person) -> dict[str, object]:
    how = {"source": "spoken", "method": "spoken", "actor": "account:1", "at": person.created_at.replace(year=2098)}
    return {"person_id": person.id, "kind": "education", "act": "withdraw"} | how


@pytest.mark.parametrize("forged", ["forged", "A" * 43])
def test_a_forged_link_is_refused_and_stops_nothing(received: Received, forged: str) -> None:
    assert httpx.post(f"{received.url.rpartition('/')[0]}/{forged}", data=FIELD).status_code == 404
    assert stopped() == set()


def test_a_link_of_another_purpose_is_refused_in_the_same_words(received: Received, site: str) -> None:
    body = received.mail.get_body(("plain",))
    assert body
    other = re.search(r"/p/([\w-]+)", body.get_content())
    assert other
    answers = [httpx.post(f"{site}/u/{token}", data=FIELD) for token in (other[1], "A" * 43)]
    assert [each.status_code for each in answers] == [404, 404]
    assert answers[0].text.replace(other[1], "") == answers[1].text.replace("A" * 43, "")
    assert stopped() == set()


def test_the_page_says_that_it_has_stopped_whenever_it_is_opened(received: Received) -> None:
    assert "Stop these mails?" in httpx.get(received.url).text
    received.press()
    shown = httpx.get(received.url).text
    assert "These mails have stopped" in shown
    assert "/undo" in shown
