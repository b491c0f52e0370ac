"""Who said what is ticked in a form taken down by hand, and how: asked as soon as anything is ticked, and never assumed."""

from collections.abc import Collection, Mapping

from leads.consent.as_said import HOW, AsSaid
from leads.errors import FieldError

LONGEST_WHO = 200
FIELDS = ("said_by", "said_who", "said_how")
SAID_BY = {"self": "The patient themself", "other": "Somebody for them"}
SAID_HOW = {"phone": "By phone", "in-person": "In person", "writing": "In writing, on the sheet"}
LABELS = {"said_by": "Who said so", "said_who": "Who that is", "said_how": "How they said it"}


def wrong_about(typed: Mapping[str, str], *, choices: Collection[str] = tuple(SAID_BY)) -> list[FieldError]:
    """Return what is missing of who said it, and how."""
    by, who = typed.get("said_by", ""), typed.get("said_who", "").strip()
    wrong = []
    if by not in choices:
        wrong.append(FieldError("said_by", "required", "Something is ticked below it: choose who said so."))
    if by == "other" and not who:
        wrong.append(FieldError("said_who", "required", "Write who spoke for them: “her sister Marta”."))
    if len(who) > LONGEST_WHO:
        wrong.append(FieldError("said_who", "too_long", f"Use at most {LONGEST_WHO} characters."))
    if typed.get("said_how") not in HOW:
        wrong.append(FieldError("said_how", "required", "Something is ticked: choose how they said it."))
    return wrong


def as_said(typed: Mapping[str, str]) -> AsSaid:
    """Return who said it, and how, of a form in which nothing of it is missing."""
    return AsSaid(typed["said_by"], typed["said_how"], " ".join(typed.get("said_who", "").split()))
