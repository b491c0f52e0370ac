"""Each lead's story: how it came, what it needs now, how far it got and who looked after it; the same for the same number."""

import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from benchmarks.leads_data import email_of
from leads.db import new_id
from leads.people.match import email_index

LASTED = timedelta(minutes=2_000_000)
# Of a hundred leads so many are open, the newest; they need one thing after the other, forty in a round.
OPEN = 12
WANTS = ("call-now", "new", "today", "to-review", "phone-instead", "unknown", "to-verify", "for-referrer", "to-confirm", "for-patient")
ROUND = (*WANTS * 3, "call-now", "new", "today", "to-confirm", "for-patient", *("under-way",) * 5)
IN_DANGER, ROUNDS_OF_ONE = 8, 4
STAGES = ("new", "contacted", "screening", "qualified", "booked", "in_care")
OUTCOMES = ("started-care", "not-a-fit", "chose-other-care", "cannot-afford", "cannot-reach", "asked-to-stop")
# One of so many leads, and which of them: with a story of hundreds of entries, and whose record is restricted.
LONG, RESTRICTED = (200, 7), (1_000, 500)


@dataclass(frozen=True)
class Clinic:
    """Whom a lead meets: the staff, the benchmark's own account first, and the referrers with where they work."""

    count: int
    now: datetime
    staff: tuple[uuid.UUID, ...]
    referrers: tuple[tuple[uuid.UUID, uuid.UUID, dict[str, str]], ...]

    @property
    def opened(self) -> int:
        """How many of the newest leads are open."""
        return self.count * OPEN // 100


class Story(NamedTuple):
    """One lead's, in the order of the columns of `stories`."""

    number: int
    slot: int
    person_id: uuid.UUID
    lead_id: uuid.UUID
    address: bytes
    opened_at: datetime
    life: timedelta
    expected_by: datetime
    stage: str
    steps: int
    outcome: str | None
    need: str | None
    source: str
    office: str
    owner: str
    screened: bool
    visited: bool
    is_long: bool
    referral_id: uuid.UUID | None

    def at(self, share: float) -> datetime:
        """Return when so much of the story was over."""
        return self.opened_at + self.life * share


def story_of(clinic: Clinic, number: int) -> Story:
    """Return the story of the lead of this number."""
    dice, place = random.Random(number), clinic.count - 1 - number
    opened = clinic.now - LASTED * ((place + 1) / clinic.count)
    need, slot = _need(clinic, place), place % len(ROUND)
    lasted = min(clinic.now - opened, timedelta(days=dice.uniform(2, 60)) if need is None else LASTED)
    steps = _steps(dice, need, slot)
    is_referral = need in ("to-verify", "for-referrer") or dice.random() < 0.2
    return Story(
        number, slot, new_id(), new_id(), email_index(email_of(number)), opened, lasted,
        _expected(dice, need, opened, clinic.now),
        "closed" if need is None else STAGES[steps], steps, dice.choice(OUTCOMES) if need is None else None, need,
        "referral" if is_referral else dice.choice(("inquiry", "inquiry", "inquiry", "phone")),
        dice.choices(("new-haven", "woodbury", "none"), (60, 30, 10))[0],
        f"account:{_whose(clinic, place, dice)}",
        need == "to-review" or (steps >= 3 and dice.random() < 0.6),
        steps >= 4 or (need == "for-patient" and slot % 2 == 0),
        number % LONG[0] == LONG[1],
        new_id() if is_referral else None,
    )  # fmt: skip


def _need(clinic: Clinic, place: int) -> str | None:
    if place >= clinic.opened:
        return None
    apart = max(1, clinic.opened // IN_DANGER)
    return "safety" if place % apart == 3 and place // apart < IN_DANGER else ROUND[place % len(ROUND)]


def _steps(dice: random.Random, need: str | None, slot: int) -> int:
    if need is None:
        return dice.choices(range(6), (15, 25, 20, 15, 10, 15))[0]
    if need in ("call-now", "new", "to-verify"):
        return 0
    return {"to-review": 2, "for-patient": 3 if slot % 2 == 0 else 2}.get(need) or dice.randrange(1, 6)


def _expected(dice: random.Random, need: str | None, opened: datetime, now: datetime) -> datetime:
    if need == "call-now":
        return now + timedelta(hours=dice.uniform(-9, 3))
    return now + timedelta(hours=dice.uniform(30, 220)) if need in ("new", "to-verify") else opened + timedelta(days=1)


def _whose(clinic: Clinic, place: int, dice: random.Random) -> uuid.UUID:
    # However many leads a clinic has, one of its staff looks after some dozens.
    if place < clinic.opened and place // len(ROUND) % max(1, clinic.opened // len(ROUND) // ROUNDS_OF_ONE) == 0:
        return clinic.staff[0]
    return dice.choice(clinic.staff[1:])


def serial_of(number: int) -> int:
    """Return the serial of the lead of this number."""
    return number + 1
