"""A lead about whom there is something on every page of the console, and the addresses of these pages."""

from dataclasses import dataclass

from fastapi.routing import iter_route_contexts
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.book import book
from leads.clock import now
from leads.messages.outbox import post
from leads.messages.templates import catalogue
from leads.messages.versions import keep
from leads.people.match import suggest_merge
from leads.people.models import MergeSuggestion
from leads.pipeline.models import Lead
from leads.referrals.attach import attach
from leads.safety.disclose import disclose
from leads.scans.settle import give_to
from leads.screening.begin import begin
from leads.screening.save import save_page
from leads.screening.submit import submit
from tests.appointments.visits import slot
from tests.cast import ACTOR, make_confirmed_person, make_lead
from tests.loop.cast import make_referral
from tests.scans.cast import make_scan
from tests.the_app import the_app

NAME, ADDRESS = "Quimby", "zelda@example.com"
# Pages that show nobody: the door, one's own account, empty forms, counts, and the questions as such;
# what is imported is on record by the import, see test_import.
NOBODY = ("/console/sign-in", "/console/oidc/", "/console/invited/", "/console/here", "/console/locked", "/console/second-factor")
NOBODY += ("/console/account", "/console/colleagues", "/console/{mistyped", "/console/palette", "/console/events", "/console/new")
NOBODY += ("/console/brief", "/console/mails", "/console/reports", "/console/sequences", "/console/import")
NOBODY += ("/console/safety/test/", "/console/leads/{number}/screening/{screening_id}/questionnaire.json")


@dataclass(frozen=True)
class Story:
    """Zelda's lead, and what stands in the addresses of all that hangs on it."""

    lead: Lead
    ids: dict[str, str]

    def at(self, path: str) -> str:
        """Return where a page of this story is."""
        return path.format(**self.ids)


def shown_paths() -> list[str]:
    """Every page of the console that shows somebody."""
    routes = [each for each in iter_route_contexts(the_app().routes) if (each.path or "").startswith("/console")]
    paths = {each.path or "" for each in routes if "GET" in (each.methods or ())}
    return sorted(path for path in paths if not path.startswith(NOBODY))


def make_story(session: Session) -> Story:
    """Zelda was referred with a scan, has a visit, sent one screening and began another, told of danger, and may be somebody else."""
    person = make_confirmed_person(session, given_name="Zelda", family_name=NAME, email=ADDRESS)
    lead = make_lead(session, person, stage="qualified", source="referral", office="new-haven")
    referral = make_referral(session, lead=lead)
    letter = attach(session, referral, "Letter.pdf", b"%PDF-1.7 words", actor=ACTOR)
    nobodys, theirs = make_scan(session), make_scan(session, content=b"%PDF-1.7 theirs")
    give_to(session, theirs.id, lead, actor=ACTOR)
    book(session, lead.id, slot(), actor=ACTOR)
    sent, _ = (_screening(session, lead, is_sent=is_sent) for is_sent in (True, False))
    facts = {"office": "new-haven", "expected_by": now().isoformat(), "confirm_url": "https://example.com/c/nothing"}
    mail = post(session, person.id, "inquiry-received", cause="test", lead_id=lead.id, facts=facts)
    mail.language, mail.template_version = "en", keep(session, catalogue()[mail.template], "en").version
    other = make_confirmed_person(session, given_name="Zelda", family_name=NAME, email="z@example.com")
    make_lead(session, other)
    suggest_merge(session, person.id, other.id, why="phone")
    disclose(session, person.id, lead.id, source="inquiry", actor="system")
    session.commit()
    ids = {"message_id": mail.id, "attachment_id": letter.id, "scan_id": nobodys.id, "theirs": theirs.id, "screening_id": sent}
    ids["pair_id"] = session.scalars(select(MergeSuggestion.id)).one()
    named = {"number": lead.number, "which": referral.number, "key": "history"}
    return Story(lead, named | {name: str(row_id) for name, row_id in ids.items()})


def _screening(session: Session, lead: Lead, *, is_sent: bool) -> object:
    screening = begin(session, lead.id, channel="phone", actor=ACTOR, language="en")
    save_page(session, screening.id, "history", {"diagnosis": ["depression"]}, actor=ACTOR)
    if is_sent:
        submit(session, screening.id, actor=ACTOR)
    return screening.id
