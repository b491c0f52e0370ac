"""What the API says of referrals: no more than the patient allowed, and nothing that tells who the patient is."""

import uuid
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from leads.clinic.profile import clinic
from leads.loop.disclosure import News
from leads.referrals.receive import Receipt
from leads.referrals.shown import Shown

Became = Literal["kept", "kept_before", "waits"]
STATUS_OF: dict[Became, int] = {"kept": 201, "kept_before": 200, "waits": 202}


class ReferralReceived(BaseModel):
    """The referral is kept, and this is by when the office answers."""

    id: uuid.UUID
    number: str = Field(examples=["R-000042"], description="the number people say on the phone")
    expected_by: datetime = Field(description="the end of the office's promise, in the office's time zone")
    became: Became = Field(
        description="kept (201); kept_before (200): the same words again; waits (202): other words about a referral we have, which one of "
        "us will compare"
    )

    @classmethod
    def of(cls, receipt: Receipt) -> "ReferralReceived":
        """Return what the sender of a referral is told."""
        became: Became = "waits" if receipt.amendment_id else "kept" if receipt.is_new else "kept_before"
        return cls(id=receipt.id, number=receipt.number, expected_by=receipt.expected_by, became=became)


class Happened(BaseModel):
    """One thing that happened to a referral."""

    at: datetime
    event: str
    words: str

    @classmethod
    def of(cls, news: News, zone: ZoneInfo) -> "Happened":
        """Return it as the API shows it."""
        return cls(at=_there(news.at, zone), event=news.event, words=news.words)


class ReferralStatus(BaseModel):
    """How a referral stands, as far as the patient lets us tell you; without their consent it stays `received`."""

    id: uuid.UUID
    number: str = Field(examples=["R-000042"])
    state: str = Field(examples=["booked"])
    words: str = Field(description="the state in words", examples=["Visit booked"])
    received_at: datetime
    changed_at: datetime
    expected_by: datetime = Field(description="the end of the office's promise")
    appointment_at: datetime | None
    missing: list[str] = Field(description="what we need to know from you")
    note: str | None
    reason_code: str | None = Field(description="why it was declined")
    destination: str | None = Field(description="where else the patient may find help")
    version: int
    history: list[Happened]

    @classmethod
    def of(cls, shown: Shown) -> "ReferralStatus":
        """Return a referral as its sender may see it."""
        referral, seen = shown.referral, shown.seen
        zone = clinic().office(referral.office).zone
        return cls(
            id=referral.id,
            number=referral.number,
            state=seen.state,
            words=seen.words,
            received_at=_there(referral.received_at, zone),
            changed_at=_there(shown.changed_at, zone),
            expected_by=_there(seen.expected_by, zone),
            appointment_at=seen.appointment_at and _there(seen.appointment_at, zone),
            missing=list(seen.missing),
            note=seen.note,
            reason_code=seen.reason,
            destination=seen.destination,
            version=seen.version,
            history=[Happened.of(each, zone) for each in seen.news],
        )


class ReferralList(BaseModel):
    """Referrals in the order in which they came; the `Link` header leads to the next ones."""

    referrals: list[ReferralStatus]
    ask_next_since: datetime = Field(description="send this as `since` the next time; what was being written just now comes again then")


def _there(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(microsecond=at.microsecond // 1000 * 1000)
