"""What `handoff check` asks of every e-mail as it will read: level, claims, risks, footer, links, size."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from leads.clinic.profile import clinic
from leads.messages import forbidden, lint_rules
from leads.messages.places import arriving
from leads.messages.render import Rendered, RenderError, render_template
from leads.messages.templates import Template, catalogue

LARGEST_HTML = 102 * 1024  # Gmail cuts off what is longer, the way out with it.
HARDEST_GRADE = 8.0
WORD = re.compile(r"[^\W_]+(?:[’'-][^\W_]+)*")
SITE = "https://care.elmharbor.test"
FACTS: dict[str, Any] = {
    "given_name": "Alma", "office": "woodbury", "expected_by": "Tuesday, October 6, 5:00 PM", "number": "R-000042",
    "visit_day": "Tuesday, October 6", "visit_time": "10:00 AM", "phone": "+1 203-555-0102",
    "confirm_url": f"{SITE}/c/1", "unsubscribe_url": f"{SITE}/u/2", "preferences_url": f"{SITE}/p/3",
    "numbers": ("R-000042", "R-000043"), "status_url": f"{SITE}/r/4", "portal_url": f"{SITE}/portal",
    "sign_in_url": f"{SITE}/portal/enter/5", "visit_url": f"{SITE}/a/6",
    "screening_url": f"{SITE}/s/8",
    "invitation_url": f"{SITE}/console/invited/9",
    "page_url": f"{SITE}/console/safety", "lead_url": f"{SITE}/console/leads/L-000042", "raised": "Tue Oct 6, 2:10 PM", "step": 2,
    "paragraphs": ("Thank you for your call.", "We look forward to hearing from you."), "signed_by": "Casey Morgan",
    "brief_url": f"{SITE}/console/brief", "mails_url": f"{SITE}/console/mails",
    "today": "Tuesday, October 6", "new_count": 3, "late_count": 1, "todo_count": 4, "visit_count": 5, "unsent_count": 0, "mail_count": 2,
    "answer_minutes": 60, "contact_count": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Letter:
    """A rendered mail, its HTML read once, and what may stand in it although it names an illness: our name and the crisis text."""

    template: Template
    language: str
    mail: Rendered
    page: "Page"

    def own_words(self, text: str) -> str:
        """Return the text without the fixed parts that are exempt from the level."""
        here = clinic()
        practice, crisis = here.practice, here.crisis_text["es" if self.language == "es" else "en"]
        fixed = (crisis, practice.postal_address, practice.legal_name, practice.name)
        text = " ".join(text.split())
        for part in fixed:
            text = text.replace(" ".join(part.split()), " ")
        return text


class Page(HTMLParser):
    """What a reader gets of an HTML mail: its words, links, and anything it would load."""

    HIDDEN = ("style", "title", "head")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.lang = ""
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where it leads and what it loads."""
        given = {name: value or "" for name, value in attrs}
        self.lang = given.get("lang", "") if tag == "html" else self.lang
        self.links += [given["href"]] if tag == "a" and "href" in given else []
        self.loads += [tag] if tag in {"img", "link", "script", "iframe", "object", "video", "form"} else []
        self.loads += [f"{tag} {name}" for name in given if name in {"src", "srcset", "background"} or name.startswith("on")]
        self.loads += [f"{tag} style" for name in given if name == "style" and "url(" in given[name]]
        hidden = "preheader" if "display:none" in given.get("style", "") else ""
        if tag not in {"br", "meta", "hr", "img", "input", "link"}:
            self._inside.append(hidden or tag)

    def handle_endtag(self, tag: str) -> None:
        """Leave it."""
        if self._inside and tag not in {"br", "meta"}:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        """Keep what is shown."""
        if "style" in self._inside and ("url(" in data or "@import" in data):
            self.loads.append("style")
        if not set(self._inside) & {*self.HIDDEN, "preheader"}:
            self.words.append(data)

    @property
    def text(self) -> str:
        """The words shown, in order."""
        return _squeezed(" ".join(self.words))


def lint_all() -> list[str]:
    """Return every fault of every e-mail in each of its languages; empty when all may go."""
    of_mails = (
        f"{name} ({language}): {fault}"
        for name, template in catalogue().items()
        for language in template.meta.languages
        for fault in lint(template, language)
    )
    return [*lint_rules.sender_faults(), *lint_rules.use_faults(catalogue()), *of_mails]


def lint(template: Template, language: str) -> list[str]:
    """Return the faults of an e-mail, read as it will be sent: to a person known, and to one who has only given a name."""
    optional = {"given_name", "office", "confirm_url", "preferences_url", "status_url", "portal_url", "visit_url"}
    sparse = {name: value for name, value in FACTS.items() if name not in optional - set(template.meta.facts)}
    try:
        letters = [_letter(template, language, facts) for facts in (FACTS, sparse, {**FACTS, "discreet": True})]
    except RenderError as error:
        return [error.message]
    # Colours and subject are the same whoever reads it.
    faults = [*lint_rules.subject_faults(template, language), *lint_rules.look_faults(letters[0].mail.html)]
    faults += [fault for letter in letters for fault in _faults(letter)]
    return list(dict.fromkeys(faults))


def _letter(template: Template, language: str, facts: Mapping[str, object]) -> Letter:
    mail = render_template(template, language, facts)
    return Letter(template, language, mail, Page(mail.html))


def _faults(letter: Letter) -> Iterator[str]:
    for check in (_level, _claims, _risks, _parts, _links, _loads, _frame, _plainness):
        yield from check(letter)


