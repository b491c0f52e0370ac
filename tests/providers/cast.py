"""Who refers in the tests, and the registry's file as NPPES publishes it."""

import io
from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from benchmarks.nppes import lines, person
from leads.accounts.keys import create_key
from leads.providers.know import Known, Said, know
from leads.providers.models import Practice
from leads.providers.nppes import Bad, Listed, read
from leads.providers.practices import make_practice
from leads.providers.trust import Call, trust

ANA, BEN, CARLA = "1234567893", "1993999998", "1000000004"
ACTOR = "account:00000000-0000-7000-8000-000000000001"
CALL = Call(number="203-555-0150", answered_by="Front desk", listed_in="State license register")


def with_check_digit(first: str, rest: int) -> str:
    """The one NPI that begins with these nine digits."""
    start = f"{first}{rest:08d}"
    # Found by trying, not by the code under test: of ten candidates exactly one has a sum that ends in 0.
    return next(start + last for last in "0123456789" if _sum("80840" + start + last) % 10 == 0)


def csv_of(*rows: dict[str, str]) -> bytes:
    """A file with these lines."""
    return "".join(lines(iter(rows))).encode()


def read_all(data: bytes, states: Iterable[str] = ()) -> list[Listed | Bad]:
    """What reading the file gives."""
    return list(read(io.BytesIO(data), states=tuple(states)))


def line(npi: str, *changes: dict[str, str], blank: bool = False, states: Iterable[str] = ()) -> Listed:
    """One line of the file, read: Ana Rivera's, but for the changes; a blank one holds nothing else."""
    told = {title: text for each in changes for title, text in each.items()}
    row = {"NPI": npi} | told if blank else person(npi, **told)
    (listed,) = read_all(csv_of(row), states)
    assert isinstance(listed, Listed), listed
    return listed


def make_trusted_practice(session: Session, name: str = "Elm Family Medicine") -> Practice:
    """A practice somebody has called."""
    practice = make_practice(session, name, phone="203-555-0150", actor=ACTOR)
    trust(session, practice, method="call", call=CALL, actor=ACTOR)
    return practice


def said(**changes: Any) -> Said:
    """What Ana Rivera's office types, but for `changes`."""
    values = {"npi": ANA, "given_name": "Ana", "family_name": "Rivera", "practice": "Elm Family Medicine", "email": "ana@elm.example.com"}
    return Said(**(values | {"phone": "+12035550151"} | changes))


def tell(session: Session, at: Practice | None = None, **changes: Any) -> Known:
    """A submission arrives: from a stranger, or by the key of the practice it is `at`."""
    if at is None:
        return know(session, said(**changes), channel="page", actor="system")
    key, _ = create_key(session, "EHR", ["referrals"], practice_id=at.id)
    return know(session, said(**changes), channel="api", key=key, actor=f"key:{key.id}")


def _sum(digits: str) -> int:
    return sum(sum(map(int, str(int(digit) * (1 + place % 2)))) for place, digit in enumerate(reversed(digits)))
