"""E-mails with a planted fault, and the facts to render any of them."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.settings import settings
from leads.messages.templates import Template, load

SHIPPED = settings().handoff_templates_dir / "email"
FACTS: dict[str, Any] = {
    "given_name": "Alma",
    "office": "woodbury",
    "expected_by": "Tuesday, October 6, 5:00 PM",
    "number": "R-000042",
    "visit_day": "Tuesday, October 6",
    "visit_time": "10:00 AM",
    "confirm_url": "https://care.elmharbor.test/c/1",
    "unsubscribe_url": "https://care.elmharbor.test/u/2",
    "preferences_url": "https://care.elmharbor.test/p/3",
    "numbers": ["R-000042", "R-000043"],
    "status_url": "https://care.elmharbor.test/r/4",
    "portal_url": "https://care.elmharbor.test/portal",
    "sign_in_url": "https://care.elmharbor.test/portal/enter/5",
    "visit_url": "https://care.elmharbor.test/a/6",
    "screening_url": "https://care.elmharbor.test/s/8",
    "invitation_url": "https://care.elmharbor.test/console/invited/9",
    "page_url": "https://care.elmharbor.test/console/safety",
    "lead_url": "https://care.elmharbor.test/console/leads/L-000042",
    "raised": "Tue Oct 6, 2:10 PM",
    "step": 2,
    "paragraphs": ["Thank you for your call.", "We look forward to hearing from you."],
    "signed_by": "Casey Morgan",
    "brief_url": "https://care.elmharbor.test/console/brief",
    "mails_url": "https://care.elmharbor.test/console/mails",
    "today": "Tuesday, October 6",
    "new_count": 3,
    "late_count": 1,
    "todo_count": 4,
    "visit_count": 5,
    "unsent_count": 0,
    "mail_count": 2,
    "answer_minutes": 60,
    "contact_count": 1,
}
SPANISH = {"expected_by": "martes 6 de octubre, 5:00 PM", "visit_day": "martes 6 de octubre", "today": "martes 6 de octubre"}


def facts_in(language: str) -> Mapping[str, Any]:
    """The facts as a person of this language reads them."""
    return FACTS | SPANISH if language == "es" else FACTS


def copy_of(tmp_path: Path, name: str) -> Path:
    """One shipped e-mail and the frame, in a folder of its own."""
    for folder in ("_base", name):
        shutil.copytree(SHIPPED / folder, tmp_path / folder)
    return tmp_path


def planted(tmp_path: Path, name: str, file: str, old: str, new: str) -> Template:
    """A shipped e-mail in which one thing is different; `file` may lie in the frame (`../_base/...`)."""
    path = copy_of(tmp_path, name) / name / file
    source = path.read_text(encoding="utf-8")
    assert old in source
    path.write_text(source.replace(old, new), encoding="utf-8")
    return load(tmp_path)[name]
