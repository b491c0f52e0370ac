"""What a lead's page does not offer now, and why: nothing is missing in silence, and nothing is offered that would be refused."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from leads.accounts.rights import WHO, in_words
from leads.appointments.models import Appointment
from leads.consent.may_email import Kind, Standings
from leads.http.console import words
from leads.http.console.staff import Staff
from leads.messages.templates import catalogue
from leads.people.models import Person
from leads.pipeline.models import Lead
from leads.pipeline.stages import MOVES, STAGES
from leads.screening.invite import INVITATION
from leads.sequences.explain import ANYTHING
from leads.sequences.in_words import in_words as reason_in_words

CLOSED = "the lead is closed; reopen it first"
# What is done on the page, for whoever may only look at it: by what it is done to.
WORK: Mapping[str, Sequence[str]] = {
    "The lead": (
        "log a call", "write a note", "move on", "assign", "put on the waitlist", "say that a to-do is done", "nobody can reach them",
        "close the lead",
    ),
    "Mails": (
        "write them a note", "pause all mails", "try a failed mail again", "confirm the address", "say that it is safe to e-mail again",
    ),
    "The person": (
        "correct their details", "what they agree to", "merge", "say that a scan is not theirs",
        "has died, or never to be contacted",
    ),
    "The screening": ("send the questions", "go through them by phone"),
    "Visits and referrals": (
        "book a visit", "move or cancel it, or say whether they came", "verify, accept, ask, decline, hand on or take up a referral",
        "take in what was sent in later",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Stands:
    """What decides about most of it: the lead, its person and visit, whether the address is confirmed or said not to be safe."""

    lead: Lead
    person: Person
    visit: Appointment | None
    is_confirmed: bool
    is_not_safe: bool

    @property
    def is_closed(self) -> bool:
        """True once the lead's journey has ended."""
        return self.lead.closed_at is not None


def not_now(staff: Staff, stands: Stands) -> Sequence[tuple[str, str]]:
    """Return what is not offered on a lead's page and why, in words; to whom may only look, what others do with each part of it."""
    if not staff.may_work:
        return [*((what, ", ".join(acts)) for what, acts in WORK.items()), *_by_role(staff, stands.person)]
    return [*_of_stage(stands), *_of_address(stands), *_of_closed(stands), *_by_role(staff, stands.person)]


def why_no_link(standings: Standings, *, has_stops: bool) -> str | None:
    """Return in words why the questions cannot be sent by e-mail now, or None; `has_stops` where anything of theirs was ever stopped."""
    meta = catalogue()[INVITATION].meta
    # Who never stopped anything stands alike to every topic, and the page has asked about one already.
    against = standings.may_email(Kind(meta.topic if has_stops else ANYTHING.topic, meta.lane, meta.level))
    return reason_in_words(against) if against else None


def why_no_visit(lead: Lead) -> str | None:
    """Return why no visit can be booked at a lead's stage, or None."""
    if lead.stage in ("qualified", "booked"):
        return None
    return {"closed": CLOSED, "in_care": "they are in care here"}.get(lead.stage, "a clinician qualifies them first")


def not_straight(stage: str) -> Sequence[str]:
    """Return the stages to which nobody goes straight from this one; a lead is new but once."""
    straight = {move.to for move in MOVES if stage in move.sources}
    return [words.STAGES[each] for each in STAGES if each not in straight and each not in (stage, "new")]


def _of_stage(stands: Stands) -> Iterator[tuple[str, str]]:
    lead, visit = stands.lead, stands.visit
    if apart := not_straight(lead.stage):
        yield f"Move to {' or '.join(apart)}", f"nobody goes there straight from {words.STAGES[lead.stage]}"
    if lead.stage == "booked" and visit is not None and visit.is_live:
        yield "Visit attended, or cancelled", "say so of the visit itself, above: the lead goes along"
    if lead.reached_at is not None and not stands.is_closed:
        yield "Nobody can reach them", "we have spoken with them"


def _of_address(stands: Stands) -> Iterator[tuple[str, str]]:
    why = CLOSED if stands.is_closed else "there is none on record" if not stands.person.email else None
    if why or stands.is_confirmed:
        yield "Confirm the address", why or "it is confirmed"
    if not stands.is_not_safe:
        yield "Say that it is safe to e-mail again", "nobody has said that it is not"


def _of_closed(stands: Stands) -> Iterator[tuple[str, str]]:
    if not stands.is_closed:
        return
    for label in ("Log a call", "Go through the screening", "Nobody can reach them"):
        yield label, CLOSED
    yield "Pause all mails", "the lead is closed; its sequences have ended"
    yield "Close the lead", "it is closed already"


def _by_role(staff: Staff, person: Person) -> Iterator[tuple[str, str]]:
    if not staff.may("people.restrict"):
        label = "Open the record to everybody" if person.restricted_at else "Restrict this record"
        yield label, f"for {in_words(WHO['people.restrict'])}"
    if not staff.may("record.read"):
        yield "See who looked at this record", f"for {in_words(WHO['record.read'])}"
