"""What is encrypted of a lead's story, as rows for COPY: the person, what they sent, what was noted, their answers."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from benchmarks.leads_data import PEOPLE, email_of, name_of, person_row, phone_of
from benchmarks.years.story import RESTRICTED, Clinic, Story, serial_of
from leads.db import new_id
from leads.screening.assess import assess
from leads.screening.questionnaire import definition
from leads.security.fields import seal

COLUMNS = {
    "people": f"{PEOPLE}, birth_date, restricted_at",
    "leads": "id, serial, person_id, stage, office, interest, source, for_whom, assigned_to, opened_at, expected_by, reached_at, "
    "promise_told_at, closed_at, outcome, first_closed_at, first_outcome, version",
    "inquiries": "id, person_id, lead_id, channel, received, received_at",
    "provider_claims": "id, provider_id, practice_id, said, channel, at, verified_at",
    "referrals": "id, lead_id, person_id, claim_id, provider_id, practice_id, channel, received, content_hash, office, urgency, "
    "current_risk, part2, received_at, expected_by, state, came_from, state_at, changed_at, version, their_promise, words, closed_at",
    "referral_events": "id, referral_id, event, state, version, details, actor, at",
    "notes": "id, lead_id, text, kind, actor, at",
    "todos": "id, person_id, lead_id, kind, role, urgent, due_at, note, opened_by, opened_at, for_account",
    "screenings": "id, person_id, lead_id, questionnaire, definition, language, channel, begun_at, begun_by, expires_at, submitted_at, "
    "submitted_by, staffed, finding, result, reviewed_at, reviewed_by, version",
    "screening_answers": "id, screening_id, page, answers, saved_at, saved_by",
    "inbound_mails": "id, fingerprint, channel, said, size, received_at, state, kind, reason, urgent, "
    "tries, look_at, handled_at, person_id, lead_id",
    "scans": "id, name, media_type, size, content, fingerprint, part2, channel, sender, office, urgent, brought_by, brought_at, "
    "expected_by, settled_at, settled_by, outcome, lead_id",
    "quarantined_inquiries": "id, why, channel, received, received_at",
    "stories": "number, slot, person_id, lead_id, address, opened_at, life, expected_by, stage, steps, outcome, need, source, office, "
    "owner, screened, visited, is_long, referral_id",
}
SAID = (
    "Would like to know how long a visit lasts, and whether somebody may come along.",
    "Has tried three medicines over four years; the last one helped for a while. Works nights, so mornings are bad.",
    "Spoke with her husband: she calls back on Thursday after work.",
    "Insurance is unclear. Sent the list of what we need, and told him what a first visit costs without it.",
    "Nervous about needles. Explained both ways, and what the hours afterwards look like.",
)
Rows = dict[str, list[tuple[Any, ...]]]


def write(rows: Rows, clinic: Clinic, story: Story) -> None:
    """Add the rows of a story to those of its chunk, by table."""
    dice = random.Random(-story.number - 1)
    rows["stories"].append(story)
    _person_and_lead(rows, clinic, story, dice)
    if story.source == "inquiry":
        _inquiry(rows, story, dice)
    if story.referral_id is not None:
        _referral(rows, clinic, story, dice)
    _notes(rows, story, dice)
    if story.screened:
        _screening(rows, story, dice)
    for each in range(20 if story.is_long else dice.random() < 0.05):
        _answer(rows, story, story.at((each + 1) / 22))
    if story.need == "under-way" and story.slot % 5 == 2:
        _own_todo(rows, clinic, story)
    _at_the_door(rows, story)


def _person_and_lead(rows: Rows, clinic: Clinic, story: Story, dice: random.Random) -> None:
    born = f"{dice.randrange(1940, 2006)}-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}"
    restricted = story.opened_at if story.number % RESTRICTED[0] == RESTRICTED[1] else None
    person = person_row(story.number, story.person_id, story.address, story.opened_at)
    rows["people"].append((*person, _sealed("people", "birth_date", story.person_id, born), restricted))
    closed, told = (story.at(1) if story.need is None else None), (None if story.need == "call-now" else story.expected_by)
    owner = uuid.UUID(story.owner.removeprefix("account:"))
    is_taken = owner == clinic.staff[0] or dice.random() < 0.6
    interest = _sealed("leads", "interest", story.lead_id, dice.choice(("iv", "im", "unsure")))
    reached = story.at(0.1) if story.steps else None
    rows["leads"].append(
        (story.lead_id, serial_of(story.number), story.person_id, story.stage, story.office, interest, story.source, "self",
         owner if is_taken else None, story.opened_at, story.expected_by, reached, told, closed, story.outcome, closed, story.outcome, 3)
    )  # fmt: skip


def _inquiry(rows: Rows, story: Story, dice: random.Random) -> None:
    given, family = name_of(story.number)
    received = {
        "for_whom": "self", "given_name": given, "family_name": family, "email": email_of(story.number),
        "phone": phone_of(story.number), "language": "en", "reach_by": dice.choice(("any", "phone", "email")), "reach_when": "any",
        "safe_voicemail": True, "safe_email": True, "office": story.office, "interest": "iv",
        "heard_from": dice.choice(("doctor", "friend", "search")),
        "message": dice.choice(SAID), "consent": {"contact": True, "education": True, "unencrypted_email": True, "wording": "2026-11"},
    }  # fmt: skip
    row_id = new_id()
    cell = _sealed("inquiries", "received", row_id, received)
    rows["inquiries"].append((row_id, story.person_id, story.lead_id, "page", cell, story.opened_at))


def _referral(rows: Rows, clinic: Clinic, story: Story, dice: random.Random) -> None:
    provider_id, practice_id, said = dice.choice(clinic.referrers)
    is_stranger, asks = story.need == "to-verify", story.need == "for-referrer"
    claim_id, row_id = new_id(), story.referral_id
    assert row_id is not None
    known_since = None if is_stranger else story.opened_at
    claim = _sealed("provider_claims", "said", claim_id, said)
    rows["provider_claims"].append(
        (claim_id, provider_id, None if is_stranger else practice_id, claim, "page", story.opened_at, known_since)
    )
    given, family = name_of(story.number)
    patient = {
        "given_name": given,
        "family_name": family,
        "email": email_of(story.number),
        "phone": phone_of(story.number),
        "language": "en",
    }
    received = {"provider": said, "patient": patient, "reason": dice.choice(SAID), "urgency": "routine", "diagnoses": ["F33.2"]}
    events = list(_events(story, asks=asks))
    _, state, at, _ = events[-1]
    closed = at if state == "closed" else None
    words = _sealed("referrals", "words", row_id, {"missing": ["Which medicines were tried, and for how long."]}) if asks else None
    rows["referrals"].append(
        (row_id, story.lead_id, story.person_id, claim_id, provider_id, None if is_stranger else practice_id, "page",
         _sealed("referrals", "received", row_id, received), row_id.bytes * 2, story.office, "routine", False, False, story.opened_at,
         story.expected_by, state, "received" if asks else None, at, at, len(events),
         clinic.now + timedelta(hours=dice.uniform(-40, 200)) if asks else None, words, closed)
    )  # fmt: skip
    for version, (event, state, at, details) in enumerate(events, 1):
        event_id = new_id()
        cell = _sealed("referral_events", "details", event_id, details) if details else None
        rows["referral_events"].append((event_id, row_id, event, state, version, cell, story.owner, at))


def _events(story: Story, *, asks: bool) -> Iterator[tuple[str, str, datetime, dict[str, Any] | None]]:
    yield "package", "received", story.opened_at, None
    if asks:
        yield "ask", "needs_information", story.at(0.3), {"missing": ["Which medicines were tried, and for how long."]}
        return
    for step, event, state in ((1, "accept", "accepted"), (4, "schedule", "booked"), (5, "interim", "attended")):
        if story.steps >= step:
            yield event, state, story.at(step / 8), {"at": story.at(0.7).isoformat()} if event == "schedule" else None
    if story.need is None:
        yield "outcome", "closed", story.at(1), {"outcome": story.outcome}


def _notes(rows: Rows, story: Story, dice: random.Random) -> None:
    for each in range(80 if story.is_long else dice.randrange(1, 4) if story.steps else 0):
        row_id, kind = new_id(), dice.choice(("call:reached", "call:reached", "call:no-answer", "note"))
        text = _sealed("notes", "text", row_id, dice.choice(SAID)) if kind == "note" or dice.random() < 0.5 else None
        rows["notes"].append(
            (row_id, story.lead_id, text, kind, story.owner, story.at((each + 1) / 90 if story.is_long else dice.random()))
        )


def _screening(rows: Rows, story: Story, dice: random.Random) -> None:
    pages, finding, result = _filled_in(dice.randrange(12))
    row_id, person, sent = new_id(), f"person:{story.person_id}", story.at(0.3)
    reviewed = None if story.need == "to-review" else story.at(0.35)
    rows["screenings"].append(
        (row_id, story.person_id, story.lead_id, "screening", definition().version, "en", "link", story.at(0.25), person, sent, sent,
         person, False, finding, _sealed("screenings", "result", row_id, result), reviewed, story.owner if reviewed else None, 3)
    )  # fmt: skip
    for page, answers in pages.items():
        saved_id = new_id()
        cell = _sealed("screening_answers", "answers", saved_id, answers)
        rows["screening_answers"].append((saved_id, row_id, page, cell, sent, person))


@lru_cache
def _filled_in(which: int) -> tuple[dict[str, dict[str, Any]], str, dict[str, Any]]:
    """Return the answers of one who filled in the screening, by page, and what they come to."""
    dice, asked = random.Random(which), definition()
    pages = {page.key: {each.key: _typed(each, dice) for each in asked.questions(page) if not each.is_safety} for page in asked.asked.pages}
    pages = {key: answers for key, answers in pages.items() if answers}
    found = assess(asked, {key: value for answers in pages.values() for key, value in answers.items()}, staffed=False)
    return pages, found.finding, asdict(found)


def _typed(question: Any, dice: random.Random) -> Any:
    if question.type == "trials":
        outcome = str(question.options[0].value)
        return [{"drug": drug, "dose": "20 mg", "weeks": 8, "outcome": outcome} for drug in ("Sertraline", "Bupropion", "Venlafaxine")]
    if question.type in ("text", "lines"):
        return dice.choice(SAID) if question.type == "text" else ["Sertraline 100 mg", "Vitamin D"]
    chosen = str(dice.choice(question.choices).value)
    return [chosen] if question.type == "choices" else chosen


def _answer(rows: Rows, story: Story, at: datetime) -> None:
    row_id = new_id()
    said = {"subject": "Re: Your visit", "from": email_of(story.number), "text": SAID[0], "own": SAID[0], "attachments": []}
    cell = _sealed("inbound_mails", "said", row_id, said)
    its = ("smtp", cell, 4_000, at, "done", "reply", None, False, 0, at, at, story.person_id, story.lead_id)
    rows["inbound_mails"].append((row_id, row_id.bytes, *its))


def _own_todo(rows: Rows, clinic: Clinic, story: Story) -> None:
    row_id, due = new_id(), clinic.now + timedelta(hours=50 + story.number % 400)
    note = _sealed("todos", "note", row_id, "Ask how the first week went.")
    whose = uuid.UUID(story.owner.removeprefix("account:"))
    its = (story.person_id, story.lead_id, "own", "coordinator", False, due, note, story.owner, story.at(0.9), whose)
    rows["todos"].append((row_id, *its))


def _at_the_door(rows: Rows, story: Story) -> None:
    """What came beside the leads: mail and scans that name nobody, what looked automated, and scans that were found to be somebody's."""
    row_id, at = new_id(), story.opened_at
    match story.number % 150:
        case 5:
            said = {"subject": "A question", "from": email_of(story.number), "text": SAID[1], "own": SAID[1], "attachments": []}
            its = ("smtp", _sealed("inbound_mails", "said", row_id, said), 4_000, at, "unmatched", "reply", "unknown-sender", False, 0, at)
            rows["inbound_mails"].append((row_id, row_id.bytes, *its, None, None, None))
        case 9:
            received = {"given_name": "Buy now", "message": "Cheap watches", "email": email_of(story.number)}
            rows["quarantined_inquiries"].append(
                (row_id, "honeypot", "page", _sealed("quarantined_inquiries", "received", row_id, received), at)
            )
        case 11 | 61 | 111 as which:
            content = _sealed("scans", "content", row_id, "JVBERi0xLjQK" * 100)
            settled = (None, None, None, None) if which == 11 else (at + timedelta(hours=2), story.owner, "given", story.lead_id)
            rows["scans"].append(
                (row_id, _sealed("scans", "name", row_id, "fax.pdf"), "application/pdf", 900, content, row_id.bytes * 2, False, "fax",
                 _sealed("scans", "sender", row_id, "A practice"), "new-haven", False, story.owner, at, at + timedelta(days=1), *settled)
            )  # fmt: skip


def _sealed(table: str, column: str, row_id: uuid.UUID, value: Any) -> bytes:
    return seal(value, table=table, column=column, row_id=row_id)
