"""The codes of the console as people read them, and moments as people say them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from leads.clinic.profile import clinic
from leads.clock import now
from leads.http.pages import phone_words
from leads.messages.models import Message
from leads.messages.templates import catalogue
from leads.pipeline.worklist import COUNTED
from leads.todos.open import OWN

NEEDS = {
    "safety": "Safety",
    "call-now": "Call now",
    "to-review": "Screening to review",
    "phone-instead": "Bounced: phone instead",
    "unknown": "Unknown deliveries",
    "to-verify": "Referrals to verify",
    "today": "To do today",
    "new": "New",
    "to-confirm": "Address to confirm",
    "for-patient": "Waiting for patient",
    "for-referrer": "Waiting for referrer",
    "under-way": "Under way",
    "waitlist": "On the waitlist",
    "closed": "Closed",
}
HINTS = {
    "safety": "On hold, or an urgent to-do: a clinician looks first. No automatic mail goes out meanwhile.",
    "call-now": "The promise runs out within four hours, or has run out; or our news never went out.",
    "to-review": "They have answered our questions: a clinician looks at it.",
    "phone-instead": "A mail came back or could not go: what it said is told by phone.",
    "unknown": "A mail may have arrived or not: find out before it is sent again.",
    "for-patient": "They have a screening to fill in, or a time to choose; we remind them.",
    "to-verify": "Somebody we don't know referred them: call the practice at a number you find yourself.",
    "for-referrer": "We asked for something; the clock that runs is the referrer's.",
    "today": "Due before the day ends.",
    "new": "Nobody has spoken with them yet; there is still time.",
    "to-confirm": "We spoke, but no mail can go until the address is known to be theirs.",
    "under-way": "Nothing is due. The next step depends on the stage.",
    "waitlist": "They would come if there were a place: who has waited longest is first.",
    "closed": "The newest first.",
}
# Lists that are no need: nothing is due in them, and they stand at the end of the row.
BESIDE = ("waitlist", "closed")
# By what a lead began; by which way an inquiry or a referral came, a report tells.
SOURCES = {"inquiry": "Inquiry", "referral": "Referral", "import": "Import"}
STAGES = {
    "new": "New",
    "contacted": "Contacted",
    "screening": "Screening",
    "qualified": "Qualified",
    "booked": "Booked",
    "in_care": "In care",
    "closed": "Closed",
}
NEXT_AT_STAGE = {
    "new": "Call them",
    "contacted": "Decide about screening",
    "screening": "Finish the screening",
    "qualified": "Book a visit",
    "booked": "See them at their visit",
    "in_care": "Close when care here ends",
    "closed": "Nothing",
}
TODOS = {
    "call": "Call them",
    "safety": "A clinician looks now",
    "read-reply": "Read their answer",
    "verify-referrer": "Call the practice that referred them",
    "amendment": "Look at what the referrer changed",
    "risk-review": "A clinician reads the referral",
    "risk-note": "A clinician reads the note that was brought in",
    "review-screening": "A clinician looks at the screening",
    "help-with-screening": "Go through the screening by phone",
    "phone-referrer": "Phone the referrer for what is missing",
    "tell-referrer": "Phone the referrer with the news",
    "read-answer": "Read the referrer's answer",
    "help-referrer": "Phone the referrer: their link is closed",
    "confirm-withdrawal": "Confirm the withdrawal",
    "withdrawn": "Decide what becomes of the lead: its referral was withdrawn",
    "rebook": "Find another time for the visit with them",
    "call-visit": "Call them about the visit: a hold keeps its mail back",
    "phone-instead": "Phone them: a mail could not go",
    "unheard": "Call them: what we decided never reached them",
    "unheard-referrer": "Call who referred them: our news never reached them",
    "complained": "Ask whether they still want our help: they reported a mail as spam",
    "look-again": "Look whether there is a place now",
    "settle-unknown": "Find out whether a mail arrived",
    "wrong-number": "Find their right number: the one we have is wrong",
    "own": "A to-do of our own",
    "review-opening": "A supervisor looks at who opened this restricted record",
}
NOTES = {"why-stopped": "Why they stopped our mails", "corrected": "Details corrected"}
DISPOSITIONS = {
    "no-danger": "Spoke with them: no danger now",
    "safety-plan": "Spoke with them: a safety plan is agreed",
    "emergency": "Emergency services were called",
    "other-care": "Handed over to other care",
    "not-about-them": "It was not about themselves",
}
DISCLOSED_IN = {
    "inquiry": "in the inquiry form",
    "screening": "in the screening",
    "referral": "by the referrer: current risk",
    "visit": "on the page of a visit",
    "unsubscribe": "as the reason for stopping mails",
    "reply": "in a reply by mail",
}
VISITS = {
    "offered": "Offered",
    "booked": "Booked",
    "cancelled": "Cancelled",
    "attended": "Came",
    "no_show": "Nobody came",
}
VISIT_NEWS = {
    "offered": "Time offered",
    "booked": "Visit booked",
    "confirmed": "They said they will come",
    "asked": "They asked for another time",
    "moved": "Visit moved",
    "cancelled": "Visit cancelled",
    "expired": "The offer ran out",
    "attended": "They came to the visit",
    "no_show": "Nobody came to the visit",
}
RESULTS = {
    "reached": "Reached",
    "left-message": "Left a message",
    "no-answer": "No answer",
    "busy": "Busy",
    "wrong-number": "Wrong number",
    "no-calls": "Asked us not to call",
}
BY_WHEN = {"today": "Today", "tomorrow": "Tomorrow", "2-business-days": "In 2 business days", "5-business-days": "In 5 business days"}
STATES = {
    "planned": "planned",
    "claimed": "on its way",
    "sending": "on its way",
    "sent": "sent",
    "delivered": "delivered",
    "bounced": "bounced",
    "complained": "reported as spam",
    "failed": "failed",
    "unknown": "sent, we think, but nobody knows",
    "skipped": "not sent",
    "cancelled": "cancelled",
    "expired": "not sent: too late",
}
GRANTS = {
    "contact": "contact",
    "education": "educational mail",
    "unencrypted_email": "health topics in plain e-mail",
    "status_to_referrer": "status to the referrer",
}
AGREED_THROUGH = {
    "inquiry": "the inquiry form",
    "referral": "a referral",
    "preferences": "the preferences page",
    "unsubscribe": "the unsubscribe link",
    "spoken": "a conversation",
    "merge": "a merge of two records",
    "merge-void": "a merge that was undone",
    "reply": "an answer by mail",
    "import": "a spreadsheet that was brought in",
}
REACH_BY = {"any": "any way", "phone": "by phone", "text": "by text", "email": "by e-mail"}
REACH_WHEN = {"any": "at any time", "morning": "in the morning", "afternoon": "in the afternoon", "evening": "in the evening"}
LANGUAGES = {"en": "English", "es": "Spanish"}
APPROVALS = {
    "approved": "Approved",
    "shipped": "Ships with the system",
    "expired": "Approval ran out",
    "awaiting": "Awaits a reviewer",
    "refused": "Refused",
    "new": "Not yet submitted",
    "not-needed": "Needs no approval",
}
CHANNELS = {
    "page": "our page",
    "form": "our page",
    "portal": "the portal",
    "embed": "the form on the clinic's site",
    "phone": "a call",
    "walk-in": "a walk-in",
    "fax": "a fax",
    "letter": "a letter",
    "api": "a connected system",
    "fhir": "a connected system (FHIR)",
}
TRAPS = {
    "honeypot": "It filled a field that people cannot see.",
    "no-stamp": "It did not come from our page.",
    "forged": "Its stamp was not ours.",
    "too-fast": "It came faster than anybody can type.",
    "stale": "The page had been open for days.",
}
FIELDS = {
    "for_whom": "For",
    "safe_voicemail": "May leave a voicemail",
    "safe_email": "May e-mail",
    "email": "E-mail",
    "insurance_question": "On insurance or cost",
    "heard_from": "Heard of us through",
}
NEAR = {-1: "yesterday", 0: "today", 1: "tomorrow"}
NOTHING_SAID = {"none": "No preference"}


def in_words(table: dict[str, str], code: str | None) -> str:
    """Return the words for a code; an unknown one is shown plainly rather than hidden."""
    return table.get(code or "", (code or "").replace("-", " ").replace("_", " ").capitalize())


def todo_words(kind: str | None, note: str | None = None) -> str:
    """Return what a to-do asks for: one of a colleague's own says it in their words."""
    return note if kind == OWN and note else in_words(TODOS, kind)


