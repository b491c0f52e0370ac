"""What surrounds every page of the console: its tabs, its keys, and the short words after something was done."""

from collections.abc import Sequence
from dataclasses import dataclass

from leads.accounts.rights import Right
from leads.http.console.staff import Staff


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
    ("Everywhere", (("Ctrl K or ⌘ K", "Commands: go to, search, act"), ("/", "Search"), ("?", "These keys"), ("Esc", "Close"))),
    ("Go to", (*((tab.keys, tab.label) for tab in TABS), ("g m", "My leads"))),
    ("In a list", (("j or ↓", "Next"), ("k or ↑", "The one before"), ("Enter", "Open"), ("x", "Choose"), ("a", "Assign those chosen"))),
    ("On the board", (("← ↑ ↓ →", "From card to card"), ("Enter", "Open"), ("m", "Move to another stage"))),
)
# So many tabs stand on one line of a desk; where somebody has more, the rarer ones stand under one word.
ROOM = 9
# What a page says once after a form was sent; the code stands in its address, the words are only ours.
SAID = {
    "assigned": "Assigned.",
    "done": "Done.",
    # No button to take these back: somebody may have been told of it, and a second telling would have to follow the first.
    "gone-on": "Done. Its sequence has gone on from here, so it cannot be taken back; a new to-do can be opened.",
    "moved": "Moved.",
    # A move of which something has come is not taken back as if nothing had: the toast says what it was.
    "moved-closed": "Moved. A closing or reopening stays in its history: to go back, move it again and say why.",
    "moved-visit": "Moved, and its visit with it. They may have been told: to go back, see to the visit on its page.",
    "moved-told": "Moved, and its referral with it. The referrer may have been told: to go back, move it again and say why.",
    "moved-mails": "Moved. Mails to them have begun or ended with it: to go back, move it again and say why.",
    "moved-on": "Moved. What follows from it has begun: to go back, move it again and say why.",
    "scan-kept": "Kept. It waits below until somebody knows whose it is.",
    "scan-given": "The scan hangs on this lead now. If it is not about them, take it off again below.",
    "scan-aside": "Put aside. It is kept, with your reason.",
    "scan-off": "Taken off. It waits among the scans again.",
    "tested": "A test is on its way. It counts once they have answered it.",
    "undone": "Taken back.",
    "saved": "View saved. Its address can be shared.",
    "removed": "View removed.",
}


def tabs_of(staff: Staff) -> Sequence[Tab]:
    """Return the tabs somebody may open."""
    return [tab for tab in TABS if staff.may(tab.right)]


def bar_of(staff: Staff) -> tuple[Sequence[Tab], Sequence[Tab]]:
    """Return the tabs that stand in somebody's bar, and those under "More"; none are there where all have room."""
    mine = tabs_of(staff)
    if len(mine) <= ROOM:
        return mine, ()
    return [tab for tab in mine if not tab.is_rare], [tab for tab in mine if tab.is_rare]
