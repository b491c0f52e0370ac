"""The status of a refusal: the server's own, or what its words mean."""

import pytest

from leads.inbound.status import status_of


@pytest.mark.parametrize(
    ("given", "said", "status"),
    [
        ("5.1.1", "", "5.1.1"),
        ("5.1.1 (bad destination mailbox address)", "", "5.1.1"),
        ("5.0.0", "smtp; 550 5.1.1 User unknown", "5.1.1"),
        ("5.0.0", "smtp; 550 5.7.1 blocked", "5.7.1"),
        ("", "550 No such user here", "5.1.1"),
        ("5.0.0", "smtp; 552 mailbox full", "5.2.2"),
        ("", "554 rejected for policy reasons, mailbox unavailable", "5.7.1"),
        ("5.5.0", "smtp; 550 Requested action not taken: mailbox unavailable", "5.0.0"),
        ("", "550 El usuario no existe", "5.1.1"),
        ("4.4.1", "Connection timed out", "4.4.1"),
        ("", "Host at 192.0.2.10 timed out", None),
        ("", "552 5.2.2. Over quota", "5.2.2"),
    ],
)
def test_it_is_read_or_understood(given: str, said: str, status: str | None) -> None:
    assert status_of(given, said, failed=True) == status


def test_a_full_mailbox_that_speaks_of_no_such_space_is_full() -> None:
    assert status_of("", "552 user over quota; address does not exist in cache", failed=True) == "5.2.2"
