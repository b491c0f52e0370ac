"""What its sender does with a referral: gives what was asked for, adds documents, takes it back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.errors import Conflict, FieldError, Invalid, LeadsError
from leads.http.own_form import check_form
from leads.http.portal.referral_page import actions, show
from leads.http.portal.signed import Reader, Signed
from leads.http.transaction import Db
from leads.http.uploads import Sent, Uploaded
from leads.loop.disclosure import seen
from leads.loop.errands import errand
from leads.loop.models import Referral
from leads.referrals import answer as replies
from leads.referrals.attach import attach
from leads.referrals.find import get_of_practice

NOT_NOW = "This is not possible any more, for it has moved on meanwhile. Please look again, or call us."
router = APIRouter()


@dataclass(frozen=True)
class Action:
    """A form of a referral's page: who sent it, about which referral, with which words and documents."""

    request: Request
    session: Session
    signed: Signed
    which: str
    sent: Sent

    def words(self, name: str) -> str:
        """Return what a field holds."""
        return self.sent.fields.get(name, [""])[-1]


def action(request: Request, session: Db, signed: Reader, which: str, sent: Uploaded) -> Action:
    """Return the form as it came; what nobody signed in sends is never read, however large."""
    asked = Action(request, session, signed, which, sent)
    check_form(request, signed.csrf, asked.words("csrf"))
    return asked


Asked = Annotated[Action, Depends(action)]


@router.post("/referrals/{which}/answer")
def answer(asked: Asked) -> Response:
    """Give what we asked for, with or without documents."""

    def act(referral: Referral) -> None:
        _attach(asked, referral)
        replies.answer(asked.session, referral, asked.words("text"), actor=asked.signed.actor, by=asked.signed.name)

    return _do(asked, "answer", act, done="answered")


@router.post("/referrals/{which}/documents")
def add_documents(asked: Asked) -> Response:
    """Add documents without being asked; a colleague looks at them."""

    def act(referral: Referral) -> None:
        if not asked.sent.files:
            words = "Choose a PDF, PNG or JPEG first."
            raise Invalid(words, errors=(FieldError("attachments", "missing", words),))
        _attach(asked, referral)
        errand(asked.session, referral, "read-answer", "the referrer has added documents", actor=asked.signed.actor)

    return _do(asked, "attach", act, done="added")


@router.post("/referrals/{which}/withdraw")
def withdraw(asked: Asked) -> Response:
    """Ask to take the referral back; a colleague confirms it."""

    def act(referral: Referral) -> None:
        replies.withdraw(asked.session, referral, asked.words("reason"), actor=asked.signed.actor)

    return _do(asked, "cancel_request", act, done="withdrawn")


def _do(asked: Action, verb: str, act: Callable[[Referral], None], *, done: str) -> Response:
    """Act on the practice's own referral and return to its page; a refusal undoes all of it and shows the page with the reason."""
    referral = get_of_practice(asked.session, asked.signed.practice.id, asked.which, held=True)
    try:
        with asked.session.begin_nested():
            if verb not in actions(seen(asked.session, referral)):
                raise Conflict(NOT_NOW)
            act(referral)
    except LeadsError as refusal:
        asked.session.refresh(referral)
        typed = {name: asked.words(name) for name in ("text", "reason")}
        return show(asked.request, asked.session, asked.signed, referral, refusal=refusal, typed=typed)
    return RedirectResponse(f"/portal/referrals/{referral.number}?done={done}", status_code=303)


def _attach(asked: Action, referral: Referral) -> None:
    for name, content in asked.sent.files:
        attach(asked.session, referral, name, content, actor=asked.signed.actor, part2=bool(asked.words("part2")))
