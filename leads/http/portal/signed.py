"""Who is signed in to the portal, and that a form is ours."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from leads.errors import Unauthenticated
from leads.http.own_form import Token, check_form
from leads.http.referrer import referrer_in, token_for
from leads.http.transaction import Db
from leads.providers.models import Practice
from leads.providers.sign_in import Referrer

SIGN_IN = "/portal/sign-in"


@dataclass(frozen=True)
class Signed:
    """The clinician or delegate behind a request; `csrf` is what their forms must carry."""

    referrer: Referrer
    csrf: str
    # Kept apart: a refusal is drawn after its transaction was undone, when the row cannot be read any more.
    name: str

    @property
    def practice(self) -> Practice:
        """The one practice whose referrals they see."""
        return self.referrer.practice

    @property
    def actor(self) -> str:
        """How the record names them."""
        return self.referrer.actor


class SignInFirst(Unauthenticated):
    """Nobody is signed in, or the session has ended."""


def signed(request: Request, session: Db) -> Signed:
    """Return who is signed in; raises SignInFirst."""
    referrer = referrer_in(request, session)
    if referrer is None:
        raise SignInFirst("Please sign in first.")
    who = Signed(referrer, token_for(request), referrer.name)
    request.state.signed = who
    return who


def writer(request: Request, who: Annotated[Signed, Depends(signed)], token: Token) -> Signed:
    """Return who is signed in, if the form is ours; raises Forbidden. For forms without documents."""
    check_form(request, who.csrf, token)
    return who


Reader = Annotated[Signed, Depends(signed)]
Writer = Annotated[Signed, Depends(writer)]
