"""Keeping what each version of an e-mail was made of, so that an old one renders as it did."""

from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from leads.clock import now
from leads.db import new_id, transaction
from leads.errors import ConfigError
from leads.messages.templates import Sources, Template, rebuild
from leads.messages.version_models import TemplateVersion

# Of this process; what was kept once is kept for good.
_kept: set[str] = set()


def keep(session: Session, template: Template, language: str) -> TemplateVersion:
    """Return the kept version of an edition, keeping it first where this is the first anybody hears of it."""
    edition = template.editions[language]
    row: dict[str, Any] = {"name": template.name, "language": language, "version": edition.version}
    values = row | {"id": new_id(), "sources": edition.sources._asdict(), "kept_at": now()}
    session.execute(insert(TemplateVersion).values(values).on_conflict_do_nothing())
    return session.scalars(select(TemplateVersion).filter_by(**row)).one()


def keep_once(template: Template, language: str) -> None:
    """Keep an edition that is about to be sent, in a transaction of its own, once in the life of a process."""
    version = template.editions[language].version
    if version not in _kept:
        with transaction() as session:
            keep(session, template, language)
        # Only once it is committed: a process that believed too early would never keep what it goes on sending.
        _kept.add(version)


def kept(session: Session, name: str, language: str, version: str) -> Template | None:
    """Return an e-mail as this version of it was, None where nobody kept it or today's program cannot read it."""
    found = session.scalar(select(TemplateVersion).filter_by(name=name, language=language, version=version))
    return None if found is None else read(found)


def read(row: TemplateVersion) -> Template | None:
    """Return the e-mail of a kept row, None where today's program cannot read it any more."""
    try:
        return _rebuilt(row.name, row.language, Sources(**row.sources))
    except (ConfigError, TypeError, ValueError):
        return None


def forget_kept() -> None:
    """Believe nothing to be kept, for a test undoes it."""
    _kept.clear()


# The same object each time: what was prepared of it is then found again.
@lru_cache(maxsize=256)
def _rebuilt(name: str, language: Any, sources: Sources) -> Template:
    return rebuild(name, language, sources)
