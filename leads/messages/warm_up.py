"""How many mails a new sender may send today: few at first, more each day, until the day's quota is reached."""

import uuid
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Uuid, bindparam, func, select

from leads.clinic.profile import clinic
from leads.clock import local_to_utc, real_now
from leads.messages.models import DeliveryAttempt


def allowed_today() -> int | None:
    """Return how many may go out today, or None where nothing limits a day; a day is the main office's."""
    mail = clinic().mail
    if mail.warm_up is None:
        return mail.day_quota
    day = (_today() - mail.warm_up.starts).days
    # Mailbox providers judge a new sender by its first days: a leap in volume looks like a stolen account.
    ramp = int(mail.warm_up.first_day * mail.warm_up.growth ** min(max(day, 0), 200))
    return ramp if mail.day_quota is None else min(ramp, mail.day_quota)


def until_tomorrow() -> float:
    """Return the seconds until the next day begins."""
    return (_midnight(_today() + timedelta(days=1)) - real_now()).total_seconds()


def since_midnight() -> dict[str, uuid.UUID]:
    """Return what SENT_TODAY is asked with: ids carry their time in front (RFC 9562), so the key itself is the index."""
    return {"since": uuid.UUID(int=int(_midnight(_today()).timestamp() * 1000) << 80)}


def _today() -> date:
    return real_now().astimezone(clinic().office(None).zone).date()


def _midnight(day: date) -> datetime:
    return local_to_utc(day, time(0), clinic().office(None).zone).astimezone(UTC)


SENT_TODAY = select(func.count()).select_from(DeliveryAttempt).where(DeliveryAttempt.id >= bindparam("since", type_=Uuid()))
