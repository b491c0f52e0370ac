"""A due message and all that decides about it — who gets it, how they stand, what they had lately — read in one question."""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVarTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    FromClause,
    Select,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from leads.accounts.models import Account
from leads.clinic.windows import Window
from leads.consent.may_email import Kind, Standing, standing_of
from leads.messages.models import PRESSING, Message
from leads.messages.once import once
from leads.messages.recipients import RECIPIENTS, Recipient
from leads.messages.switch import is_open
from leads.messages.templates import catalogue
from leads.people.models import Person
from leads.providers.models import Claim, Delegate, Provider
from leads.security.fields import unseal

Read = TypeVarTuple("Read")
WEEK = timedelta(days=7)
CATCH_UP = "catch-up"
LATE = timedelta(hours=1)
# Here it is marked as having come late; where that is not the last thing that moved it, the turn it had is gone.
LOST_ITS_TURN = and_(
    Message.moved_by.op("?")(literal_column(f"'{CATCH_UP}'")),
    Message.moved_by.op("->>")(literal_column("-1")) != literal_column(f"'{CATCH_UP}'"),
)
# Whom we may have stopped believing since the mail was planned, by the column that names them.
BELIEVED: dict[str, ColumnElement[bool]] = {
    "provider_id": Provider.verified_at.is_not(None),
    "delegate_id": and_(Delegate.verified_at.is_not(None), Delegate.removed_at.is_(None)),
    "claim_id": Claim.refused_at.is_(None),
    "account_id": Account.disabled_at.is_(None),
}


TO_PERSON: Mapping[str, Recipient] = {"person_id": Person}


@dataclass(frozen=True)
class Narrow:
    """What is known beforehand of the messages a question is about: whom they can go to, and whether caps concern them."""

    to: Mapping[str, Recipient] = field(default_factory=lambda: RECIPIENTS)
    pressing: bool = False


ANY = Narrow()


@dataclass(frozen=True)
class Due:
    """One claimed message as its row, its recipient and their consent stood when it was read; cells stay closed until asked for."""

    id: uuid.UUID
    fence: int
    person_id: uuid.UUID | None
    referral_id: uuid.UUID | None
    recipient: str
    recipient_id: uuid.UUID
    # A clinician we no longer believe, a delegate or colleague who has left, a claim that was refused: nothing goes there any more.
    is_believed: bool
    template: str
    lane: str
    topic: str
    level: int
    local_due: str
    due_at: datetime
    # It came late, after an outage, and has had to wait for more than its turn since: it needs another.
    lost_its_turn: bool
    window: dict[str, Any] | None
    useful_until: datetime | None
    facts_cell: bytes | None
    email_cell: bytes | None
    email_index: bytes | None
    given_name_cell: bytes | None
    language: str
    discreet: bool
    held: bool
    stopped: str | None
    paused_until: datetime | None
    confirmed: bool
    grants: Sequence[str] | None
    # When the person's other mails of the last week went out, and those that are on their way; transactional ones don't count.
    sent_lately: Sequence[datetime] | None
    under_way: Sequence[datetime] | None
    # A person has stopped all sending, or the lane rests; never true of a safety page.
    rests: bool
    # Of all of the above: where it is the same later on, nothing that decides has changed.
    digest: int

    @property
    def to_person(self) -> bool:
        """True where it goes to the person it is about; what goes to a referrer or to one of us is not for their consent to decide."""
        return self.person_id is not None

    @once
    def standing(self) -> Standing:
        """How the recipient stands towards our mail."""
        return Standing(self.held, self.stopped, self.paused_until, self.confirmed, self.grants)

    @property
    def lately(self) -> Sequence[datetime]:
        """When the person had, or is just getting, other mails of the last week."""
        return [*(self.sent_lately or ()), *(self.under_way or ())]

    @once
    def kind(self) -> Kind:
        """What consent needs to know of this mail."""
        return Kind(self.topic, self.lane, self.level, answers=self.to_unconfirmed)

    @property
    def to_unconfirmed(self) -> bool:
        """True for the one acknowledgement that may go to an address nobody has proved."""
        return catalogue()[self.template].meta.to_unconfirmed

    @property
    def made_from(self) -> tuple[object, ...]:
        """What the rendered mail rests on: where any of it differs, the mail at hand is no longer the right one."""
        return (self.template, self.facts_cell, self.email_cell, self.email_index, self.given_name_cell, self.language, self.discreet)

    @once
    def hours(self) -> Window | None:
        """The hours it may go in; None where it may at any."""
        return None if self.window is None else _read(json.dumps(self.window["rule"]))

    @once
    def facts(self) -> dict[str, Any]:
        """The facts of the message itself; raises CellError."""
        return self._open("messages", "facts", self.facts_cell, self.id) or {}

    @once
    def email(self) -> str:
        """The recipient's address, empty where there is none; raises CellError."""
        return self._open(self.recipient, "email", self.email_cell, self.recipient_id) or ""

    @once
    def given_name(self) -> str | None:
        """The person's given name; raises CellError."""
        name: str | None = self._open("people", "given_name", self.given_name_cell, self.recipient_id)
        return name

    @staticmethod
    def _open(table: str, column: str, cell: bytes | None, row_id: uuid.UUID) -> Any:
        return None if cell is None else unseal(cell, table=table, column=column, row_id=row_id)


# A few, for thousands of mails.
@lru_cache(maxsize=256)
def _read(rule: str) -> Window:
    return Window.model_validate_json(rule)


