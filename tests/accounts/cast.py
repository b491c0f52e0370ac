"""The staff of the tests."""

from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.accounts.staff import create_account

PASSWORD = "four unrelated words here"


def make_account(session: Session, *roles: str, email: str = "casey@example.com", name: str = "Casey Lind") -> Account:
    """A coordinator, or whoever holds the roles named."""
    return create_account(session, email=email, name=name, password=PASSWORD, roles=roles or ("coordinator",))
