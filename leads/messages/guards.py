"""Why a message may not go now: asked before it is rendered, and again between the body and the final dot."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from leads.clinic.profile import clinic
from leads.clinic.windows import next_open
from leads.clock import local_to_utc, now
from leads.consent.may_email import refusal
from leads.messages.due import WEEK, Due
from leads.messages.models import PRESSING
from leads.messages.sendable import missing_approval

# As the plan writes it: 2026-12-28T09:00:00-05:00[America/New_York].
LOCAL_INTENT = re.compile(r"(?P<local>[\dT:-]{19})[+-]\d\d:\d\d(:\d\d)?\[(?P<zone>[^\]]+)\]")
DAY = timedelta(days=1)
# An approval brings forward what waited for it; this is for what nobody brought forward.
ASK_FOR_APPROVAL_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Objection:
    """Why not: the state the row ends in with its reason, or, where it is only early, until when it waits."""

    reason: str
    state: str = "skipped"
    wait_until: datetime | None = None


# Nothing is wrong with the mail, and its time stays what it is: it goes when its lane does.
RESTS = Objection("sending-rests", "planned")


class Crowded(NamedTuple):
    """No mail before `until`: somebody has had as many as `most` within a `span`."""

    until: datetime
    most: int
    span: timedelta


def objection(due: Due) -> Objection | None:
    """Return why this message may not go now, or None when every guard lets it pass; nothing is read but `due` and the approvals."""
    if due.useful_until is not None and now() > due.useful_until:
        return Objection("outlived", "expired")
    if due.rests:
        return RESTS
    reason = "no-address" if due.email_index is None else _refusal(due)
    if reason == "paused":
        return _wait(due, "paused", due.paused_until or now())
    if reason is not None:
        return Objection(reason)
    unapproved = missing_approval(due)
    return _wait(due, unapproved, now() + ASK_FOR_APPROVAL_AFTER) if unapproved else _too_early(due)


def is_timely(due: Due) -> bool:
    """Return True while a message that no guard objected to may still go, as far as that hangs on the hour: all else stands in `due`."""
    # Caps, a pause and the hour that was meant only let go of it as time goes by.
    return (due.useful_until is None or now() <= due.useful_until) and (due.lane in PRESSING or _next_open(due, now()) <= now())


def would_have_gone(due: Due) -> bool:
    """Return True for one that has come too late and that nothing else would have kept back but a rest, or the want of an approval."""
    return due.email_index is not None and _refusal(due) in (None, "paused")


def _refusal(due: Due) -> str | None:
    if due.to_person:
        return refusal(due.standing, due.kind)
    # A hold, a pause or a grant is the patient's: a notice to somebody else goes on, and what it may say was decided when it was written.
    if not due.is_believed:
        return "not-verified"
    return "suppressed-address" if due.standing.stopped else None


def _too_early(due: Due) -> Objection | None:
    meant = _as_zones_are_today(due.local_due)
    if meant is not None and meant > now():
        return _wait(due, "zone", meant)
    # It answers what somebody just did: neither the hour nor how much they had this week may delay it.
    if due.lane in PRESSING:
        return None
    full = crowded(due.lately)
    if full is not None and full.until > now():
        return _wait(due, "cap", _next_open(due, full.until))
    opens = _next_open(due, now())
    return _wait(due, "window", opens) if opens > now() else None


def _wait(due: Due, reason: str, until: datetime) -> Objection:
    if due.useful_until is not None and until > due.useful_until:
        return Objection("outlived", "expired")
    return Objection(reason, "planned", until)


@lru_cache(maxsize=1024)
def _as_zones_are_today(local_due: str) -> datetime | None:
    """Return the UTC moment of the local time that was meant, by today's time zone rules; None where none was."""
    intent = LOCAL_INTENT.fullmatch(local_due)
    if intent is None:
        return None
    local = datetime.fromisoformat(intent["local"])
    # A legislature may move a clock change between planning and sending; the wall clock of the office is what was promised.
    return local_to_utc(local.date(), local.time(), ZoneInfo(intent["zone"]))


def crowded(lately: Sequence[datetime]) -> Crowded | None:
    """Return until when somebody who had these mails gets no more, and which cap says so; None while no cap was ever full."""
    caps, newest_first = clinic().mail.caps, sorted(lately, reverse=True)
    kinds = [(most, span) for most, span in ((caps.a_day, DAY), (caps.a_week, WEEK)) if len(newest_first) >= most]
    return max((Crowded(newest_first[most - 1] + span, most, span) for most, span in kinds), default=None)


def _next_open(due: Due, at: datetime) -> datetime:
    if due.window is None or due.hours is None:
        return at
    opens = next_open(due.hours, clinic().office(due.window.get("office")).calendar, at)
    # A window that never opens again is useless to wait for: the due time was planned inside it once.
    return opens.at if opens else at