def office_name(code: str | None) -> str:
    """Return an office's name; `No preference` where none was chosen."""
    names = {office.code: office.name for office in clinic().offices} | NOTHING_SAID
    return in_words(names, code or "none")


def calendar_name(code: str | None) -> str:
    """Return whose calendar it is."""
    return next((each.name for each in clinic().visits.calendars if each.code == code), code or "outside the calendars")


def outcome_name(code: str | None) -> str:
    """Return an outcome's words."""
    return in_words({outcome.code: outcome.words["en"] for outcome in clinic().outcomes}, code)


def choice_name(code: str | None) -> str:
    """Return the words of a code people choose: an interest, how they heard from us, why a referral is declined and where to."""
    ours = clinic()
    choices = (*ours.interests, *ours.heard_from, *ours.outcomes, *ours.referrals.decline_reasons, *ours.referrals.destinations)
    more = ours.referrals.contraindications
    return in_words({each.code: each.words["en"] for each in (*choices, *more)}, code)


def value(name: str, given: Any) -> str:
    """Return what somebody chose or typed in a field of the inquiry form."""
    tables = {"reach_by": REACH_BY, "reach_when": REACH_WHEN, "language": LANGUAGES}
    if isinstance(given, bool):
        return "yes" if given else "no"
    if name == "office":
        return office_name(given)
    if name in ("interest", "heard_from"):
        return choice_name(given)
    if name == "phone":
        return phone_words(str(given))
    return in_words(tables[name], given) if name in tables else str(given).replace("someone_else", "somebody else")


