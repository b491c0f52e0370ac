"""How many mails a new sender may send today: few at first, more each day, until the day's quota is reached."""

import uuid
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import DateTime, Uuid, bindparam, func, or_, select

from leads.clinic.profile import clinic
from leads.clock import local_to_utc, now, real_now, speed
from leads.messages.models import DeliveryAttempt

SKEW = timedelta(minutes=10)


def allowed_today() -> int | None:
    """Return how many may go out today, or None where nothing limits a day; a day is the main office's."""
    mail = clinic().mail
    if mail.warm_up is None:
        return mail.day_quota
    day = (today() - mail.warm_up.starts).days
    # Mailbox providers judge a new sender by its first days: a leap in volume looks like a stolen account.
    ramp = int(mail.warm_up.first_day * mail.warm_up.growth ** min(max(day, 0), 200))
    return ramp if mail.day_quota is None else min(ramp, mail.day_quota)


def until_tomorrow() -> float:
    """Return the seconds, on the system's clock, until the next day begins."""
    return (_midnight(today() + timedelta(days=1)) - now()).total_seconds()


def since_midnight() -> dict[str, uuid.UUID | datetime]:
    """Return what SENT_TODAY is asked with: ids carry their time in front (RFC 9562), so the key itself is the index."""
    midnight = _midnight(today())
    # Ids are made by real time, however fast the clock runs that the day goes by; another machine's may be a little slow.
    began = real_now() - (now() - midnight) / speed() - SKEW
    return {"since": uuid.UUID(int=int(began.timestamp() * 1000) << 80), "midnight": midnight}


def today() -> date:
    """Return the main office's present day."""
    return now().astimezone(clinic().office(None).zone).date()


def _midnight(day: date) -> datetime:
    return local_to_utc(day, time(0), clinic().office(None).zone).astimezone(UTC)


# What was refused counts in nobody's eyes; of what was never answered the carrier may have taken each.
WENT = or_(DeliveryAttempt.outcome.is_(None), DeliveryAttempt.outcome == "sent")
SENT_TODAY = (
    select(func.count())
    .select_from(DeliveryAttempt)
    .where(DeliveryAttempt.id >= bindparam("since", type_=Uuid()))
    .where(DeliveryAttempt.at >= bindparam("midnight", type_=DateTime(timezone=True)), WENT)
)
