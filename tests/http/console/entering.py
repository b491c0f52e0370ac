"""Coming into the console without the cost of a password."""

from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.accounts.sessions import form_token, open_session
from tests.http.console.conftest import Browser


def enter(browser: Browser, session: Session, account: Account, *, proved_both: bool = False) -> str:
    """Give the browser a session of somebody; returns the token its forms carry."""
    secret = open_session(session, account, method="password", proved_both=proved_both)
    session.commit()
    browser.cookies.clear()
    browser.cookies.set("handoff_staff", secret, domain="testserver.local", path="/console")
    return form_token(secret)
