"""Who is signed in, what they may see and do, and that a form is ours."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse

from leads.accounts.sign_in import form_token, signed_in
from leads.errors import Forbidden, Unauthenticated
from leads.http.own_form import Token, check_form, comes_from_us
from leads.http.transaction import Db
from leads.pipeline.stages import COORDINATORS

COOKIE = "handoff_staff"
SIGN_IN = "/console/sign-in"
READERS = COORDINATORS | {"auditor"}
LEAD_PATH = re.compile(r"^/console/leads/[^/]+")
FREE_TEXT = ("note", "text", "reason", "evidence", "disposition", "missing", "to_referrer", "why_none", "note_text", "said")
CHOSEN = ("form", "to", "outcome", "until", "why_code", "destination", "to_patient", "close_as", "moved_to", "slot", "typed_at", "found")
ON_PAGE = ("note_at", "again_on", "look_again", "agreed_evidence", "never_evidence", "why_never", "spoken")
KEPT = (*FREE_TEXT, *CHOSEN, *ON_PAGE, "called", "answered_by", "listed_in", "read_back", "by_read_back")


@dataclass(frozen=True)
class Staff:
    """The member of staff behind a request."""

    id: uuid.UUID
    name: str
    roles: frozenset[str]
    csrf: str

    @property
    def actor(self) -> str:
        """How the record names them."""
        return f"account:{self.id}"

    @property
    def may_work(self) -> bool:
        """True for those who work with leads, rather than only look."""
        return bool(self.roles & COORDINATORS)

    @property
    def is_clinician(self) -> bool:
        """True for those who may release a hold."""
        return "clinician" in self.roles


class SignInFirst(Unauthenticated):
    """Nobody is signed in, or the session has ended; carries where they were going and what they had typed."""

    def __init__(self, next_path: str, typed: Mapping[str, str]) -> None:
        super().__init__("Please sign in first.")
        self.next = next_path
        self.typed = typed


async def typed_words(request: Request) -> dict[str, str]:
    """Return what somebody typed and chose in a form, so that a refusal can show it again."""
    if request.method != "POST":
        return {}
    form = await request.form()
    return {name: value for name in KEPT if isinstance(value := form.get(name), str) and value.strip()}


def staff(request: Request, session: Db, typed: Annotated[dict[str, str], Depends(typed_words)]) -> Staff:
    """Return who is signed in; raises SignInFirst."""
    secret = request.cookies.get(COOKIE, "")
    found = signed_in(session, secret) if secret else None
    if found is None:
        texts = {name: text for name, text in typed.items() if name in FREE_TEXT and comes_from_us(request)}
        raise SignInFirst(_way_back(request), texts)
    account, _ = found
    who = Staff(account.id, account.name or "", frozenset(account.roles), form_token(secret))
    request.state.staff = who
    return who


def reader(who: Annotated[Staff, Depends(staff)]) -> Staff:
    """Return who is signed in, if they may see leads; raises Forbidden."""
    if not who.roles & READERS:
        raise Forbidden("Your account has no role that sees leads. An administrator can give you one.")
    return who


def worker(request: Request, who: Annotated[Staff, Depends(staff)], token: Token) -> Staff:
    """Return who is signed in, if they may work with leads and the form is ours; raises Forbidden."""
    check_form(request, who.csrf, token)
    if not who.may_work:
        raise Forbidden("Your account may look at leads, but not change them.")
    return who


Reader = Annotated[Staff, Depends(reader)]
Worker = Annotated[Staff, Depends(worker)]


def safe_next(path: str) -> str:
    """Return a path inside the console to go on to; anything else leads to its front page."""
    # `//host` and a backslash are other sites to a browser, though they look like paths.
    is_ours = re.fullmatch(r"/console(/[A-Za-z0-9/_-]*)?(\?[A-Za-z0-9=&_.:~%+-]*)?", path) and "//" not in path
    return path if is_ours and not path.startswith(SIGN_IN) else "/console"


def send_to_sign_in(path: str) -> RedirectResponse:
    """Return a redirect to the sign-in page that comes back here afterwards."""
    return RedirectResponse(f"{SIGN_IN}?next={quote(safe_next(path), safe='/')}", status_code=303)


def _way_back(request: Request) -> str:
    if request.method == "GET":
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    lead = LEAD_PATH.match(request.url.path)
    return lead.group() if lead else "/console"