def _level(letter: Letter) -> Iterator[str]:
    level, health = letter.template.meta.level, forbidden.HEALTH[letter.language]
    for place, text in (("subject", letter.mail.subject), ("preheader", letter.mail.preheader)):
        for word in {*health.findall(text), *forbidden.VISIT[letter.language].findall(text)}:
            yield f"{place}: “{word}” tells more than level 0 may"
    for link in letter.page.links:
        if found := health.search(re.sub(r"[/_%?=&.-]", " ", link)):
            yield f"link: “{found[0]}” tells more than level 0 may"
    for part, text in (("text", letter.mail.text), ("html", letter.page.text)):
        own = letter.own_words(text)
        words = set(health.findall(own)) if level < 2 else set()
        words |= set(forbidden.VISIT[letter.language].findall(own)) if level == 0 else set()
        for word in sorted(words):
            yield f"{part}: “{word}” tells more than level {level} may"


def _claims(letter: Letter) -> Iterator[str]:
    read = (letter.mail.subject, letter.mail.preheader, letter.mail.text, letter.page.text)
    own = _not_approved(letter, " ".join(letter.own_words(text) for text in read))
    for why, pattern in forbidden.CLAIMS[letter.language].items():
        for found in {match[0] for match in pattern.finditer(own)}:
            yield f"claim: “{found}”: {why}"
    yield from lint_rules.breath_faults(letter.mail.text)
    described = any(forbidden.TREATMENT.search(letter.own_words(text)) for text in (letter.mail.text, letter.page.text))
    yield from lint_rules.claim_faults(letter.template, describes=described)


def _not_approved(letter: Letter, text: str) -> str:
    """Return the text without what the clinic approved for its offices: driving and the way home may be spoken of there alone."""
    for office in clinic().offices:
        for part in arriving(office, letter.language).values():
            text = text.replace(" ".join(part.split()), " ") if part else text
    return text


def _risks(letter: Letter) -> Iterator[str]:
    describes = letter.template.meta.topic == "education" and letter.template.meta.level == 2
    own = [letter.own_words(text) for text in (letter.mail.text, letter.page.text)]
    needed = forbidden.RISKS[letter.language] if describes or any(forbidden.TREATMENT.search(text) for text in own) else {}
    for what, pattern in needed.items():
        for part, text in zip(("text", "html"), own, strict=True):
            if not pattern.search(text):
                yield f"{part}: nothing on {what}"


def _parts(letter: Letter) -> Iterator[str]:
    text, html = (_vocabulary(part) for part in (letter.mail.text, letter.page.text))
    if not text:
        yield "no text part"
    for part, extra in (("text", text - html), ("html", html - text)):
        if extra and text:
            yield f"only the {part} part says: {' '.join(sorted(extra))}"


def _links(letter: Letter) -> Iterator[str]:
    for link in letter.page.links:
        if link.startswith("http:"):
            yield f"link: {link} is not https"
        if link.startswith("tel:") and re.sub(r"\D", "", link) not in re.sub(r"[^\d\n.,:;]", "", letter.mail.text):
            yield f"link: {link} is not in the text part"
        if link.startswith("http") and link.partition("://")[2] not in letter.mail.text:
            yield f"link: {link} is not in the text part"
    for link in re.findall(r"https?://\S+", letter.mail.text):
        if link not in letter.page.links:
            yield f"link: {link} is not in the html part"


def _loads(letter: Letter) -> Iterator[str]:
    for what in letter.page.loads:
        yield f"html: {what} loads something: nothing we send may be seen to be opened"


def _frame(letter: Letter) -> Iterator[str]:
    meta, crisis = letter.template.meta, clinic().crisis_text["es" if letter.language == "es" else "en"]
    address = clinic().practice.postal_address.partition(",")[2].strip()
    words = letter.template.editions[letter.language].words
    way_out = FACTS["unsubscribe_url"] if "confirm_url" not in letter.template.declared else ""
    for part, text in (("text", letter.mail.text), ("html", f"{letter.page.text} {' '.join(letter.page.links)}")):
        plain = _squeezed(text)
        if address not in plain:
            yield f"{part}: no postal address"
        if _squeezed(words.why[meta.topic]) not in plain:
            yield f"{part}: no word on why one gets it"
        if words.sent_by not in plain:
            yield f"{part}: no word on who sent it"
        if meta.audience == "person" and _squeezed(crisis) not in plain:
            yield f"{part}: no crisis text in the footer"
        if meta.audience == "person" and way_out not in plain:
            yield f"{part}: no way to stop these mails"
    if letter.page.lang != letter.language:
        yield "html: no lang, or the wrong one"
    if (size := len(letter.mail.html.encode())) > LARGEST_HTML:
        yield f"html: {size} bytes; expected at most {LARGEST_HTML}"


def _plainness(letter: Letter) -> Iterator[str]:
    # Kincaid 1975; no such grade is agreed on for Spanish.
    own = letter.own_words(re.sub(r"https?://\S+", "", re.sub(r"\n{2,}|\n- ", ". ", letter.mail.text.split("-----")[0])))
    words = re.findall(r"[A-Za-z’'-]+", own)
    sentences = [part for part in re.split(r"[.!?:]+\s", own) if re.search(r"[A-Za-z]", part)]
    if letter.language != "en" or not words:
        return
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", word.lower())))) for word in words)
    grade = 0.39 * len(words) / max(1, len(sentences)) + 11.8 * syllables / len(words) - 15.59
    if grade > HARDEST_GRADE:
        yield f"text: reads at grade {grade:.1f}; expected {HARDEST_GRADE:.0f} or below"


def _vocabulary(text: str) -> set[str]:
    return set(WORD.findall(re.sub(r"https?://\S+", " ", text).lower()))


def _squeezed(text: str) -> str:
    # A tag around 988 leaves a blank before the comma.
    return re.sub(r"\s+([.,:;])", r"\1", " ".join(text.split()))
