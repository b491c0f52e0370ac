"""The codes of imports as people read them."""

from collections.abc import Iterable, Mapping

COLUMNS = {
    "full_name": "Whole name",
    "given_name": "Given name",
    "family_name": "Family name",
    "email": "E-mail address",
    "phone": "Phone",
    "birth_date": "Birth date",
    "language": "Language",
    "office": "Office",
    "asked_on": "Day they first asked",
    "note": "Note for colleagues",
    "contact": "Consent: contact",
    "education": "Consent: educational mail",
    "unencrypted_email": "Consent: health topics in plain e-mail",
    "consent_source": "How the consent was given",
    "consent_date": "Date of the consent",
}
STATES = {
    "uploaded": "Columns to name",
    "checking": "Dry run under way",
    "checked": "Dry run done",
    "running": "Being brought in",
    "done": "Brought in",
    "undoing": "Being taken back",
    "undone": "Taken back",
}
BUSY = {
    "checking": "The dry run reads every line. Nobody is made, nobody is mailed.",
    "running": "Each good line becomes a person and a lead.",
    "undoing": "What nobody has worked on is taken back.",
}
NOTICES = {
    "no_mail": "have no consent to contact on record: nobody is mailed by itself, a colleague calls",
    "no_grant": "say yes to a consent, but not when or how it was given: no consent goes on record",
    "risk": "have a note that speaks of danger: a clinician reads it the same day",
}
REASONS = {
    "same-line": "the same as an earlier line, to the letter",
    "known": "somebody we seem to know, and you chose to leave those out",
    "consent-on-record": "closed and forgotten, not removed: a consent stays on record",
    "worked-on": "a colleague has worked on it",
    "wrote-again": "the person has another lead by now",
    "mailed": "a mail has gone to the person",
    "merged": "joined with another person",
    "in-use": "a visit, an inquiry, a hold or the like hangs on it",
    "unexpected": "it could not be taken back, for a reason the log tells",
}
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
ENCODINGS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "cp1252": "Windows-1252", "utf-16": "UTF-16"}


def wrong(errors: Iterable[Mapping[str, str]]) -> str:
    """Return what is wrong with a line, in one sentence each: which column, and what."""
    told = [f"{COLUMNS[each['field']]}: {each['message']}" if each.get("field") in COLUMNS else each["message"] for each in errors]
    return " ".join(told)
