"""Two colleagues who decide what we say, and e-mails of which the files are changed."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.messages import approve, facts, sendable
from leads.messages.approve import submit
from leads.messages.templates import Template, catalogue, load
from leads.messages.version_models import TemplateReview
from tests.accounts.cast import make_account
from tests.messages.mails import planted

PLAIN, WITH_FACTS = "office-location", "how-ketamine-works"


def make_pair(session: Session) -> tuple[Account, Account]:
    """Who writes, and who reviews."""
    return make_account(session), make_account(session, "reviewer", email="riley@example.com", name="Riley Hart")


def put_before(session: Session, name: str, by: Account, language: str = "en") -> TemplateReview:
    """The version of the files, before a reviewer."""
    return submit(session, name, language, version=approve.catalogue()[name].version(language), by=by.id)


def approved(session: Session, name: str, writer: Account, reviewer: Account, language: str = "en") -> TemplateReview:
    """The version of the files, approved."""
    review = put_before(session, name, writer, language)
    keys = approve.catalogue()[name].meta.claims
    return approve.approve(session, review.id, by=reviewer.id, roles=reviewer.roles, looked_at=keys)


def no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a clinic: what we ship with counts for nothing."""
    monkeypatch.setattr(sendable, "shipped", dict)
    sendable.forget()


def edited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, old: str, new: str, *, level: int = 0) -> Template:
    """The same words changed in both parts of an e-mail, and loaded by everybody who sends."""
    planted(tmp_path, name, "body.txt", old, new)
    path = tmp_path / name / "body.mjml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    meta = tmp_path / name / "meta.yml"
    meta.write_text(meta.read_text(encoding="utf-8").replace("level: 0", f"level: {level}"), encoding="utf-8")
    changed = load(tmp_path)[name]
    files: Mapping[str, Template] = MappingProxyType({**catalogue(), name: changed})
    say: Callable[[], Mapping[str, Template]] = lambda: files  # noqa: E731
    for module in (approve, sendable, facts):
        monkeypatch.setattr(module, "catalogue", say)
    sendable.forget()
    return changed
