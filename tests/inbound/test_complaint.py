"""Complaints: only what bears a sign of the mail itself says anything about it."""

import pytest

from leads.inbound.complaint import complaint_in
from tests.inbound.mails import NOBODY, parsed


@pytest.mark.parametrize(
    ("name", "kind"), [("complaint-yahoo", "complained"), ("complaint-redacted", "complained"), ("complaint-opt-out", "unsubscribed")]
)
def test_a_complaint_names_its_mail(name: str, kind: str) -> None:
    found = complaint_in(parsed(name))
    assert found
    assert (found.kind, found.message_id) == (kind, NOBODY)


def test_somebody_who_takes_it_back_does_not_complain() -> None:
    found = complaint_in(parsed("complaint-not-spam"))
    assert found
    assert found.kind is None


def test_nobody_silences_another_by_a_forged_complaint() -> None:
    found = complaint_in(parsed("complaint-forged"))
    assert found
    assert found.message_id is None


def test_another_mail_is_no_complaint() -> None:
    assert complaint_in(parsed("postfix-no-such-user")) is None
