"""Who sends a form by hand that may bring documents: known before a byte of it is read; a locked session keeps what was typed."""

from typing import Annotated

from fastapi import Depends, Request

from leads.errors import Forbidden
from leads.http.console.staff import SECRET, Locked, Staff, staff
from leads.http.own_form import check_form
from leads.http.transaction import Db
from leads.http.uploads import Sent, read_form


def colleague(request: Request, session: Db) -> Staff | None:
    """Return who sends a form, or None while their session is locked; raises Forbidden or SignInFirst."""
    try:
        who = staff(request, session, {})
    except Locked:
        return None
    if not who.may_work:
        raise Forbidden("Your account may look at leads, but not change them.")
    return who


Colleague = Annotated[Staff | None, Depends(colleague)]


async def sent_by(request: Request, _who: Colleague) -> Sent:
    """Return what a colleague's form brought, in memory only; raises LeadsError where it cannot be read."""
    return await read_form(request)


FormBy = Annotated[Sent, Depends(sent_by)]


def sender(request: Request, session: Db, who: Colleague, sent: FormBy) -> Staff:
    """Return who sends the form, if it is ours; raises Forbidden, or Locked with what was typed."""
    typed = {name: values[-1] for name, values in sent.fields.items()}
    who = who or staff(request, session, {name: value for name, value in typed.items() if name not in SECRET})
    check_form(request, who.csrf, typed.get("csrf", ""))
    return who


Sender = Annotated[Staff, Depends(sender)]
