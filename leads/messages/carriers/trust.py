"""What the signatures of carriers rest on: the certificates they sign with, and the tokens that were spent already."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Index, LargeBinary, String, Text, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from leads.clock import real_now
from leads.db import Base, new_id

# Longer than any signature of a carrier is believed.
FORGET_AFTER = timedelta(days=3)


class SigningCertificate(Base):
    """A certificate by its name at its issuer; without `pem` until one of our own tasks has fetched it."""

    __tablename__ = "signing_certificates"

    name: Mapped[str] = mapped_column(String(200), unique=True)
    asked_at: Mapped[datetime]
    fetched_at: Mapped[datetime | None]
    pem: Mapped[str | None] = mapped_column(Text)


class SpentToken(Base):
    """A token that vouched for one event: shown again it vouches for the same one, and for no other."""

    __tablename__ = "spent_tokens"
    __table_args__ = (Index(None, "spent_at"),)

    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    event: Mapped[bytes] = mapped_column(LargeBinary)
    spent_at: Mapped[datetime]


def spend(session: Session, token: str, event: str) -> bool:
    """Spend a token on an event; returns False when it was spent on another one."""
    digest, mark = (hashlib.sha256(each.encode("utf-8", "surrogatepass")).digest() for each in (token, event))
    row = {"id": new_id(), "hash": digest, "event": mark, "spent_at": real_now()}
    session.execute(insert(SpentToken).values(row).on_conflict_do_nothing(index_elements=["hash"]))
    return session.scalar(select(SpentToken.event).where(SpentToken.hash == digest)) == mark


def forget_spent(session: Session) -> None:
    """Forget tokens whose time has long passed, and certificates that were asked for and never came."""
    before = real_now() - FORGET_AFTER
    session.execute(delete(SpentToken).where(SpentToken.spent_at < before))
    session.execute(delete(SigningCertificate).where(SigningCertificate.pem.is_(None), SigningCertificate.asked_at < before))
