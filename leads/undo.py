"""Taking back what a colleague did a moment ago: each kind of deed has those who may, and one way back."""

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.access.break_glass import mark_unseen
from leads.accounts.models import Account
from leads.accounts.rights import Right, require
from leads.accounts.staff import change_roles, disable_account, enable_account
from leads.audit.trail import record
from leads.clock import now
from leads.errors import Conflict, NotFound
from leads.messages.switch import end_pause, pause_again
from leads.people.suggest import wait_again
from leads.pipeline.correct import correct_back
from leads.pipeline.deeds import TAKEN_BACK_WITHIN, Done, give_back
from leads.pipeline.find import by_number, locked
from leads.pipeline.models import Deed
from leads.pipeline.take_back import take_back
from leads.pipeline.unite import separate
from leads.pipeline.views import bring_back, unsave
from leads.scans.settle import hang_again, not_theirs

NOTHING = Done((), ())


@dataclass(frozen=True)
class Way:
    """Who may take something back, and how it goes back."""

    right: Right
    back: Callable[[Session, Deed, str], Done | None]


def undo(session: Session, deed_id: uuid.UUID, *, account_id: uuid.UUID, roles: Collection[str]) -> Done:
    """Take back one's own deed where nothing has followed; raises NotFound, Conflict, or Forbidden for who may not do it any more."""
    deed = session.scalar(select(Deed).where(Deed.id == deed_id, Deed.account_id == account_id).with_for_update())
    if deed is None:
        raise NotFound("There is nothing of yours to take back here.")
    way = next((way for name, way in WAYS_BACK.items() if name in deed.details), None)
    if way is None:
        # Kept by a version of before, which knew other ways back.
        raise Conflict("That is too long ago to take back: change it by hand.")
    require(roles, way.right)
    if deed.undone_at is not None or deed.at < now() - TAKEN_BACK_WITHIN:
        raise Conflict("That was taken back already." if deed.undone_at else "That is too long ago to take back: change it by hand.")
    deed.undone_at = now()
    record(session, "deed.undone", deed, actor=f"account:{account_id}", kind=deed.kind)
    return way.back(session, deed, f"account:{account_id}") or NOTHING


def _separate(session: Session, deed: Deed, actor: str) -> Done:
    separate(session, uuid.UUID(deed.details["merge"]), actor=actor)
    return Done([each for each in [deed.details["number"]] if each], ())


def _dismissed(session: Session, deed: Deed, actor: str) -> None:
    wait_again(session, _id(deed, "pair"), actor=actor)


def _removed_view(session: Session, deed: Deed, _actor: str) -> None:
    bring_back(session, deed.account_id, _id(deed, "view"))


def _saved_view(session: Session, deed: Deed, _actor: str) -> None:
    stood = _stood(deed)
    unsave(session, deed.account_id, _id(deed, "saved"), was=stood["was"], name=stood["is"])


def _entries(session: Session, deed: Deed, actor: str) -> Done:
    return Done([take_back(session, deed, actor=actor)], ())


def _corrected(session: Session, deed: Deed, actor: str) -> Done:
    stood = _stood(deed)
    return Done([correct_back(session, _id(deed, "corrected"), stood["was"], stood["is"], actor=actor)], ())


def _given_scan(session: Session, deed: Deed, actor: str) -> None:
    not_theirs(session, _id(deed, "given"), locked(session, _id(deed, "to")), actor=actor)


def _scan_taken_off(session: Session, deed: Deed, actor: str) -> None:
    # By its number: it may have been joined with another lead since.
    lead = by_number(session, locked(session, _id(deed, "from")).number)
    hang_again(session, _id(deed, "taken_off"), lead, outcome=deed.details["was"], actor=actor)


def _stopped(session: Session, deed: Deed, actor: str) -> None:
    end_pause(session, _id(deed, "stop"), actor=actor)


def _let_go(session: Session, deed: Deed, actor: str) -> None:
    pause_again(session, [uuid.UUID(each) for each in deed.details["stops"]], actor=actor)


def _judged(session: Session, deed: Deed, actor: str) -> None:
    mark_unseen(session, _id(deed, "opening"), [uuid.UUID(each) for each in deed.details["todos"]], actor=actor)


def _given_roles(session: Session, deed: Deed, actor: str) -> None:
    account = _account(session, deed, "roles_of")
    if account.roles != deed.details["is"]:
        raise Conflict("Somebody has given them other roles since.")
    change_roles(session, account, deed.details["was"], actor=actor)


def _closed_account(session: Session, deed: Deed, actor: str) -> None:
    account = _account(session, deed, "closed")
    if account.disabled_at is None:
        raise Conflict("Somebody has opened this account again since.")
    enable_account(session, account, actor=actor)


def _opened_account(session: Session, deed: Deed, actor: str) -> None:
    account = _account(session, deed, "opened")
    if account.disabled_at is not None:
        raise Conflict("Somebody has closed this account again since.")
    disable_account(session, account, actor=actor)


def _account(session: Session, deed: Deed, name: str) -> Account:
    return session.get_one(Account, _id(deed, name), with_for_update=True, populate_existing=True)


def _id(deed: Deed, name: str) -> uuid.UUID:
    return uuid.UUID(deed.details[name])


def _stood(deed: Deed) -> Mapping[str, Any]:
    if deed.stood is None:
        raise Conflict("What stood there is not kept any more: change it by hand.")
    return deed.stood


# By what a deed names: the rows it was done to.
WAYS_BACK: Mapping[str, Way] = {
    "leads": Way("leads.work", give_back),
    "merge": Way("leads.work", _separate),
    "pair": Way("leads.work", _dismissed),
    "view": Way("leads.work", _removed_view),
    "saved": Way("leads.work", _saved_view),
    "entries": Way("leads.work", _entries),
    "corrected": Way("leads.work", _corrected),
    "given": Way("scans.work", _given_scan),
    "taken_off": Way("leads.work", _scan_taken_off),
    "stop": Way("sending.switch", _stopped),
    "stops": Way("sending.switch", _let_go),
    "opening": Way("openings.review", _judged),
    "roles_of": Way("accounts.manage", _given_roles),
    "closed": Way("accounts.manage", _closed_account),
    "opened": Way("accounts.manage", _opened_account),
}
