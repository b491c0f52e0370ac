"""How colleagues read what somebody agreed to and chose."""

from datetime import datetime

from leads.consent.history import Act
from leads.http.console.words import GRANTS, LANGUAGES, in_words

TOPICS = {
    "inquiry": "answers to the inquiry",
    "education": "educational mail",
    "screening": "the screening",
    "visits": "visits",
    "referral": "news about a referral",
}
SOURCES = {
    "inquiry": "an inquiry",
    "referral": "a referral",
    "preferences": "their own page of choices",
    "unsubscribe": "the link in a mail",
    "reply": "an answer to a mail",
    "spoken": "a conversation",
    "confirmation": "a confirmation",
    "mail-service": "their mail program",
    "import": "an imported list",
    "merge": "a merge of two records",
    "person": "the person",
    "account": "a colleague",
    "system": "us, automatically",
    "key": "a connected system",
}
METHODS = {
    "button": "by a button",
    "one-click": "by one click in their mail program",
    "undo": "undone by a button",
    "page": "by form",
    "spoken": "in conversation",
    "spoken-for": "in conversation, by somebody for them",
    "written": "in writing",
    "written-for": "in writing, by somebody for them",
    "reply": "by a reply",
    "email": "by e-mail",
    "unsubscribed": "by its way out",
    "complained": "reported as spam",
    "not-safe": "it is not safe to write there",
}
SAID = {
    "grant": "Agreed to {what}",
    "withdraw": "Took back {what}",
    "stop": "Stopped {what}",
    "allow": "Allowed {what} again",
    "rest": "A break until",
    "resume": "Ended the break",
    "confirm": "The address is their own",
}


def topic(code: str | None) -> str:
    """Return what a stop is of; all mail where it names no topic."""
    return in_words(TOPICS, code).lower() if code else "all mail"


def sentence(act: Act) -> str:
    """Return an act as a colleague reads it; that of a break ends with its moment (`until`)."""
    if act.act == "set":
        return f"Language: {in_words(LANGUAGES, act.value)}" if act.what == "language" else f"Discreet mail: {act.value}"
    return SAID[act.act].format(what=_what(act))


def until(act: Act) -> datetime | None:
    """Return when a break ends; None of any other act."""
    return datetime.fromisoformat(act.value) if act.act == "rest" and act.value else None


def _what(act: Act) -> str:
    kind, _, code = act.what.partition(":")
    if kind == "topic":
        return f"mail about {topic(code)}" if code in ("screening", "visits") else topic(code)
    return {"all": "all mail", "address": "mail to one address"}.get(kind) or in_words(GRANTS, act.what)
