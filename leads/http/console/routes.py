"""The coordinators' pages: who needs what next, one lead with its story, and what must be decided."""

from fastapi import APIRouter, Depends, Request

from leads.http.console import find, lead_actions, lead_page, leads_list, merges, person_actions, quarantine, sending, sign_in
from leads.http.console.draw import answer_refusal


def answer_here(request: Request) -> None:
    """Make refusals under /console look like the console."""
    request.state.answer_refusal = answer_refusal


router = APIRouter(include_in_schema=False, dependencies=[Depends(answer_here)])
for each in (sign_in, leads_list, lead_page, lead_actions, person_actions, quarantine, merges, sending, find):
    router.include_router(each.router, prefix="/console")
