"""What mail servers report, read from the forms of those that are about."""

import pytest

from leads.inbound.delivery_report import Report, is_report, message_reported, reports
from leads.inbound.mail import parse
from leads.messages.addresses import return_path
from tests.inbound.mails import NOBODY, parsed, received


def only(name: str) -> Report:
    (report,) = reports(parsed(name))
    return report


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("postfix-no-such-user", "5.1.1"),
        ("exchange-online-no-such-user", "5.1.10"),
        ("gmail-no-such-user", "5.1.1"),
        ("sendmail-no-such-user", "5.1.1"),
        ("ses-no-such-user", "5.1.1"),
        ("qmail-no-such-user", "5.1.1"),
        ("qmail-local-no-mailbox", "5.1.1"),
        # These say 5.0.0, or nothing: what they mean stands in words.
        ("exim-no-such-user", "5.1.1"),
        ("exim-old-no-such-user", "5.1.1"),
        ("yahoo-no-such-user", "5.1.1"),
        ("exchange-full", "5.2.2"),
        ("icloud-full", "5.2.2"),
        ("gmail-policy", "5.7.26"),
        ("postfix-gave-up", "4.4.1"),
        ("forwarded-target-gone", "5.2.1"),
    ],
)
def test_the_end_of_a_mail_and_its_status_are_read(name: str, status: str) -> None:
    report = only(name)
    assert (report.end, report.status, report.address) == ("bounced", status, "ana@example.com")


@pytest.mark.parametrize("name", ["postfix-delayed", "exim-old-delayed"])
def test_a_mail_that_is_only_late_has_not_come_back(name: str) -> None:
    assert only(name).end == "deferred"


def test_a_mail_that_arrived_is_known_to_have() -> None:
    assert only("delivered").end == "delivered"


@pytest.mark.parametrize("name", ["away-exchange", "reply-gmail", "complaint-yahoo", "list", "challenge"])
def test_what_is_no_report_is_none(name: str) -> None:
    assert not is_report(parsed(name))


def test_the_return_path_says_which_mail_it_was() -> None:
    assert message_reported(parsed("ses-no-such-user"), return_path(NOBODY)) == NOBODY


@pytest.mark.parametrize("name", ["postfix-no-such-user", "postfix-delayed", "qmail-no-such-user"])
def test_without_it_the_returned_header_does(name: str) -> None:
    assert message_reported(parsed(name), "care@mail.elmharbor.test") == NOBODY


def test_a_report_in_base64_is_read_all_the_same() -> None:
    raw = (
        b"From: MAILER-DAEMON@x.test\r\nSubject: failure notice\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"UmVwb3J0aW5nLU1UQTogZG5zOyB4LnRlc3QKCkZpbmFsLVJlY2lwaWVudDogcmZjODIyOyBhbmFAZXhhbXBsZS5jb20KQWN0aW9uOiBmYWlsZWQKU3RhdHVzOiA1LjEuMQo=\r\n--b--\r\n"
    )
    (report,) = reports(parse(raw))
    assert (report.status, report.address) == ("5.1.1", "ana@example.com")


def test_a_report_cut_off_in_the_middle_raises_nothing() -> None:
    raw = received("gmail-no-such-user")
    for length in range(0, len(raw), 97):
        reports(parse(raw[:length]))