def _due(*which: ColumnElement[bool], held: bool = False) -> Select[*tuple[Any, ...]]:
    columns = [column.label(each.name) for column, each in zip(_columns(ANY), fields(Due), strict=False)]
    found = _with_recipient(select(*columns), ANY).where(*which)
    # For updates to wait for, and looked at anew behind them. A CTE is worked out once, though it is asked for twice.
    asked = (found.with_for_update(of=Message) if held else found).cte("asked").prefix_with("MATERIALIZED", dialect="postgresql")
    return select(*asked.c, _digest(asked.c))


def _held_by(message_id: ColumnElement[uuid.UUID], fence: ColumnElement[int]) -> tuple[ColumnElement[bool], ...]:
    # Whoever cancels the row waits for this lock, and is then too late or finds it gone; a claim whose lease ran out is no claim.
    claimed = and_(Message.state == literal_column("'claimed'"), Message.lease_until > func.now())
    # In words that no index fits: PostgreSQL would walk the one of all that are leased to find these few.
    return Message.id == message_id, Message.fence == fence, claimed.is_(true())


def _digest(columns: Iterable[ColumnElement[Any]]) -> ColumnElement[int]:
    return func.hash_record_extended(func.row(*columns), literal_column("0")).label("digest")


def _with_recipient(asked: Select[*Read], narrow: Narrow) -> Select[*Read]:
    asked = asked.select_from(Message)
    for column, model in narrow.to.items():
        asked = asked.outerjoin(model, model.id == Message.__table__.c[column])
    return asked


def _columns(narrow: Narrow) -> tuple[ColumnElement[Any], ...]:
    to, at = narrow.to, bindparam("at", type_=DateTime(timezone=True))
    message, person = Message.__table__.c, Person.__table__.c
    address_index = _theirs(to, "email_index")
    return (
        message.id, message.fence, message.person_id, message.referral_id, *_recipient(to), message.template, message.lane,
        message.topic, message.level, message.local_due, message.due_at, LOST_ITS_TURN, message.window, message.useful_until, message.facts,
        _theirs(to, "email"), address_index, person.given_name,
        func.coalesce(person.language, "en"), func.coalesce(person.discreet, literal_column("false")),
        *standing_of(person.id, address_index, topic=message.topic, at=at),
        *_lately(at, narrow),
        and_(Message.lane != literal_column("'safety'"), ~is_open(message.lane, at)),
    )  # fmt: skip


def _theirs(to: Mapping[str, Recipient], column: str) -> ColumnElement[Any]:
    """Return a column of whichever a message goes to."""
    return func.coalesce(*(model.__table__.c[column] for model in to.values()))


def _recipient(to: Mapping[str, Recipient]) -> tuple[ColumnElement[Any], ...]:
    named = [(Message.__table__.c[column], model.__tablename__) for column, model in to.items()]
    table = case(*((column.is_not(None), literal_column(f"'{name}'")) for column, name in named))
    doubts = [(Message.__table__.c[column].is_not(None), believed) for column, believed in BELIEVED.items() if column in to]
    always: ColumnElement[bool] = literal_column("true")
    return table, func.coalesce(*(column for column, _ in named)), case(*doubts, else_=always) if doubts else always


def _lately(at: ColumnElement[datetime], narrow: Narrow) -> tuple[ColumnElement[Any], ...]:
    nothing = null().cast(ARRAY(DateTime(timezone=True)))
    if narrow.pressing:
        return nothing, nothing
    # What answers somebody's own act is not counted and does not wait, so nobody need look what else they had.
    pressing = Message.lane.in_([literal_column(f"'{lane}'") for lane in PRESSING])
    sent, on_their_way = _others(at)
    return case((pressing, nothing), else_=sent), case((pressing, nothing), else_=on_their_way)


def _others(at: ColumnElement[datetime]) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    other = aliased(Message)
    theirs = (other.person_id == Message.person_id, other.id != Message.id, other.lane != "transactional")
    # One that is under way, or that nobody knows the end of, counts as gone: two at once would both find the week empty.
    under_way = other.state.in_([literal_column("'sending'"), literal_column("'unknown'")])
    return (
        select(func.array_agg(aggregate_order_by(other.sent_at, other.id))).where(*theirs, other.sent_at > at - WEEK).scalar_subquery(),
        select(func.array_agg(aggregate_order_by(other.state_at, other.id))).where(*theirs, under_way).scalar_subquery(),
    )


# Without a word about the state: asked for claimed rows, PostgreSQL would walk the index of all that are leased to find these few.
JUST_CLAIMED = _due(Message.id == any_(bindparam("ids", type_=ARRAY(Uuid())))).order_by(literal_column("due_at"), literal_column("id"))
STILL_MINE = _due(*_held_by(bindparam("message_id", type_=Uuid()), bindparam("fence", type_=BigInteger())), held=True)


def digests_now(given: FromClause, *, to_persons: bool, pressing: bool) -> Select[uuid.UUID, int]:
    """Return the question for the digests that claimed messages have now, the ones that STILL_MINE gives with the rest.

    `given` names them by `message_id` and `fence`. To open a table that can have nothing to say takes the server as long as to ask it:
    it looks only at people where all go `to_persons`, and for no caps where all are `pressing`.
    """
    narrow = Narrow(TO_PERSON if to_persons else RECIPIENTS, pressing)
    mine = _held_by(given.c.message_id, given.c.fence)
    return _with_recipient(select(Message.id, _digest(_columns(narrow))), narrow).where(*mine).with_for_update(of=Message)
