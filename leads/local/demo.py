"""Synthetic people for trying things out: the same seed makes the same people, and the real verbs make their stories."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from leads.clinic.profile import clinic

GIVEN = (
    "Alma", "Amir", "Ana", "Andre", "Beatriz", "Ben", "Carla", "Cora", "Dana", "Diego", "Elena", "Eli", "Emma", "Farid", "Grace", "Hana",
    "Hugo", "Ines", "Iris", "Jamal", "Jonas", "Jun", "Kai", "Lena", "Leo", "Lucia", "Luis", "Maya", "Mateo", "Mina", "Nadia", "Noah",
    "Nora", "Omar", "Pilar", "Priya", "Rafael", "Rosa", "Sam", "Sara", "Silvia", "Tariq", "Tess", "Theo", "Uma", "Vera", "Wei", "Zoe",
)  # fmt: skip
FAMILY = (
    "Abbott", "Alvarez", "Baker", "Becker", "Castillo", "Chen", "Cruz", "Dalton", "Diaz", "Ellis", "Fischer", "Flores", "Garcia", "Grant",
    "Haddad", "Hayes", "Ivanov", "Jensen", "Kaplan", "Khan", "Kim", "Lopez", "Marsh", "Mendez", "Moreau", "Nguyen", "Novak", "Okafor",
    "Ortiz", "Park", "Patel", "Quinn", "Ramos", "Reyes", "Rivera", "Santos", "Shah", "Silva", "Sullivan", "Torres", "Vargas", "Weber",
)  # fmt: skip
MESSAGES = (
    "My psychiatrist mentioned this and I would like to know whether it could be something for me.",
    "I have tried three medications over four years. What would the first visit look like?",
    "Do you take my insurance? And how long does a visit last?",
    "A friend told me about your office. Mornings are best for a call.",
    "I am nervous about needles. Is there another way?",
    "¿Hay alguien que hable español? Quisiera una cita por la tarde.",
    None,
)
TROUBLED = "Some days I think everyone would be better off without me."
CAMPAIGNS = (
    {"source": "search", "medium": "cpc", "name": "autumn"},
    {"source": "newsletter", "medium": "email", "name": "october"},
    None,
    None,
)


@dataclass(frozen=True)
class Character:
    """One synthetic person, what they sent, and how their story goes."""

    serial: int
    wrote_at: datetime
    asked: dict[str, Any]
    confirms_after: timedelta | None
    called_after: timedelta | None
    reached: bool
    goes_to: str
    stops_after: timedelta | None = None
    outcome: str | None = None
    steps: tuple[timedelta, ...] = field(default=())


def cast(count: int, *, seed: int, until: datetime, days: int = 90) -> Iterator[Character]:
    """Yield `count` people who wrote in the last `days` before `until`, in the order in which they wrote."""
    chance = random.Random(seed)  # noqa: S311 -- synthetic people, not secrets
    moments = sorted(until - timedelta(days=days) * chance.random() for _ in range(count))
    for serial, wrote_at in enumerate(moments):
        yield _character(chance, serial, wrote_at)


def _character(chance: random.Random, serial: int, wrote_at: datetime) -> Character:
    reached = chance.random() < 0.78
    goes_to = (
        chance.choices(("new", "contacted", "screening", "qualified", "booked", "in_care"), (14, 18, 20, 14, 14, 20))[0]
        if reached
        else "new"
    )
    closes = chance.random() < (0.25 if reached else 0.35)
    return Character(
        serial=serial,
        wrote_at=wrote_at,
        asked=_asked(chance, serial),
        confirms_after=_some(chance, 0.66, lambda: timedelta(minutes=chance.randint(2, 2_000))),
        called_after=_some(chance, 0.9, lambda: timedelta(hours=chance.uniform(1, 30))),
        reached=reached,
        goes_to=goes_to,
        stops_after=_some(chance, 0.05, lambda: timedelta(days=chance.uniform(2, 9))),
        outcome=_outcome(chance, reached) if closes else None,
        steps=tuple(timedelta(days=chance.uniform(0.6, 6)) for _ in range(6)),
    )


def _outcome(chance: random.Random, reached: bool) -> str:
    return chance.choice(("not-a-fit", "chose-other-care", "cannot-afford", "asked-to-stop")) if reached else "cannot-reach"


def _asked(chance: random.Random, serial: int) -> dict[str, Any]:
    given, family = chance.choice(GIVEN), chance.choice(FAMILY)
    # 555-01xx of four Connecticut area codes: numbers that nobody has; a few are shared, as couples do.
    shared = serial - 1 if serial and chance.random() < 0.02 else serial
    phone = f"{('203', '475', '860', '959')[shared // 100 % 4]}-555-01{shared % 100:02d}"
    message = TROUBLED if chance.random() < 0.02 else chance.choice(MESSAGES)
    return {
        "for_whom": "someone_else" if chance.random() < 0.08 else "self",
        "given_name": given,
        "family_name": family,
        "email": f"{given}.{family}.{serial}@example.com".lower() if chance.random() < 0.93 else None,
        "phone": phone,
        "birth_date": date(chance.randint(1950, 2004), chance.randint(1, 12), chance.randint(1, 28)).isoformat(),
        "language": "es" if message and message.startswith("¿") else "en",
        "reach_by": chance.choice(("any", "phone", "text", "email")),
        "reach_when": chance.choice(("any", "morning", "afternoon", "evening")),
        "safe_voicemail": chance.random() < 0.7,
        "office": chance.choice([office.code for office in clinic().offices] + ["none"]),
        "interest": chance.choice([choice.code for choice in clinic().interests]),
        "heard_from": chance.choice([choice.code for choice in clinic().heard_from]),
        "message": message,
        "campaign": chance.choice(CAMPAIGNS),
        "consent": {
            "contact": True,
            "education": chance.random() < 0.8,
            "unencrypted_email": chance.random() < 0.7,
            "wording": clinic().consent.version,
        },
    }


def _some(chance: random.Random, share: float, make: Callable[[], timedelta]) -> timedelta | None:
    made = make()
    return made if chance.random() < share else None