def mail_title(template: str) -> str:
    """Return an e-mail's name as a title."""
    short = {choice.code for choice in clinic().interests if len(choice.code) <= 3}
    spelled = " ".join(word.upper() if word in short else word for word in template.split("-"))
    return spelled[:1].upper() + spelled[1:]


def mail_purpose(template: str) -> str:
    """Return what an e-mail is for, or nothing where it is no longer in the catalogue."""
    found = catalogue().get(template)
    return found.meta.purpose if found else ""


def mail_to(mail: Message) -> str:
    """Return who an e-mail goes to, where that is not the person."""
    whose = {
        "to the referrer": mail.provider_id,
        "to the referrer's office": mail.delegate_id,
        "to whoever referred them": mail.claim_id,
        "to a colleague": mail.account_id,
        "to the office": mail.desk_id,
    }
    return next((words for words, given in whose.items() if given), "")


def how_many(count: int) -> str:
    """Return a count as a list shows it: beyond 999 as 999+."""
    return str(count) if count <= COUNTED else f"{COUNTED}+"


def zone_of(office: str | None) -> ZoneInfo:
    """Return the zone of an office, the default one's where none was chosen."""
    return clinic().office(office).zone


def spoken(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment as a colleague would say it: `today 5:00 PM`, `yesterday 9:10 AM`, `Tue Oct 6, 5:00 PM`."""
    here, today = moment.astimezone(zone), now().astimezone(zone)
    hour, half = here.hour % 12 or 12, "AM" if here.hour < 12 else "PM"
    return f"{_day(here, today)} {hour}:{here.minute:02} {half}"


def _day(here: datetime, today: datetime) -> str:
    near = NEAR.get(here.toordinal() - today.toordinal())
    return near or here.strftime("%a %b %-d," if here.year == today.year else "%a %b %-d, %Y,")
