"""What the page after each form of the console says: every form stands here, and every answer in any of these tests is held to it."""

import re
from urllib.parse import parse_qs, urlsplit

from httpx import Response

from leads.http.console.shell import DONE, SAID
from tests.http.console.who_may import DOOR, WHO_MAY

# By which codes; what came of an act may stand behind its code. Forms whose answer is the page itself say so in words.
SAYS: dict[str, set[str] | str] = {
    **dict.fromkeys(DOOR, "The door: the next page is what was asked for, or it asks again."),
    "POST /console/here": "Only says that somebody is there; no page follows.",
    "POST /console/find": "The page is what was found.",
    "POST /console/new/known": "A part of the form: who may be known already.",
    "POST /console/record/verify": "The page is the verdict.",
    "POST /console/visits/feeds": "The page shows the secret address, this once.",
    "POST /console/account/recovery-codes": "The page shows the codes, this once.",
    "POST /console/account/app/begin": "The page is the next step of setting it up.",
    "POST /console/leads/{number}/same-as": "The page is the two side by side.",
    "POST /console/leads/{number}/screening/by-phone": "The page is the first question.",
    "POST /console/leads/{number}/screening/{key}": {"screening-kept", ""},
    "POST /console/leads/{number}/screening/send": {"screening-sent", ""},
    "POST /console/leads/{number}/screening/link": {"link-sent"},
    "POST /console/leads/{number}/screening/{screening_id}/reviewed": {"reviewed"},
    "POST /console/account/app/remove": {"my-app"},
    "POST /console/account/passkeys/{passkey_id}/remove": {"my-passkey"},
    "POST /console/account/passkeys/{passkey_id}/rename": {"my-passkey"},
    "POST /console/account/password": {"my-password"},
    "POST /console/account/sessions/end-others": {"my-sessions"},
    "POST /console/account/sessions/{session_id}/end": {"my-session"},
    "POST /console/undo/{deed_id}": {"undone"},
    "POST /console/assign": {"assigned"},
    "POST /console/brief": {"brief-wanted", "brief-ended"},
    "POST /console/views": {"saved", "renamed"},
    "POST /console/views/{view_id}/remove": {"removed", "view-gone"},
    "POST /console/board/{number}/move": {"moved"},
    "POST /console/colleagues": {"invited"},
    "POST /console/colleagues/{account_id}/disable": {"account-closed"},
    "POST /console/colleagues/{account_id}/enable": {"account-opened"},
    "POST /console/colleagues/{account_id}/invite-again": {"invited-again"},
    "POST /console/colleagues/{account_id}/reset-password": {"password-reset"},
    "POST /console/colleagues/{account_id}/reset-second-factor": {"factor-reset"},
    "POST /console/colleagues/{account_id}/roles": {"roles-given"},
    "POST /console/colleagues/{account_id}/sign-out": {"signed-out"},
    "POST /console/import": {"import-kept"},
    "POST /console/import/{import_id}/begin": {"import-begun"},
    "POST /console/import/{import_id}/discard": {"import-discarded"},
    "POST /console/import/{import_id}/forget": {"import-forgotten"},
    "POST /console/import/{import_id}/rehearse": {"import-rehearsed"},
    "POST /console/import/{import_id}/undo": {"import-undone"},
    "POST /console/inbox/{mail_id}/give": {"mail-given"},
    "POST /console/inbox/{mail_id}/put-aside": {"mail-aside"},
    "POST /console/inbox/{mail_id}/take-up-again": {"undone"},
    "POST /console/leads/{number}/agreed": {"agreed"},
    "POST /console/leads/{number}/assign": {"given", "given-back"},
    "POST /console/leads/{number}/call": {"called"},
    "POST /console/leads/{number}/cannot-reach": {"cannot-reach"},
    "POST /console/leads/{number}/confirm": {"confirmed"},
    "POST /console/leads/{number}/details": {
        "corrected", "corrected-asks", "corrected-not-asked", "corrected-phoned", "corrected-reach", "phoned",
    },
    "POST /console/leads/{number}/give-back": {"given-back"},
    "POST /console/leads/{number}/mail-note": {"mail-written"},
    "POST /console/leads/{number}/messages/{message_id}/cancel": {"mail-skipped"},
    "POST /console/leads/{number}/messages/{message_id}/failed": {"mail-settled"},
    "POST /console/leads/{number}/messages/{message_id}/move": {"mail-moved"},
    "POST /console/leads/{number}/messages/{message_id}/now": {"mail-now"},
    "POST /console/leads/{number}/messages/{message_id}/rewrite": {"mail-rewritten"},
    "POST /console/leads/{number}/messages/{message_id}/settle": {"mail-settled"},
    "POST /console/leads/{number}/messages/{message_id}/stop": {"mail-stopped"},
    "POST /console/leads/{number}/move": {"moved"},
    "POST /console/leads/{number}/never-contact": {"never"},
    "POST /console/leads/{number}/never-contact/take-back": {"never-back"},
    "POST /console/leads/{number}/note": {"noted"},
    "POST /console/leads/{number}/open": {"opened"},
    "POST /console/leads/{number}/pause": {"paused"},
    "POST /console/leads/{number}/referrals/{which}/accept": {"ref-accept"},
    "POST /console/leads/{number}/referrals/{which}/amendments/{amendment_id}": {"ref-take-in", "ref-put-aside"},
    "POST /console/leads/{number}/referrals/{which}/ask": {"ref-ask"},
    "POST /console/leads/{number}/referrals/{which}/confirm-withdrawal": {"ref-withdrawn"},
    "POST /console/leads/{number}/referrals/{which}/decline": {"ref-decline"},
    "POST /console/leads/{number}/referrals/{which}/go-on": {"ref-go-on"},
    "POST /console/leads/{number}/referrals/{which}/hand-on": {"ref-hand-on"},
    "POST /console/leads/{number}/referrals/{which}/not-theirs": {"ref-not-theirs"},
    "POST /console/leads/{number}/referrals/{which}/reopen": {"ref-reopen"},
    "POST /console/leads/{number}/referrals/{which}/verify": {"ref-verify"},
    "POST /console/leads/{number}/release": {"released"},
    "POST /console/leads/{number}/restrict": {"restricted"},
    "POST /console/leads/{number}/resume": {"resumed"},
    "POST /console/leads/{number}/safe-again": {"safe-again"},
    "POST /console/leads/{number}/scans/{theirs}/not-theirs": {"scan-off"},
    "POST /console/leads/{number}/take": {"given"},
    "POST /console/leads/{number}/todos/{todo_id}/done": {"done"},
    "POST /console/leads/{number}/unmerge": {"unmerged"},
    "POST /console/leads/{number}/unrestrict": {"unrestricted"},
    "POST /console/leads/{number}/visit-missed": {"visit-missed"},
    "POST /console/leads/{number}/visit-moved": {"visit-moved"},
    "POST /console/leads/{number}/visit/act": {"visit-confirm", "visit-cancel", "visit-attended", "visit-no-show"},
    "POST /console/leads/{number}/visit/choose": {"visit-offer", "visit-book", "visit-move"},
    "POST /console/leads/{number}/wait": {"waits"},
    "POST /console/leads/{number}/wait-no-more": {"waits-no-more"},
    "POST /console/mails/submit-all": {"wordings-submitted"},
    "POST /console/mails/{name}/test": {"mail-tested"},
    "POST /console/mails/{name}/{language}/reviews/{review_id}/{verdict}": {"wording-approved", "wording-refused", "wording-withdrawn"},
    "POST /console/mails/{name}/{language}/submit": {"wording-submitted"},
    "POST /console/merges/{pair_id}/dismiss": {"dismissed"},
    "POST /console/merges/{pair_id}/merge": {"merged", "merged-no-lead"},
    "POST /console/new": {"taken-down", "taken-down-unmailed"},
    "POST /console/new/referral": {"ref-taken-down"},
    "POST /console/openings/{opening_id}/seen": {"judged"},
    "POST /console/quarantine/{quarantined_id}/discard": {"discarded"},
    "POST /console/quarantine/{quarantined_id}/let-in": {"let-in"},
    "POST /console/quarantine/{quarantined_id}/take-up-again": {"undone"},
    "POST /console/safety/test": {"tested"},
    "POST /console/safety/test/{test_id}": {"test-answered"},
    "POST /console/safety/{alarm_id}/take": {"alarm-taken"},
    "POST /console/scans": {"scan-kept"},
    "POST /console/scans/{scan_id}/give": {"scan-given"},
    "POST /console/scans/{scan_id}/put-aside": {"scan-aside"},
    "POST /console/scans/{scan_id}/take-up-again": {"undone"},
    "POST /console/sending/pause": {"mail-stops"},
    "POST /console/sending/restored": {"mail-settled"},
    "POST /console/sending/resume": {"mail-goes"},
    "POST /console/sending/{message_id}/decide": {"mail-settled"},
    "POST /console/sending/{message_id}/failed": {"mail-settled"},
    "POST /console/visits/blocks": {"blocked"},
    "POST /console/visits/blocks/{block_id}/lift": {"freed"},
    "POST /console/visits/feeds/{feed_id}/revoke": {"feed-ended"},
}  # fmt: skip
# These the toast takes back; each has somewhere a test in which it does.
TAKEN_BACK = {
    *DONE, "assigned", "corrected", "saved", "renamed", "removed", "dismissed", "merged-no-lead", "scan-given", "scan-off", "scan-aside",
    "mail-aside", "discarded", "mail-stops", "mail-goes", "judged", "roles-given", "account-closed", "account-opened",
}  # fmt: skip
DOORS = ("/console/sign-in", "/console/locked", "/console/second-factor")
# The most literal first: `…/screening/send` is no page of the questions.
ROUTES = sorted((route for route in SAYS if route.startswith("POST ")), key=lambda route: (route.count("{"), route))
FORMS = {route: re.compile(re.sub(r"\\\{[a-z_]+\\\}", "[^/]+", re.escape(route.removeprefix("POST ")))) for route in ROUTES}


def posts() -> set[str]:
    """Every form of the console."""
    return {route for routes in (*WHO_MAY.values(), DOOR) for route in routes if route.startswith("POST ")}


def amiss(answer: Response) -> str | None:
    """Return what is wrong with where a form leads on: it says nothing, or what it should not; None where all is well."""
    path, place = answer.request.url.path, urlsplit(answer.headers.get("location", ""))
    route = next((route for route, form in FORMS.items() if form.fullmatch(path)), None)
    if answer.request.method != "POST" or answer.status_code != 303 or route is None or place.path.startswith(DOORS):
        return None
    says, asked = SAYS[route], parse_qs(place.query)
    code = asked.get("said", [""])[0]
    if isinstance(says, str):
        return f"{route} says {code}, and should say nothing" if code else None
    act = code if code in says else next((each for each in says if each and code.startswith(f"{each}-")), None)
    if act is None or (code and code not in SAID):
        return f"{route} says {code!r}"
    can_go_back = any(name in asked for name in ("did", "aside", "mail", "discarded"))
    return None if can_go_back == (code in TAKEN_BACK) else f"{route} says {code}, and it {'goes' if can_go_back else 'does not go'} back"
