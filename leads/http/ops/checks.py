"""Whether the system is ready, each reason in words; nothing here names a server, a password or a person."""

from collections.abc import Callable
from dataclasses import dataclass

import redis
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from config.settings import SettingsError, settings
from leads.clinic.profile import clinic
from leads.db import transaction
from leads.errors import LeadsError
from leads.http.ops.measures import silence, waiting
from leads.messages.templates import catalogue
from leads.migrate import is_current
from leads.safety.oncall import roster
from leads.sequences.definitions import sequences

LONGEST_WAIT = {"safety": 60.0, "transactional": 120.0, "reminder": 900.0, "education": 900.0}
LONGEST_SILENCE = 60.0
PATIENCE = 1.0


@dataclass(frozen=True)
class Check:
    """One thing that must be so: whether it is, why, and whether the service is unfit without it."""

    ok: bool
    why: str
    needed: bool = True


def check_all() -> dict[str, Check]:
    """Return every check by name; what needs the database is left out while it does not answer."""
    found = {"crisis_text": _loads(_crisis_text), "templates": _loads(_templates), "sequences": _loads(_sequences), "redis": _redis()}
    try:
        with transaction() as session:
            return found | _in_database(session)
    except (SQLAlchemyError, SettingsError) as error:
        return found | {"database": Check(False, f"does not answer ({type(error).__name__})")}


def _in_database(session: Session) -> dict[str, Check]:
    session.execute(text("SELECT 1"))
    found = {"database": Check(True, "answers")}
    # The checks after this one ask tables that an older schema may not have.
    if not is_current(session.connection()):
        return found | {"migrations": Check(False, "not the newest: run `handoff migrate`")}
    found["migrations"] = Check(True, "newest")
    found["on_call"] = _on_call(session)
    found |= {f"due:{lane}": _waited(lane, seconds) for lane, seconds in waiting(session).items()}
    return found | {f"worker:{name}": _heard(seconds) for name, seconds in silence(session).items()}


def _on_call(session: Session) -> Check:
    """Say whether a page would reach somebody now. Loud, but no reason to be taken off the air: the crisis page must stay up, and
    what is disclosed meanwhile still reaches the console and the office's address; a balancer that obeyed would leave neither."""
    people = roster(session)
    if people.answers:
        return Check(True, f"{sum(each.counts for each in people.now)} on call answered a test of late", needed=False)
    if not people.everybody:
        return Check(False, "NOBODY IS ON CALL: there is no roster; write on_call.shifts into config/clinic.yml", needed=False)
    if not people.now:
        return Check(False, "NOBODY IS ON CALL NOW: no shift in config/clinic.yml covers this hour", needed=False)
    return Check(False, "NOBODY ON CALL NOW ANSWERED A TEST OF LATE: `handoff oncall test`, and have it answered", needed=False)


def _waited(lane: str, seconds: float) -> Check:
    if seconds == 0:
        return Check(True, "nothing is due")
    longest = LONGEST_WAIT[lane]
    return Check(seconds <= longest, f"the oldest has been due for {seconds:.0f} s, at most {longest:.0f} s is well")


def _heard(seconds: float | None) -> Check:
    if seconds is None:
        return Check(False, "no worker has ever shown a sign of life")
    return Check(seconds <= LONGEST_SILENCE, f"last sign of life {seconds:.0f} s ago, at most {LONGEST_SILENCE:.0f} s is well")


def _redis() -> Check:
    url = settings().redis_url
    if url is None:
        return Check(False, "not configured: set REDIS_URL, or start the embedded one with `handoff up`")
    try:
        with redis.Redis.from_url(url.get_secret_value(), socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        return Check(False, f"does not answer ({type(error).__name__}); nothing is lost, mails go a little later")
    return Check(True, "answers")


def _loads(load: Callable[[], str]) -> Check:
    try:
        return Check(True, load())
    except (LeadsError, SettingsError, OSError) as error:
        return Check(False, f"cannot be read ({type(error).__name__}): `handoff check` says where")


def _crisis_text() -> str:
    return f"present in {', '.join(sorted(clinic().crisis_text))}"


def _templates() -> str:
    return _counted(len(catalogue()), "templates")


def _sequences() -> str:
    return _counted(len(sequences()), "sequences")


def _counted(count: int, what: str) -> str:
    if not count:
        raise LeadsError(f"There are no {what}.")
    return f"{count} loaded"
