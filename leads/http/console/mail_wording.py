"""What a mail says, before a reviewer: the version of the files, what differs from the last approved one, its facts, the verdict."""

import uuid
from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.accounts.staff import names_of
from leads.clinic.profile import Language, clinic
from leads.clock import now
from leads.errors import Forbidden, LeadsError, NotFound, StaleVersion
from leads.http.console.draw import draw
from leads.http.console.studio import Sender, Viewer
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.messages.approvals import Standing, standing_of, standings
from leads.messages.approve import REVIEWERS, approve, in_force, refuse, reviews_of, submit, withdraw
from leads.messages.difference import Line, as_read, differences
from leads.messages.render import render_template
from leads.messages.sample import sample_facts
from leads.messages.templates import Template, catalogue, claims
from leads.messages.version_models import TemplateReview
from leads.messages.versions import keep, read

# What the page after each verdict says.
DECIDED = {"approve": "wording-approved", "refuse": "wording-refused", "withdraw": "wording-withdrawn"}
router = APIRouter(prefix="/mails")
Words = Annotated[str, Form()]


@router.post("/submit-all")
def submit_all(session: Db, staff: Sender) -> Response:
    """Put every version that waits for nobody yet before a reviewer."""
    for each in standings(session):
        if each.status in ("new", "shipped", "expired"):
            submit(session, each.template.name, each.language, version=each.version, by=staff.id)
    return RedirectResponse("/console/mails?said=wordings-submitted", status_code=303)


@router.get("/{name}/{language}/wording")
def show(request: Request, session: Db, staff: Viewer, name: str, language: Language) -> Response:
    """Show the version of the files, and all that was said of it."""
    return _page(request, session, staff, name, language)


@router.post("/{name}/{language}/submit")
def put_before(request: Request, session: Db, staff: Sender, name: str, language: Language, version: Words = "") -> Response:
    """Put the version that was read before a reviewer."""

    def verb() -> object:
        return submit(session, name, language, version=version, by=staff.id)

    return _do(request, session, staff, name, language, verb, code="wording-submitted")


@router.post("/{name}/{language}/reviews/{review_id}/{verdict}")
def decide(
    request: Request,
    session: Db,
    staff: Sender,
    name: str,
    language: Language,
    review_id: uuid.UUID,
    verdict: str,
    version: Words = "",
    words: Words = "",
    claim: Annotated[Sequence[str], Form()] = (),
) -> Response:
    """Approve or refuse the version that was read, or take its approval back."""
    # Before anything is looked for: who may not decide should not be sent to look again first.
    if not REVIEWERS & staff.roles:
        raise Forbidden("What we say is approved by a colleague with the role reviewer.")

    def verb() -> object:
        if verdict == "withdraw":
            return withdraw(session, review_id, by=staff.id, roles=staff.roles)
        if _template(name, language).version(language) != version:
            raise StaleVersion("The files of this mail changed after you opened the page. Look at what they say now, then decide.")
        if verdict == "approve":
            return approve(session, review_id, by=staff.id, roles=staff.roles, looked_at=claim, words=words)
        if verdict == "refuse":
            return refuse(session, review_id, by=staff.id, roles=staff.roles, words=words)
        raise NotFound("A version is approved, refused or withdrawn.")

    return _do(request, session, staff, name, language, verb, code=DECIDED.get(verdict, ""), words=words, ticked=claim)


def _do(
    request: Request,
    session: Session,
    staff: Viewer,
    name: str,
    language: Language,
    verb: Callable[[], object],
    *,
    code: str,
    words: str = "",
    ticked: Sequence[str] = (),
) -> Response:
    try:
        with session.begin_nested():
            verb()
    except NotFound:
        raise
    except LeadsError as refusal:
        return _page(request, session, staff, name, language, refusal=refusal, typed=words, ticked=ticked)
    return RedirectResponse(f"/console/mails/{name}/{language}/wording?said={code}", status_code=303)


def _page(
    request: Request,
    session: Session,
    staff: Viewer,
    name: str,
    language: Language,
    *,
    refusal: LeadsError | None = None,
    typed: str = "",
    ticked: Sequence[str] = (),
) -> Response:
    template = _template(name, language)
    standing, reviews = standing_of(session, template, language), reviews_of(session, keep(session, template, language).id)
    people = names_of(session, [who for each in reviews for who in (each.submitted_by, each.decided_by, each.withdrawn_by) if who])
    return draw(
        request,
        "mail_wording.html",
        status=refusal.status if refusal else 200,
        staff=staff,
        tab="sequences",
        waiting=waiting(session),
        mail=template,
        language=language,
        standing=standing,
        reviews=reviews,
        people=people,
        claims=[claims()[key] for key in template.meta.claims],
        changed=_changed(standing),
        in_force=in_force,
        may_decide=_may_decide(standing, staff),
        is_reviewer=bool(REVIEWERS & staff.roles),
        refusal=refusal,
        typed=typed,
        ticked=ticked,
        read_at=now(),
        zone=clinic().office(None).zone,
    )


def _changed(standing: Standing) -> tuple[list[Line], list[Line]] | None:
    """Return what differs from the last approved version, as read and in the HTML's source; None where none was approved."""
    old = read(standing.before) if standing.before else None
    if old is None:
        return None
    new, language = standing.template, standing.language
    facts = {**sample_facts(new.name, language), **{name: "…" for name in old.required - new.declared if not name.endswith("_url")}}
    before, now_so = (as_read(render_template(each, language, facts)) for each in (old, new))
    sources = (each.editions[language].sources.mjml.splitlines() for each in (old, new))
    return differences(before, now_so), differences(*sources)


def _may_decide(standing: Standing, staff: Viewer) -> bool:
    review: TemplateReview | None = standing.review
    return bool(REVIEWERS & staff.roles) and review is not None and review.submitted_by != staff.id


def _template(name: str, language: str) -> Template:
    found = catalogue().get(name)
    if found is None or language not in found.editions:
        raise NotFound("There is no such mail in this language.")
    return found
