"""Coming into the console without the cost of a password."""

from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.accounts.sessions import form_token
from tests.http.console.conftest import Browser


def enter(browser: Browser, session: Session, account: Account, *, proved_both: bool = False) -> str:
    """Give the browser a session of somebody; returns the token its forms carry."""
    browser.cookies.clear()
    return form_token(browser.come_in(session, account, proved_both=proved_both))
