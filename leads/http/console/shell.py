"""What surrounds every page of the console: its tabs, its keys, and the short words after something was done."""

from collections.abc import Sequence
from dataclasses import dataclass

from leads.accounts.rights import Right
from leads.http.console.staff import Staff
from leads.http.console.toasts import TOLD
from leads.pipeline.models import Deed
from leads.pipeline.take_back import Why


@dataclass(frozen=True)
class Tab:
    """One page of the main navigation: by which name, keys and count, for whom, and whether it is for now and then."""

    key: str
    label: str
    path: str
    keys: str
    counts: str = ""
    right: Right = "leads.read"
    is_rare: bool = False


TABS = (
    Tab("leads", "Leads", "/console", "g l"),
    Tab("new", "New", "/console/new", "g n", right="leads.work"),
    Tab("safety", "Safety", "/console/safety", "g a", "safety"),
    Tab("board", "Board", "/console/board", "g b"),
    Tab("visits", "Visits", "/console/visits", "g v"),
    Tab("inbox", "Inbox", "/console/inbox", "g i", "inbox"),
    Tab("scans", "Scans", "/console/scans", "g f", "scans", right="scans.see"),
    Tab("quarantine", "Quarantine", "/console/quarantine", "g q", "quarantine"),
    Tab("merges", "Same person?", "/console/merges", "g p", "merges"),
    Tab("sending", "Sending", "/console/sending", "g s", "unknown"),
    Tab("openings", "Openings", "/console/openings", "g o", right="openings.read", is_rare=True),
    Tab("colleagues", "Colleagues", "/console/colleagues", "g c", right="accounts.reset", is_rare=True),
    Tab("record", "Record", "/console/record", "g r", right="record.read", is_rare=True),
    Tab("sequences", "Sequences", "/console/sequences", "g e", right="studio.see", is_rare=True),
    Tab("reports", "Reports", "/console/reports/funnel", "g t", right="studio.see", is_rare=True),
    Tab("import", "Import", "/console/import", "g u", right="leads.work", is_rare=True),
)
KEYS = (
    (
        "Everywhere",
        (
            ("Ctrl K or ⌘ K", "Commands: go to, search, act"),
            ("/", "Search"),
            ("z", "Undo what was just done"),
            ("u", "Times in UTC, and back"),
            ("?", "These keys"),
            ("Esc", "Close"),
        ),
    ),
    (
        "In a list",
        (
            ("j or ↓", "Next"),
            ("k or ↑", "The one before"),
            ("Enter", "Open"),
            ("x", "Choose"),
            ("a", "Assign those chosen"),
            ("r", "Show it anew, once it has changed"),
        ),
    ),
    ("On the board", (("← ↑ ↓ →", "From card to card"), ("Enter", "Open"), ("m", "Move to another stage"))),
)
# So many tabs stand on one line of a desk; where somebody has more, the rarer ones stand under one word.
ROOM = 9
# What was done and can be taken back, and what may have come of it, so that it cannot.
DONE = {
    "moved": "Moved.",
    "called": "Call logged.",
    "noted": "Note written.",
    "given": "Assigned.",
    "given-back": "It is everybody's again.",
    "done": "Done.",
    "paused": "All mails to them rest.",
    "resumed": "The pause has ended.",
    "waits": "On the waitlist.",
    "waits-no-more": "Off the waitlist.",
    "mail-moved": "The mail has another time.",
    "mail-now": "The mail goes in ten seconds, if every guard still lets it pass.",
    "mail-skipped": "The mail is skipped.",
    "mail-stopped": "The sequence is stopped.",
    "mail-written": "Your note stands among the mails.",
    "merged": "Merged.",
}
CAME: dict[Why, str] = {
    "closed": "A closing or reopening stays in its history: to go back, move the lead and say why.",
    "visit": "Its visit went with it, and they may have been told: to go back, see to the visit on its page.",
    "told": "The referrer may have been told of what came of it: to go back, move the lead and say why.",
    "mails": "Mails to them have begun or ended with it: to go back, move the lead and say why.",
    "on": "What follows from it has begun, so it cannot be taken back.",
}
# What a page says once after a form was sent; the code stands in its address, the words are only ours.
SAID = {
    **TOLD,
    "assigned": "Assigned.",
    **DONE,
    **{f"{code}-{why}": f"{done} {came}" for code, done in DONE.items() for why, came in CAME.items()},
    "corrected": "Corrected. The timeline says which details.",
    # No button to take these back: somebody may have been told of it, and a second telling would have to follow the first.
    "done-on": "Done. Its sequence has gone on from here, so it cannot be taken back; a new to-do can be opened.",
    # A move of which something has come is not taken back as if nothing had: the toast says what it was.
    "moved-closed": "Moved. A closing or reopening stays in its history: to go back, move it again and say why.",
    "moved-visit": "Moved, and its visit with it. They may have been told: to go back, see to the visit on its page.",
    "moved-told": "Moved, and its referral with it. The referrer may have been told: to go back, move it again and say why.",
    "moved-mails": "Moved. Mails to them have begun or ended with it: to go back, move it again and say why.",
    "moved-on": "Moved. What follows from it has begun: to go back, move it again and say why.",
    "scan-kept": "Kept. It waits below until somebody knows whose it is.",
    "scan-given": "The scan hangs on this lead now.",
    "scan-aside": "Put aside. It is kept, with your reason.",
    "scan-off": "Taken off. It waits among the scans again.",
    "tested": "A test is on its way. It counts once they have answered it.",
    "undone": "Taken back.",
    "dismissed": "They are two people, and not suggested again.",
    "saved": "View saved. Its address can be shared.",
    "renamed": "The view has another name.",
    "merged-no-lead": "Merged. Neither has a lead, so there is no page to go to; the pair is decided.",
    "mail-stops": "All mail rests from now on.",
    "mail-goes": "Mail goes again.",
    "judged": "Noted: you have looked at it.",
    "roles-given": "They have these roles from their next click on.",
    "account-closed": "The account is closed, and signed out everywhere.",
    "account-opened": "The account is open again, with the password and second step it had.",
    "removed": "View removed.",
    "mail-aside": "Put aside. It is kept, and can be taken up again.",
    "discarded": "Discarded. It is kept, and can be taken up again.",
}


def tabs_of(staff: Staff) -> Sequence[Tab]:
    """Return the tabs somebody may open."""
    return [tab for tab in TABS if staff.may(tab.right)]


def keys_of(staff: Staff) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """Return the sheet of keys, group by group; only where somebody may go do keys lead."""
    everywhere, *others = KEYS
    mine = [("g m", "My leads")] if staff.may("leads.read") else []
    return [everywhere, ("Go to", [*((tab.keys, tab.label) for tab in tabs_of(staff)), *mine]), *others]


def bar_of(staff: Staff) -> tuple[Sequence[Tab], Sequence[Tab]]:
    """Return the tabs that stand in somebody's bar, and those under "More"; none are there where all have room."""
    mine = tabs_of(staff)
    if len(mine) <= ROOM:
        return mine, ()
    return [tab for tab in mine if not tab.is_rare], [tab for tab in mine if tab.is_rare]


def said_of(code: str, came: Deed | Why, place: str = "") -> str:
    """Return how an address ends after something was done: its toast takes it back, or says why it cannot; `place` is where it leads."""
    return f"?said={code}&did={came.id}{place}" if isinstance(came, Deed) else f"?said={code}-{came}{place}"
