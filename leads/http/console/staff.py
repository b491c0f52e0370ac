"""Who is signed in, what they may see and do, and that a form is ours."""

import re
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse

from leads.accounts.models import Account, StaffSession
from leads.accounts.rights import Right, may, require
from leads.accounts.second_factor import is_needed
from leads.accounts.sessions import form_token, is_locked, session_of, touch
from leads.errors import Forbidden, Unauthenticated
from leads.http.own_form import Token, check_form, comes_from_us
from leads.http.transaction import Db

COOKIE = "handoff_staff"
SIGN_IN = "/console/sign-in"
LEAD_PATH = re.compile(r"^/console/leads/[^/]+")
# What people write in their own words, wherever they do: this much is shown again even where its form is gone.
FREE_TEXT = (
    "note", "text", "reason", "evidence", "disposition", "missing", "to_referrer", "why_none", "note_text", "said", "spoken",
    "agreed_evidence", "never_evidence", "called", "answered_by", "listed_in", "read_back", "by_read_back",
    "todo_what", "said_by", "given_name", "family_name", "email", "phone",
)  # fmt: skip
SECRET = ("csrf", "password", "again", "current", "code")


@dataclass(frozen=True)
class Staff:
    """The member of staff behind a request."""

    id: uuid.UUID
    name: str
    roles: frozenset[str]
    csrf: str
    session_id: uuid.UUID | None = None
    is_half_proved: bool = False

    @property
    def actor(self) -> str:
        """How the record names them."""
        return f"account:{self.id}"

    def may(self, right: Right) -> bool:
        """True when one of their roles carries the right."""
        return may(self.roles, right)

    @property
    def may_work(self) -> bool:
        """True for those who work with leads, rather than only look."""
        return self.may("leads.work")

    @property
    def is_clinician(self) -> bool:
        """True for those who may release a hold."""
        return self.may("clinical")


class SignInFirst(Unauthenticated):
    """Nobody is signed in, or the session has ended; carries where they were going and what they had typed."""

    def __init__(self, next_path: str, typed: Mapping[str, str]) -> None:
        super().__init__("Please sign in first.")
        self.next = next_path
        self.typed = typed


class Locked(Unauthenticated):
    """The session was left alone for a quarter of an hour; carries the form that came, so that nothing typed is lost."""

    def __init__(self, next_path: str, action: str, typed: Mapping[str, str]) -> None:
        super().__init__("This session is locked. Show your password again, and go on where you were.", code="locked")
        self.next, self.action, self.typed = next_path, action, typed


class SecondFactorFirst(Unauthenticated):
    """The password was right; the second factor has to be shown, or set up, before anything else."""

    def __init__(self, next_path: str) -> None:
        super().__init__("Please show your second factor first.", code="second_factor")
        self.next = next_path


async def whole_form(request: Request) -> dict[str, str]:
    """Return every field of a form as it was typed, but for passwords and our own token."""
    if request.method != "POST":
        return {}
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str) and name not in SECRET}


Whole = Annotated[dict[str, str], Depends(whole_form)]


def typed_words(form: Whole) -> dict[str, str]:
    """Return what somebody typed and chose in a form, so that a refusal can show it again."""
    return {name: text for name, text in form.items() if text.strip()}


def anybody(request: Request, session: Db) -> tuple[Account, StaffSession] | None:
    """Return whose session this browser has, locked or half proved as it may be."""
    secret = request.cookies.get(COOKIE, "")
    return session_of(session, secret) if secret else None


Anybody = Annotated[tuple[Account, StaffSession] | None, Depends(anybody)]


def staff(request: Request, session: Db, form: Whole) -> Staff:
    """Return who is signed in; raises SignInFirst, Locked or SecondFactorFirst."""
    found = anybody(request, session)
    if found is None:
        texts = {name: text for name, text in typed_words(form).items() if name in FREE_TEXT and comes_from_us(request)}
        raise SignInFirst(_way_back(request), texts)
    account, opened = found
    if is_locked(opened):
        request.state.locked = staff_of(request, account, opened)
        raise Locked(_way_back(request), request.url.path, form if comes_from_us(request) else {})
    if is_needed(session, account, opened):
        raise SecondFactorFirst(_way_back(request))
    # A page that only listens for news is no sign of anybody at the desk.
    if "text/event-stream" not in request.headers.get("accept", ""):
        touch(opened)
    request.state.staff = staff_of(request, account, opened)
    return request.state.staff  # type: ignore[no-any-return]


def staff_of(request: Request, account: Account, opened: StaffSession, *, is_half_proved: bool = False) -> Staff:
    """Return the member of staff whose session a request carries."""
    token = form_token(request.cookies.get(COOKIE, ""))
    return Staff(account.id, account.name or "", frozenset(account.roles), token, opened.id, is_half_proved)


# Async, as all below that ask nothing of the database: a thread for each would make a page wait for as many threads to wake.
async def checked(request: Request, who: Annotated[Staff, Depends(staff)], token: Token) -> Staff:
    """Return who is signed in, if the form is ours; raises Forbidden."""
    check_form(request, who.csrf, token)
    return who


def needs(right: Right) -> Callable[..., Awaitable[Staff]]:
    """Return the dependency of a page that shows something: whoever is signed in, if they have the right; raises Forbidden."""

    async def holder(who: Annotated[Staff, Depends(staff)]) -> Staff:
        require(who.roles, right)
        return who

    return holder


def does(right: Right) -> Callable[..., Awaitable[Staff]]:
    """Return the dependency of a form: as `needs`, and the form is ours."""

    async def holder(who: Annotated[Staff, Depends(checked)]) -> Staff:
        require(who.roles, right)
        return who

    return holder


async def reader(who: Annotated[Staff, Depends(staff)]) -> Staff:
    """Return who is signed in, if they may see leads; raises Forbidden."""
    if not who.may("leads.read"):
        raise Forbidden("Your account has no role that sees leads. An administrator can give you one.")
    return who


async def worker(who: Annotated[Staff, Depends(checked)]) -> Staff:
    """Return who is signed in, if they may work with leads and the form is ours; raises Forbidden."""
    if not who.may_work:
        raise Forbidden("Your account may look at leads, but not change them.")
    return who


Anyone = Annotated[Staff, Depends(staff)]
AnyoneActing = Annotated[Staff, Depends(checked)]
Reader = Annotated[Staff, Depends(reader)]
Worker = Annotated[Staff, Depends(worker)]


def safe_next(path: str) -> str:
    """Return a path inside the console to go on to; anything else leads to its front page."""
    # `//host` and a backslash are other sites to a browser, though they look like paths.
    is_ours = re.fullmatch(r"/console(/[A-Za-z0-9/_-]*)?(\?[A-Za-z0-9=&_.:~%+-]*)?", path) and "//" not in path
    return path if is_ours and not path.startswith(SIGN_IN) else "/console"


def home_of(roles: Collection[str]) -> str:
    """Return the page a member of staff begins with: the leads, or what an account without them is for."""
    if may(roles, "leads.read"):
        return "/console"
    return "/console/colleagues" if may(roles, "accounts.manage") else "/console/account"


def send_to_sign_in(path: str) -> RedirectResponse:
    """Return a redirect to the sign-in page that comes back here afterwards."""
    return RedirectResponse(f"{SIGN_IN}?next={quote(safe_next(path), safe='/')}", status_code=303)


def _way_back(request: Request) -> str:
    if request.method == "GET":
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    lead = LEAD_PATH.match(request.url.path)
    return lead.group() if lead else "/console"
