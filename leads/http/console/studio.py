"""Who may look at sequences, mails and reports, and the words these pages share."""

from typing import Annotated

from fastapi import Depends

from leads.clinic.windows import Window
from leads.http.console.staff import Staff, does, needs
from leads.sequences.definitions import EVENTS, Step

DAYS = {"mon": "Mon", "tue": "Tue", "wed": "Wed", "thu": "Thu", "fri": "Fri", "sat": "Sat", "sun": "Sun"}
ANCHORS = {
    "confirmation": "the confirmed address",
    "referral:received": "the referral",
    "appointment:booked": "the booking",
    "appointment:cancelled": "the cancelled visit",
}
ENDS = {
    "confirmation": "the address is confirmed",
    "hold": "a safety hold is raised",
    "asked-to-stop": "the person asks to stop",
    "reply": "the person answers",
    "screening:submitted": "the screening is sent in",
    "appointment:booked": "a visit is booked",
    "appointment:cancelled": "the visit is cancelled",
    "referral:received": "a referral is received",
}


Viewer = Annotated[Staff, Depends(needs("studio.see"))]
Sender = Annotated[Staff, Depends(does("studio.work"))]


def when(step: Step, starts_on: tuple[str, ...]) -> str:
    """Return when a step is due, as people say it: `2 days after the confirmed address`."""
    if step.before_appointment:
        return f"{step.before_appointment} before the visit" if step.before_appointment.amount else "at the visit"
    if step.after_appointment:
        return f"{step.after_appointment} after the visit" if step.after_appointment.amount else "at the visit"
    anchor = next((ANCHORS.get(event) or _stage(event) for event in starts_on), "the start")
    return f"{step.wait} after {anchor}" if step.wait and step.wait.amount else "at once"


def ending(event: str) -> str:
    """Return what ends a sequence, as people say it."""
    kind, _, which = event.partition(":")
    if kind == "stage":
        return f"the lead is {which.replace('_', ' ')}"
    if kind == "withdrawal":
        return f"the person withdraws {which.replace('_', ' ').replace('*', 'a consent')}"
    return ENDS.get(event, event)


def window_words(window: Window) -> str:
    """Return a window in words: `9:00 to 18:00, business days`."""
    hours = "office hours" if window.office_hours else f"{window.opens:%-H:%M} to {window.closes:%-H:%M}"
    if not window.office_hours and window.opens == window.closes:
        hours = "any hour"
    days = "" if len(window.days) == len(DAYS) else ", " + ", ".join(DAYS[day] for day in window.days)
    return f"{hours}{days}{', business days' if window.business_days else ''}"


def _stage(event: str) -> str:
    return f"the stage {event.partition(':')[2].replace('_', ' ')}" if event in EVENTS else event
