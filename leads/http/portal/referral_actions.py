"""What its sender does with a referral: gives what was asked for, adds documents, takes it back."""

from collections.abc import Callable

from fastapi import APIRouter, Request
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


@router.post("/referrals/{which}/answer")
def answer(request: Request, session: Db, signed: Reader, which: str, sent: Uploaded) -> Response:
    """Give what we asked for, with or without documents."""

    def act(referral: Referral) -> None:
        _attach(session, signed, referral, sent)
        replies.answer(session, referral, _words(sent, "text"), actor=signed.actor, by=signed.name)

    return _do(request, session, signed, which, sent, verb="answer", act=act, done="answered")


@router.post("/referrals/{which}/documents")
def add_documents(request: Request, session: Db, signed: Reader, which: str, sent: Uploaded) -> Response:
    """Add documents without being asked; a colleague looks at them."""

    def act(referral: Referral) -> None:
        if not _attach(session, signed, referral, sent):
            words = "Choose a PDF, PNG or JPEG first."
            raise Invalid(words, errors=(FieldError("attachments", "missing", words),))
        errand(session, referral, "read-answer", "the referrer has added documents", actor=signed.actor)

    return _do(request, session, signed, which, sent, verb="attach", act=act, done="added")


@router.post("/referrals/{which}/withdraw")
def withdraw(request: Request, session: Db, signed: Reader, which: str, sent: Uploaded) -> Response:
    """Ask to take the referral back; a colleague confirms it."""

    def act(referral: Referral) -> None:
        replies.withdraw(session, referral, _words(sent, "reason"), actor=signed.actor)

    return _do(request, session, signed, which, sent, verb="cancel_request", act=act, done="withdrawn")


def _do(
    request: Request,
    session: Session,
    signed: Signed,
    which: str,
    sent: Sent,
    *,
    verb: str,
    act: Callable[[Referral], None],
    done: str,
) -> Response:
    """Act on the practice's own referral and return to its page; a refusal undoes all of it and shows the page with the reason."""
    check_form(request, signed.csrf, _words(sent, "csrf"))
    referral = get_of_practice(session, signed.practice.id, which, held=True)
    try:
        with session.begin_nested():
            if verb not in actions(seen(session, referral)):
                raise Conflict(NOT_NOW)
            act(referral)
    except LeadsError as refusal:
        session.refresh(referral)
        typed = _words(sent, "text") or _words(sent, "reason")
        return show(request, session, signed, referral, refusal=refusal, typed=typed)
    return RedirectResponse(f"/portal/referrals/{referral.number}?done={done}", status_code=303)


def _attach(session: Session, signed: Signed, referral: Referral, sent: Sent) -> int:
    for name, content in sent.files:
        attach(session, referral, name, content, actor=signed.actor, part2=bool(_words(sent, "part2")))
    return len(sent.files)


def _words(sent: Sent, name: str) -> str:
    return sent.fields.get(name, [""])[-1]
