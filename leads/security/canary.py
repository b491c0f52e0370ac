"""A sealed row that tells whether this key ring belongs to this database, before anything is written with a wrong one."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.db import Base
from leads.errors import ConfigError
from leads.security.fields import CellError, Encrypted

WORDS = "this ring opens this database"
ANOTHERS = (
    "The key ring is not the one this database was sealed with: move it away and put the escrowed ring back, "
    "`handoff keyring import FILE --identity KEYFILE`. Nothing was changed."
)


class KeyCheck(Base):
    """The one sealed row."""

    __tablename__ = "key_checks"

    words = Encrypted[str]()


def is_sealed(session: Session) -> bool:
    """True when some key ring has already been used on this database."""
    return session.scalar(select(KeyCheck.id).limit(1)) is not None


def prove(session: Session) -> None:
    """Seal the row, or open the one that is there; raises ConfigError when the ring is not this database's."""
    # Asked before anything is written: with a wrong ring new rows would be sealed that the right one cannot read.
    if not is_sealed(session):
        session.add(KeyCheck(words=WORDS))
        session.flush()
    elif not fits(session):
        raise ConfigError(ANOTHERS)


def fits(session: Session) -> bool:
    """True when the ring at hand opens this database, or nothing was sealed yet."""
    row = session.scalar(select(KeyCheck).limit(1))
    return row is None or _opens(row)


def _opens(row: KeyCheck) -> bool:
    try:
        return row.words == WORDS
    except (CellError, ConfigError):
        return False
