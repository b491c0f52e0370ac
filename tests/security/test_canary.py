"""A key ring of another database is noticed before anything is written with it."""

import pytest
from sqlalchemy.orm import Session

from config.settings import settings
from leads.errors import ConfigError
from leads.security import canary, keys


def test_a_new_database_is_sealed_once(session: Session) -> None:
    assert not canary.is_sealed(session)
    canary.prove(session)
    canary.prove(session)
    assert canary.is_sealed(session)


def test_another_ring_is_refused(session: Session, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    canary.prove(session)
    session.expire_all()
    other = tmp_path_factory.mktemp("ring") / "keys.json"
    keys.make(other)
    monkeypatch.setattr(settings(), "handoff_keyring_file", other)
    keys.ring.cache_clear()
    with pytest.raises(ConfigError, match="not the one this database was sealed with"):
        canary.prove(session)
    keys.ring.cache_clear()
