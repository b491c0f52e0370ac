"""Who is signed in as a referrer: asked by the portal, and by the public form, which then saves as it is typed."""

from fastapi import Request
from sqlalchemy.orm import Session

from leads.accounts.sessions import form_token
from leads.providers.sign_in import Referrer, signed_in

COOKIE = "handoff_referrer"
# The public form lies outside /portal and must find them signed in, too.
COOKIE_PATH = "/"


def referrer_in(request: Request, session: Session) -> Referrer | None:
    """Return the clinician or delegate whose session this browser carries, or None."""
    secret = request.cookies.get(COOKIE, "")
    return signed_in(session, secret) if secret else None


def token_for(request: Request) -> str:
    """Return what every form drawn for this browser's session must carry as `csrf`, to be checked by `own_form.check_form`."""
    return form_token(request.cookies.get(COOKIE, ""))
