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
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker


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
    person: Mapped[Person] = relationship()


class Inquiry(Base):
    __tablename__ = "bare_inquiries"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    lead_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bare_leads.id"))
    message: Mapped[str]
    lead: Mapped[Lead] = relationship()


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
    # The id is ours, so that nothing need be read back after the commit.
    id, person = uuid.uuid4(), Person(given_name=asked.given_name, email=asked.email)
    db.add(Inquiry(id=id, lead=Lead(person=person, stage="new"), message=asked.message))
    db.commit()
    return Kept(id=id)
