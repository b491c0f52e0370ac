"""The coordinators' pages: who needs what next, one lead with its story, and what must be decided."""

from fastapi import APIRouter, Depends, Request

from leads.errors import NotFound
from leads.http.console import (
    account,
    board,
    brief,
    colleagues,
    documents,
    find,
    imports,
    inbox,
    invited,
    known,
    lead_actions,
    lead_consents,
    lead_details,
    lead_mail,
    lead_page,
    lead_scans,
    lead_screening,
    lead_standing,
    lead_visit,
    leads_list,
    list_actions,
    live,
    lock,
    mail_page,
    mail_samples,
    mail_wording,
    mails,
    merge_page,
    merges,
    new,
    new_referral,
    oidc,
    palette,
    passkeys,
    person_actions,
    quarantine,
    record,
    referral_actions,
    reports,
    restricted,
    safety,
    scans,
    screening_by_phone,
    second_factor,
    sending,
    sequence_pages,
    sign_in,
    simulation,
    visits,
)
from leads.http.console.draw import answer_refusal
from leads.http.console.staff import Anyone


def answer_here(request: Request) -> None:
    """Make refusals under /console look like the console."""
    request.state.answer_refusal = answer_refusal


router = APIRouter(include_in_schema=False, dependencies=[Depends(answer_here)])
ACCESS = (account, colleagues, invited, lock, oidc, passkeys, record, restricted, second_factor)
OF_A_LEAD = (
    lead_page, lead_actions, lead_visit, lead_screening, lead_consents, lead_details, screening_by_phone, lead_mail, lead_standing,
    mail_page, mails, person_actions, referral_actions, documents, lead_scans,
)  # fmt: skip
LISTS = (leads_list, list_actions, board, palette, live)
BY_HAND = (new, new_referral, known)
OF_THE_STUDIO = (simulation, sequence_pages, mail_wording, mail_samples, brief, reports, imports)
OF_ALL = (inbox, scans, quarantine, merges, merge_page, visits, safety, sending)
# What is opened all day comes first: an address is held against one route after the other.
for each in (*LISTS, find, *OF_A_LEAD, *BY_HAND, *OF_ALL, sign_in, *ACCESS, *OF_THE_STUDIO):
    router.include_router(each.router, prefix="/console")


# The last of all: an address of the console that leads nowhere is answered by the console, not by the clinic's front page.
@router.get("/console/{mistyped:path}")
def miss(_staff: Anyone, mistyped: str) -> None:
    """Say that there is nothing here."""
    raise NotFound("The address may be old or mistyped.")
