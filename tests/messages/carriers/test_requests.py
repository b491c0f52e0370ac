"""What each provider is asked: the mail as it was built, our own id of it, nothing that tracks, and whose request it is."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import default

import pytest

from leads.messages.carriers.base import Receipt
from leads.messages.carriers.known import CARRIERS
from leads.messages.carriers.sigv4 import Signer
from tests.dot import dot
from tests.messages.carriers.mail import KEPT, MAIL, MESSAGE, TO_ANA
from tests.provider import Answer, Asked, Provider

Use = Callable[[str], None]


@pytest.fixture
def asked(provider: Provider, use: Use) -> Callable[[str], Asked]:
    """Sends the mail by a carrier and returns what its provider was asked."""

    def send(name: str) -> Asked:
        use(name)
        carrier = CARRIERS[name].open()
        carrier.offer(TO_ANA, MAIL)
        assert dot(carrier).taken
        carrier.close()
        return provider.asked[-1]

    return send


def test_ses_gets_the_very_bytes(asked: Callable[[str], Asked]) -> None:
    request = asked("ses")
    assert request.path == "/v2/email/outbound-emails"
    assert base64.b64decode(request.json["Content"]["Raw"]["Data"]) == MAIL
    assert request.json["Destination"] == {"ToAddresses": ["ana@example.com"]}
    assert request.json["EmailTags"] == [{"Name": "handoff-message", "Value": MESSAGE.hex}]
    assert request.json["ConfigurationSetName"] == "clinic"


def test_ses_is_told_not_to_track(asked: Callable[[str], Asked]) -> None:
    off = {"OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "DISABLED"}
    assert asked("ses").json["ConfigurationOverrides"] == {"Tracking": off}


def test_ses_reads_whose_request_it_is_from_a_signature(asked: Callable[[str], Asked]) -> None:
    request = asked("ses")
    at = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    url, kind = f"http://{request.headers['host']}{request.path}", {"Content-Type": "application/json"}
    again = Signer("AKIDEXAMPLE", "secret", "us-east-1", "ses").sign("POST", url, request.body, kind, at=at)
    assert request.headers["authorization"] == again["Authorization"]
    assert "SignedHeaders=content-type;host;x-amz-date," in request.headers["authorization"]


@pytest.mark.parametrize(
    ("method", "signature"),
    [
        ("GET", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ],
)
def test_a_signature_is_the_one_amazon_publishes(method: str, signature: str) -> None:
    # `get-vanilla` and `post-vanilla` of the Signature Version 4 test suite.
    signer = Signer("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "service")
    signed = signer.sign(method, "https://example.amazonaws.com/", b"", {}, at=datetime(2015, 8, 30, 12, 36, tzinfo=UTC))
    assert signed["Authorization"].endswith(f"Signature={signature}")


def test_mailgun_gets_the_very_bytes_and_no_leave_to_track(asked: Callable[[str], Asked]) -> None:
    request = asked("mailgun")
    form = BytesParser(policy=default).parsebytes(b"Content-Type: " + request.headers["content-type"].encode() + b"\r\n\r\n" + request.body)
    fields = {part.get_param("name", header="content-disposition"): part for part in form.iter_parts()}  # type: ignore[attr-defined]
    assert request.path == "/v3/mail.elmharbor.test/messages.mime"
    assert MAIL in request.body
    said = {name: part.get_payload().strip() for name, part in fields.items() if name != "message"}
    off = {"o:tracking": "no", "o:tracking-clicks": "no", "o:tracking-opens": "no"}
    assert said == {"to": "ana@example.com", "v:handoff-message": MESSAGE.hex} | off
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"api:key-1").decode()


def test_postmark_gets_every_part_and_header(asked: Callable[[str], Asked]) -> None:
    told = asked("postmark").json
    assert (told["From"], told["To"], told["ReplyTo"]) == (
        '"Elm Harbor, Clinic" <care@mail.elmharbor.test>',
        "ana@example.com",
        "r+token@mail.elmharbor.test",
    )
    assert told["Subject"] == "Cómo llegar"
    assert "mañana" in told["TextBody"]
    assert {each["Name"]: each["Value"] for each in told["Headers"]} == KEPT | {"X-PM-KeepID": "true"}
    assert told["Attachments"] == [{"Name": "visit.ics", "ContentType": "application/ics", "Content": "QkVHSU46VkNBTEVOREFS"}]


def test_postmark_is_told_not_to_track(asked: Callable[[str], Asked]) -> None:
    request = asked("postmark")
    assert (request.json["TrackOpens"], request.json["TrackLinks"]) == (False, "None")
    assert request.json["Metadata"] == {"handoff-message": MESSAGE.hex}
    assert request.headers["x-postmark-server-token"] == "postmark-token"


def test_sendgrid_gets_every_part_and_header(asked: Callable[[str], Asked]) -> None:
    told = asked("sendgrid").json
    assert told["personalizations"] == [{"to": [{"email": "ana@example.com"}], "custom_args": {"handoff_message": MESSAGE.hex}}]
    assert told["from"] == {"email": "care@mail.elmharbor.test", "name": "Elm Harbor, Clinic"}
    assert told["headers"] == KEPT
    assert [each["type"] for each in told["content"]] == ["text/plain", "text/html"]
    assert told["attachments"][0]["filename"] == "visit.ics"


def test_sendgrid_is_told_not_to_track(asked: Callable[[str], Asked]) -> None:
    request = asked("sendgrid")
    assert {name: rule["enable"] for name, rule in request.json["tracking_settings"].items()} == {
        "click_tracking": False,
        "open_tracking": False,
        "subscription_tracking": False,
        "ganalytics": False,
    }
    assert request.headers["authorization"] == "Bearer SG.key"


@pytest.mark.parametrize(
    ("name", "answer", "receipt"),
    [
        ("postmark", Answer(422, {"ErrorCode": 406, "Message": "inactive"}), Receipt(550, "5.1.1")),
        ("postmark", Answer(422, {"ErrorCode": 400, "Message": "no such sender signature"}), Receipt(554, "5.7.13")),
        ("postmark", Answer(422, {"ErrorCode": 300, "Message": "invalid"}), Receipt(554, "http-422")),
        ("sendgrid", Answer(400, {"errors": [{"field": "from.email", "message": "not verified"}]}), Receipt(554, "5.7.13")),
        ("sendgrid", Answer(400, {"errors": [{"field": "content", "message": "empty"}]}), Receipt(554, "http-400")),
        ("mailgun", Answer(402, {"message": "plan"}), Receipt(554, "5.7.13")),
        ("mailgun", Answer(400, {"message": "to parameter is not a valid address"}), Receipt(554, "http-400")),
        ("ses", Answer(400, {}, (("x-amzn-ErrorType", "LimitExceededException:http://x"),)), Receipt(429, "http-429")),
        ("ses", Answer(400, {"__type": "com.amazon#SendingPausedException"}), Receipt(554, "5.7.13")),
        ("ses", Answer(400, {"__type": "MessageRejected", "message": "Email address is not verified."}), Receipt(554, "5.7.13")),
        ("ses", Answer(400, {"__type": "MessageRejected", "message": "virus"}), Receipt(554, "http-400")),
        ("ses", Answer(400, ["no object"]), Receipt(554, "http-400")),
    ],
)
def test_a_refusal_of_us_is_told_from_one_of_the_mail(provider: Provider, use: Use, name: str, answer: Answer, receipt: Receipt) -> None:
    use(name)
    carrier = CARRIERS[name].open()
    provider.answers.append(answer)
    carrier.offer(TO_ANA, MAIL)
    assert dot(carrier) == receipt
    carrier.close()
