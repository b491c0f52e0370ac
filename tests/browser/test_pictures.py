"""The pictures in docs: each is small and shown somewhere. HANDOFF_PICTURES=write takes them anew, of synthetic people on a Tuesday."""

import base64
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page
from sqlalchemy import func, select

from leads.clock import frozen, now
from leads.db import transaction
from leads.local.demo import cast
from leads.local.play import play
from leads.local.refer import play_referral, referrals
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.models import Message
from leads.pipeline.contact import log_call
from leads.pipeline.models import Lead
from tests.accounts.cast import make_account
from tests.browser.conftest import DESKTOP, PHONE, violations
from tests.browser.test_console import Visit, arrive, at_work
from tests.cast import ACTOR
from tests.conftest import TUESDAY, Mailbox

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = DOCS / "pictures"
LARGEST = 120_000
LOOKS = {"desktop-light": (DESKTOP, 1), "desktop-dark": (DESKTOP, 1), "phone-light": (PHONE, 2), "phone-dark": (PHONE, 2)}
# Of the board and the sequences one on each device is enough; together no more than twelve.
TAKEN = {
    "worklist": tuple(LOOKS),
    "lead": tuple(LOOKS),
    "board": ("desktop-light", "phone-dark"),
    "sequences": ("desktop-dark", "phone-light"),
}


def names() -> list[str]:
    """The file name of each picture."""
    return sorted(f"{page}-{look}.webp" for page, looks in TAKEN.items() for look in looks)


def test_each_picture_is_there_small_and_shown() -> None:
    shown = (DOCS.parent / "README.md").read_text() + (DOCS / "console.md").read_text()
    kept = {path.name: path.stat().st_size for path in PICTURES.iterdir()}
    assert sorted(kept) == names()
    assert {name: size for name, size in kept.items() if size >= LARGEST} == {}
    assert [name for name in kept if name not in shown] == []


def call_the_late() -> None:
    """Somebody has gone through the list on Monday, down to the last four."""
    with transaction() as session:
        late = session.scalars(select(Lead).where(Lead.stage == "new", Lead.expected_by < now()).order_by(Lead.serial)).all()
        for lead in late[:-4]:
            log_call(session, lead.id, result="left-message", actor=ACTOR)


@pytest.fixture
def paths(site: str, mailbox: Mailbox) -> Iterator[dict[str, str]]:
    """Some weeks of a clinic, played up to Tuesday at ten; the addresses of the pages."""
    with frozen(TUESDAY):
        with transaction() as session:
            actor = f"account:{make_account(session, 'coordinator', 'clinician').id}"
        carrier = SmtpCarrier(mailbox.url, helo="mail.elmharbor.test")
        for character in cast(60, seed=7, until=TUESDAY, days=30):
            play(character, carrier, until=TUESDAY, actor=actor)
        with frozen(TUESDAY - timedelta(days=1)):
            call_the_late()
        for sent in list(referrals(seed=7, until=TUESDAY))[:8]:
            play_referral(sent, carrier, until=TUESDAY, actor=actor)
        carrier.close()
        arrive("Noah", "Okafor", "new-haven", "Some days I think everyone would be better off without me.", hours_ago=0.5)
        with transaction() as session:
            planned = select(Message.lead_id).where(Message.state == "planned").group_by(Message.lead_id).having(func.count() > 3)
            busy = select(Lead).where(Lead.stage == "contacted", Lead.id.in_(planned)).order_by(Lead.serial.desc())
            number = session.scalars(busy.limit(1)).one().number
        yield {"worklist": "/console", "lead": f"/console/leads/{number}", "board": "/console/board", "sequences": "/console/sequences"}


def take(page: Page, name: str) -> None:
    """Keep what the window shows."""
    shot = page.context.new_cdp_session(page).send("Page.captureScreenshot", {"format": "webp", "quality": 75})
    (PICTURES / name).write_bytes(base64.b64decode(shot["data"]))


@pytest.mark.browser
@pytest.mark.committed
@pytest.mark.timeout(600)
@pytest.mark.skipif(os.environ.get("HANDOFF_PICTURES") != "write", reason="HANDOFF_PICTURES=write takes the pictures of docs anew")
def test_the_pictures_are_taken_without_a_barrier(visit: Visit, paths: dict[str, str]) -> None:
    PICTURES.mkdir(exist_ok=True)
    for look, (size, scale) in LOOKS.items():
        phone = size is PHONE
        glass = {"viewport": size, "device_scale_factor": scale, "is_mobile": phone, "has_touch": phone}
        page = at_work(visit, color_scheme=look.rpartition("-")[2], **glass)
        for name, path in paths.items():
            page.goto(path)
            assert violations(page) == []
            if look in TAKEN[name]:
                take(page, f"{name}-{look}.webp")
