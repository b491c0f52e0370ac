"""No dot without a commit: where the database is lost at the last moment, nothing is sent, and nothing is left in doubt."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from sqlalchemy import select

from leads import db
from leads.clock import now, real_now
from leads.db import transaction
from leads.messages import send
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.messages.outcome import SLOW_DOWN
from leads.messages.recover import replay_journals
from tests.cast import make_confirmed_person
from tests.faults.relay import Relay, relay
from tests.smtp_server import ScriptedServer

pytestmark = pytest.mark.committed
# The server is at rest again, outside any transaction: a commit is over, whether a word of ours asked for it or the end of a round trip.
COMMITTED = b"Z\x00\x00\x00\x05I"


@pytest.fixture
def line(postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    """A line to the database that a test may cut."""
    with relay(Path(parse_qs(urlsplit(postgres).query)["host"][0])) as line, monkeypatch.context() as patch:
        engine = db.make_engine(line.url)
        patch.setattr(db, "engine", lambda: engine)
        yield line
        engine.dispose()


@pytest.fixture(autouse=True)
def message(database: None, tuesday: object) -> None:
    """A message that is due, and no journal from elsewhere."""
    replay_journals()
    with transaction() as session:
        post(session, make_confirmed_person(session).id, "office-location", cause="test", facts={"office": "woodbury"})


class Cut(SmtpCarrier):
    """Loses the answer to the commit that would let the mail go; where `for_good`, the database is out of reach from then on."""

    def __init__(self, server: ScriptedServer, line: Relay, *, for_good: bool = False) -> None:
        super().__init__(server.url, helo="x.test")
        self.line, self.for_good = line, for_good

    def offer(self, *offered: object) -> None:
        super().offer(*offered)  # type: ignore[arg-type]
        self.line.lose(COMMITTED)
        if self.for_good:
            # What an earlier question left in the pool would still get through.
            db.engine().dispose()
            self.line.refuse()


def standing() -> tuple[str, str | None, bool]:
    """Return the message's state, its reason, and whether it waits a moment."""
    with transaction() as session:
        message = session.scalars(select(Message)).one()
        return message.state, message.reason, message.due_at == now() + SLOW_DOWN


def test_a_commit_whose_answer_is_lost_sends_nothing_and_is_looked_up(line: Relay, server: ScriptedServer) -> None:
    with pytest.raises(psycopg.OperationalError):
        drain(("transactional",), carrier=Cut(server, line))
    assert standing() == ("planned", "withdrawn", True)
    assert not server.mails


def test_it_goes_once_a_moment_later(line: Relay, server: ScriptedServer, tuesday: Callable[[timedelta], None]) -> None:
    with suppress(psycopg.OperationalError):
        drain(("transactional",), carrier=Cut(server, line))
    tuesday(SLOW_DOWN)
    drain(("transactional",), carrier=SmtpCarrier(server.url, helo="x.test"))
    assert standing()[0] == "sent"
    assert len(server.mails) == 1


def test_where_nobody_can_be_asked_the_journal_tells_later(
    postgres: str, line: Relay, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with suppress(psycopg.OperationalError):
        drain(("transactional",), carrier=Cut(server, line, for_good=True))
    with monkeypatch.context() as patch:
        back = db.make_engine(postgres)
        patch.setattr(db, "engine", lambda: back)
        assert standing()[0] == "sending"
        assert replay_journals() == 1
        assert standing() == ("planned", "withdrawn", True)
        back.dispose()


def test_what_is_written_down_late_stops_no_newer_try(line: Relay, server: ScriptedServer, tuesday: Callable[[timedelta], None]) -> None:
    with suppress(psycopg.OperationalError):
        drain(("transactional",), carrier=Cut(server, line))
    tuesday(SLOW_DOWN)
    drain(("transactional",), carrier=SmtpCarrier(server.url, helo="x.test"))
    assert replay_journals() == 1
    assert standing()[0] == "sent"


@pytest.mark.parametrize("seam", ["permit", "permit_anew"])
def test_a_commit_that_is_answered_too_late_lets_nothing_go(
    server: ScriptedServer, tuesday: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch, seam: str
) -> None:
    if seam == "permit_anew":
        monkeypatch.setattr("leads.messages.send.permit", lambda *_: set[object]())
    asked, wall = getattr(send, seam), [real_now()]
    monkeypatch.setattr("leads.messages.send.real_now", lambda: wall[0])

    def hours_later(*anything: object) -> object:
        wall[0] += timedelta(hours=8)
        return asked(*anything)

    with monkeypatch.context() as patch:
        patch.setattr(send, seam, hours_later)
        with pytest.raises(psycopg.OperationalError):
            drain(("transactional",), carrier=SmtpCarrier(server.url, helo="x.test"))
    assert standing() == ("planned", "withdrawn", True)
    assert not server.mails
    monkeypatch.undo()
    tuesday(SLOW_DOWN)
    drain(("transactional",), carrier=SmtpCarrier(server.url, helo="x.test"))
    assert len(server.mails) == 1
    # Told by itself already; and no file of it is left for others.
    assert replay_journals() == 1
