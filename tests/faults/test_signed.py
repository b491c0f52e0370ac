"""What we sign and a real Postfix carries is believed by Perl's Mail::DKIM, which asks a real DNS server for our keys."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.settings import settings
from leads.clinic.profile import Mail, clinic
from leads.local.redis import free_port
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.mail_keys import make_keys, record_of, signing_keys
from leads.messages.mime import build, envelope
from leads.messages.models import Message
from leads.messages.render import Rendered
from tests.dns_server import DnsServer
from tests.dot import dot
from tests.faults.postfix import postfix
from tests.faults.table import Impossible
from tests.messages.dkim_verifier import verify

WAY_OUT = "https://care.elmharbor.test/u/token"
# It knows RSA; versions before 1.20240827 don't know Ed25519 and say so.
CHECK = """\
use Mail::DKIM::Verifier; use Mail::DKIM::DNS; use Net::DNS::Resolver;
Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(nameservers => ['127.0.0.1'], port => $ARGV[0], recurse => 0));
my $dkim = Mail::DKIM::Verifier->new(); binmode STDIN; local $/; $dkim->PRINT(scalar <STDIN>); $dkim->CLOSE;
print $_->algorithm, ' ', $_->result, "\\n" for $dkim->signatures;
"""


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> Iterator[DnsServer]:
    """We sign, and a DNS server tells our keys."""
    monkeypatch.setenv("HANDOFF_MAIL_KEYS_DIR", str(tmp_path / "keys"))
    settings.cache_clear()
    monkeypatch.setitem(clinic().__dict__, "mail", Mail.model_validate(clinic().mail.model_dump() | {"dkim": {"sign": True}}))
    make_keys()
    server = DnsServer({(record.name, "TXT"): [record.value] for record in map(record_of, signing_keys())})
    yield server
    server.stop()
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def carried(published: DnsServer, data_dir: Path) -> bytes:
    """A mail of ours as a real Postfix put it into a mailbox."""
    folder = data_dir / f"postfix-{time.monotonic_ns()}"
    folder.mkdir(mode=0o755)
    try:
        with postfix(folder, ours=clinic().mail.domain, back=free_port()) as relay:
            message = Message(topic="inquiry", template="still-here", lane="transactional", language="es")
            text = "Mañana  a las 10.\n.\n\tUn saludo  \n\n"
            raw = build(
                message, "ana@example.com", Rendered("Su visita del sábado", text, f"<p>{text}</p>", "1", ""), WAY_OUT, discreet=False
            )
            carrier = SmtpCarrier(relay.url, helo="mail.elmharbor.test")
            carrier.offer(envelope(message.id, "ana@example.com"), raw)
            assert dot(carrier).taken
            carrier.close()
            return wait_for(lambda: relay.delivered)[0]
    except Impossible as why:
        pytest.skip(str(why))


def wait_for(look: Callable[[], list[bytes]]) -> list[bytes]:
    deadline = time.monotonic() + 30
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found
    return found


def as_sent(mail: bytes) -> bytes:
    """With the line ends of the wire, which a mailbox on disk has not."""
    return mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def test_both_signatures_hold_after_a_real_server_carried_the_mail(carried: bytes) -> None:
    zone = {record.name: record.value for record in map(record_of, signing_keys())}
    assert verify(as_sent(carried), zone) == [True, True]


def test_another_implementation_believes_what_we_signed(published: DnsServer, carried: bytes) -> None:
    if subprocess.run(["perl", "-MMail::DKIM", "-e1"], capture_output=True, check=False).returncode:
        pytest.skip("Perl's Mail::DKIM is not here: install the package libmail-dkim-perl")
    port = published.nameserver.rpartition(":")[2]

    def check(mail: bytes) -> str:
        return subprocess.run(["perl", "-e", CHECK, port], input=mail, capture_output=True, check=True, timeout=60).stdout.decode()

    assert "rsa-sha256 pass" in check(as_sent(carried))
    assert "rsa-sha256 fail" in check(as_sent(carried).replace(b"One-Click", b"Two-Clicks"))
