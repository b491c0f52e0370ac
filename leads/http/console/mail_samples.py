"""Every mail we send, as it reads: light, dark, on a phone, as text, in each language; and sent to oneself as a test."""

import re
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from leads.clinic.profile import Language, clinic
from leads.errors import NotFound
from leads.http.console.draw import draw
from leads.http.console.studio import Sender, Viewer
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.messages.approvals import standings
from leads.messages.sample import sample
from leads.messages.templates import Template, catalogue
from leads.messages.trial import send_trial

Look = Literal["light", "dark"]
Width = Literal["desktop", "phone", "text"]
router = APIRouter(prefix="/mails")
# A mail brings its styles along and nothing else: no script, no picture from elsewhere, no form, and no way out of its frame.
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"
)
PREFERS = re.compile(r"@media\s*\(prefers-color-scheme:\s*(dark|light)\)")


@router.get("")
def show_all(request: Request, session: Db, staff: Viewer) -> Response:
    """Show every mail by whom it is for."""
    groups: dict[str, list[Template]] = {"person": [], "provider": [], "staff": []}
    for template in catalogue().values():
        groups[template.meta.audience].append(template)
    found = standings(session)
    return draw(
        request,
        "mail_samples.html",
        staff=staff,
        tab="sequences",
        waiting=waiting(session),
        groups=groups,
        stands={name: [each for each in found if each.template.name == name] for name in catalogue()},
        is_open=any(each.status in ("new", "shipped", "expired") for each in found),
        zone=clinic().office(None).zone,
    )


@router.get("/{name}")
def show(
    request: Request,
    session: Db,
    staff: Viewer,
    name: str,
    language: Language = "en",
    look: Look = "light",
    width: Width = "desktop",
    office: str = "",
) -> Response:
    """Show one mail with made-up facts."""
    template = _template(name, language)
    chosen = {"language": language, "look": look, "width": width, "office": _office(office)}

    def link(**changes: str) -> str:
        query = "&".join(f"{key}={value}" for key, value in (chosen | changes).items() if value)
        return f"/console/mails/{name}?{query}"

    return draw(
        request,
        "mail_sample.html",
        staff=staff,
        tab="sequences",
        waiting=waiting(session),
        mail=template,
        shown=sample(name, language, office=chosen["office"] or None),
        chosen=chosen,
        link=link,
        offices=clinic().offices,
    )


@router.get("/{name}/frame")
def frame(_staff: Viewer, name: str, language: Language = "en", look: Look = "light", office: str = "") -> Response:
    """Return the mail's own HTML, for the frame of its page; it is shut in by a policy of its own."""
    _template(name, language)
    html = sample(name, language, office=_office(office) or None).html
    return in_frame(html, look)


@router.post("/{name}/test")
def try_out(
    session: Db, staff: Sender, name: str, language: Annotated[Language, Form()] = "en", office: Annotated[str, Form()] = ""
) -> Response:
    """Send the mail to the address of whoever is signed in, marked as a test."""
    _template(name, language)
    send_trial(session, name, language=language, office=_office(office) or None, account_id=staff.id)
    back = f"/console/mails/{name}?language={language}&office={_office(office)}&said=mail-tested"
    return RedirectResponse(back, status_code=303)


def in_frame(html: str, look: Look) -> Response:
    """Return a mail as a page of its own, to be shown in a frame, shut in by a policy of its own."""
    return HTMLResponse(in_look(html, look), headers={"Content-Security-Policy": FRAME_POLICY})


def in_look(html: str, look: Look) -> str:
    """Return a mail as a reader in light or dark sees it, whatever the one who looks at it here prefers."""
    chosen = PREFERS.sub(lambda found: "@media all" if found[1] == look else "@media not all", html)
    return chosen.replace('content="light dark"', f'content="{look}"').replace("color-scheme: light dark", f"color-scheme: {look}")


def _template(name: str, language: str) -> Template:
    found = catalogue().get(name)
    if found is None:
        raise NotFound(f"There is no mail called {name}.")
    if language not in found.editions:
        raise NotFound(f"This mail is not written in {language}. It is in {', '.join(found.editions)}.")
    return found


def _office(code: str) -> str:
    return code if code in {office.code for office in clinic().offices} else ""
