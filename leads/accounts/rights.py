"""Who may do what: one table, asked by pages, forms and verbs; an API key has scopes instead."""

from collections.abc import Collection
from typing import Literal, get_args

from leads.errors import Forbidden

Right = Literal[
    "leads.read",
    "leads.work",
    "scans.see",
    "scans.work",
    "clinical",
    "sending.switch",
    "feeds.manage",
    "people.restrict",
    "people.contact_again",
    "openings.read",
    "openings.review",
    "accounts.manage",
    "accounts.reset",
    "record.read",
    "studio.see",
    "studio.work",
]

WHO: dict[Right, frozenset[str]] = {
    # An auditor looks and changes nothing; an administrator manages accounts and does not thereby see patients.
    "leads.read": frozenset({"coordinator", "clinician", "supervisor", "auditor"}),
    "leads.work": frozenset({"coordinator", "clinician", "supervisor"}),
    # Whose a sheet is that names nobody is for those to find out who take people in: it may be about anybody, a colleague too.
    "scans.see": frozenset({"coordinator", "supervisor", "auditor"}),
    "scans.work": frozenset({"coordinator", "supervisor"}),
    "clinical": frozenset({"clinician"}),
    "sending.switch": frozenset({"supervisor", "clinician"}),
    "feeds.manage": frozenset({"supervisor"}),
    "people.restrict": frozenset({"clinician", "supervisor"}),
    "people.contact_again": frozenset({"supervisor"}),
    "openings.read": frozenset({"supervisor", "auditor"}),
    "openings.review": frozenset({"supervisor"}),
    "accounts.manage": frozenset({"administrator"}),
    "accounts.reset": frozenset({"administrator", "supervisor"}),
    "record.read": frozenset({"auditor", "administrator"}),
    # What we write, when, and what came of it: of people as numbers only.
    "studio.see": frozenset({"coordinator", "clinician", "supervisor", "reviewer", "auditor"}),
    "studio.work": frozenset({"coordinator", "clinician", "supervisor", "reviewer"}),
}
WORDS: dict[str, str] = {
    "coordinator": "calls people, works with leads",
    "clinician": "works with leads, releases safety holds, qualifies",
    "supervisor": "works with leads, hears of broken promises, resets colleagues' sign-in",
    "reviewer": "approves what we write to people",
    "administrator": "manages accounts and reads the record; sees no patients by this alone",
    "auditor": "sees everything and the record, changes nothing",
}


def may(roles: Collection[str], right: Right) -> bool:
    """True when one of the roles carries the right."""
    return bool(WHO[right] & set(roles))


def require(roles: Collection[str], right: Right) -> None:
    """Raise Forbidden, naming who may, unless one of the roles carries the right."""
    if not may(roles, right):
        raise Forbidden(f"This is for {in_words(WHO[right])}. An administrator can change what your account may do.")


def in_words(roles: Collection[str]) -> str:
    """Return roles as a sentence names them: `a clinician or a supervisor`."""
    return " or ".join(f"{'an' if role[0] in 'aeiou' else 'a'} {role}" for role in sorted(roles))


assert set(get_args(Right)) == set(WHO)
