"""Promises: by when a person hears from us, on the office's business hours."""

from datetime import date, datetime, time, timedelta

from leads.clinic.profile import clinic
from leads.clock import add_business_time, end_of_business_days, local_to_utc, now

CLINICIAN_LOOKS_WITHIN = timedelta(hours=1)


def expected_by(office: str, received: datetime) -> datetime:
    """Return, in the office's zone, the end of its promise for what was received then."""
    there = clinic().office(office)
    # The end of a day, not so many hours: a person told "by Tuesday" waits until the office closes.
    return end_of_business_days(there.calendar, received, clinic().promise.business_days).astimezone(there.zone)


def next_business_day(office: str) -> datetime:
    """Return the closing time, in UTC, of the office's next open day."""
    return end_of_business_days(clinic().office(office).calendar, now(), 1)


def within_office_minutes(office: str, minutes: int) -> datetime:
    """Return the UTC moment by which `minutes` of the office's open time will have passed."""
    return add_business_time(clinic().office(office).calendar, now(), minutes)


def before_today_ends(office: str) -> datetime:
    """Return the end of today for somebody who must look today: when the office closes, else midnight there; in UTC."""
    there = clinic().office(office)
    tomorrow = now().astimezone(there.zone).date() + timedelta(days=1)
    return min(closing_time(office), local_to_utc(tomorrow, time(), there.zone))


def closing_time(office: str) -> datetime:
    """Return when the office next closes, in UTC: today while it has not yet, else on its next open day."""
    calendar = clinic().office(office).calendar
    today = calendar.open_spans(now().astimezone(calendar.zone).date())
    return today[-1][1] if today and today[-1][1] > now() else end_of_business_days(calendar, now(), 1)


def has_passed(office: str, day: date) -> bool:
    """Whether a day is over at an office."""
    return day < now().astimezone(clinic().office(office).zone).date()


def close_of(office: str, day: date) -> datetime:
    """Return, in UTC, when an office closes on a day; where it stays shut, on its next open one."""
    calendar = clinic().office(office).calendar
    here = local_to_utc(day, time(), calendar.zone)
    today = calendar.open_spans(day)
    return today[-1][1] if today else end_of_business_days(calendar, here, 1)
