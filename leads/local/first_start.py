"""What a database needs before anything runs on it: tables, its key ring, the published sequences, somebody who may sign in."""

import secrets
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads import db, migrate
from leads.accounts.models import ROLES, Account
from leads.accounts.staff import create_account
from leads.errors import ConfigError
from leads.local.place import Place, write_privately
from leads.security import canary, keys
from leads.sequences.publish import publish

EMAIL = "coordinator@clinic.test"
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class SignIn:
    """The first account of a local trial; the password is known at its first start only."""

    email: str
    password: str


def prepare() -> None:
    """Bring the database up to date and check that the key ring is its own; a new database gets a new ring."""
    migrate.upgrade(db.engine())
    with db.transaction() as session:
        fit_keys(session)
        publish(session)


def fit_keys(session: Session) -> None:
    """Make the key ring of a new database, or check the one that is there; raises ConfigError when it is gone or another's."""
    # The ring is judged by the database, not by its own file: a fresh file beside sealed data is the disaster to prevent.
    path = settings().keyring_file
    if not path.exists():
        prove_keys(session)
        keys.make(path)
        keys.ring.cache_clear()
    canary.prove(session)


def prove_keys(session: Session) -> None:
    """Return where the key ring opens this database, or nothing was sealed yet; raises ConfigError. Makes and seals nothing."""
    path = settings().keyring_file
    if path.exists():
        if not canary.fits(session):
            raise ConfigError(canary.ANOTHERS)
    elif canary.is_sealed(session):
        raise ConfigError(
            f"The database was sealed with a key ring, and there is none at {path}: put the escrowed ring back, "
            "`handoff keyring import FILE --identity KEYFILE`. Nothing was changed."
        )


def open_first_account(place: Place) -> SignIn | None:
    """Create the account that holds all roles where there is no account yet; returns it that one time."""
    with db.transaction() as session:
        if session.scalar(select(Account.id).limit(1)) is not None:
            return None
        sign_in = SignIn(EMAIL, _password())
        create_account(session, email=EMAIL, name="First Coordinator", password=sign_in.password, roles=list(ROLES), actor="system")
        # Written before the commit: an account whose password nobody knows would lock the trial.
        write_privately(place.first_sign_in, f"{sign_in.email}\n{sign_in.password}\n")
    return sign_in


def _password() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))
