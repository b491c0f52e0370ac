"""A bare FastAPI + SQLAlchemy endpoint that inserts three rows: no check, no encryption, no consent, no record.

BENCH_WEB_DATABASE comes from the environment.
"""

import os
import uuid
from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "bare_people"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    given_name: Mapped[str]
    email: Mapped[str]


class Lead(Base):
    __tablename__ = "bare_leads"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bare_people.id"))
    stage: Mapped[str]


class Inquiry(Base):
    __tablename__ = "bare_inquiries"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    lead_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bare_leads.id"))
    message: Mapped[str]


class Asked(BaseModel):
    given_name: str
    email: str
    message: str = ""


class Kept(BaseModel):
    id: uuid.UUID


engine = create_engine(make_url(os.environ.get("BENCH_WEB_DATABASE", "postgresql://")).set(drivername="postgresql+psycopg"))
sessions = sessionmaker(engine)
app = FastAPI()


def session() -> Iterator[Session]:
    with sessions() as opened:
        yield opened


@app.post("/inquiries", status_code=201)
def receive(asked: Asked, db: Annotated[Session, Depends(session)]) -> Kept:
    person = Person(given_name=asked.given_name, email=asked.email)
    db.add(person)
    db.flush()
    lead = Lead(person_id=person.id, stage="new")
    db.add(lead)
    db.flush()
    inquiry = Inquiry(lead_id=lead.id, message=asked.message)
    db.add(inquiry)
    db.commit()
    return Kept(id=inquiry.id)
