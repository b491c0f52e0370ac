"""A clinic with somebody in it, a key pair to back it up with, and an empty database to bring it back to."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from config.settings import settings
from leads import db
from leads.backup.age import identities, make_identity, recipients
from leads.backup.restore import Restored, restore
from leads.backup.save import Saved, save
from leads.clock import now
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.security import canary
from tests.cast import ACTOR, make_lead

STATES = ("planned", "claimed", "sending", "unknown")


@pytest.fixture
def keyfile(tmp_path: Path) -> Path:
    """The identity that opens the backups."""
    make_identity(tmp_path / "identity.txt")
    return tmp_path / "identity.txt"


@pytest.fixture
def recipient(keyfile: Path) -> str:
    """Whom backups are made for."""
    return str(identities(keyfile)[0].to_public())


@pytest.fixture
def clinic_at_work(database: None, tuesday: object) -> None:
    """A lead with a message in each state that has no end yet, and one that is due tomorrow."""
    with db.transaction() as session:
        canary.prove(session)
        lead = make_lead(session)
        for state in (*STATES, "later"):
            message = post(session, lead.person_id, "office-location", cause="test", lead_id=lead.id, facts={"office": "woodbury"})
            message.due_at = now() + timedelta(days=1) if state == "later" else now()
            message.state = "planned" if state == "later" else state
            # The policy that sends once more by itself: after a restore it must not.
            message.on_unknown = "resend_once"


@pytest.fixture
def backup(clinic_at_work: None, tmp_path: Path, recipient: str) -> Path:
    """A backup of that clinic."""
    return make_backup(tmp_path / "clinic.backup", recipient).path


def make_backup(path: Path, *to: str) -> Saved:
    return save(path, recipients(to), actor=ACTOR)


@pytest.fixture
def elsewhere_later(request: pytest.FixtureRequest) -> Callable[[], None]:
    """Goes over to the empty database when called: after a backup of something the test made itself."""
    return lambda: request.getfixturevalue("elsewhere")


@pytest.fixture
def elsewhere(postgres: str, database: None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database on the same server, and this process using it; what is to be backed up was there before."""
    if "backup" in request.fixturenames:
        request.getfixturevalue("backup")
    url = make_url(postgres).set(database="elsewhere").render_as_string(hide_password=False)
    admin = db.make_engine(postgres, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE elsewhere"))
    use(url, monkeypatch)
    yield url
    db.engine().dispose()
    use(postgres, monkeypatch)
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE elsewhere WITH (FORCE)"))
    admin.dispose()


def use(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    settings.cache_clear()
    db.engine.cache_clear()


@pytest.fixture
def bring_back(backup: Path, elsewhere: str, keyfile: Path) -> Callable[..., Restored]:
    """Restores the backup into the empty database."""
    return lambda **how: restore(backup, identities(keyfile), actor=ACTOR, **how)


def states() -> dict[str, int]:
    """How many messages there are of each state."""
    with db.transaction() as session:
        found = [message.state for message in session.query(Message)]
    return {state: found.count(state) for state in set(found)}
