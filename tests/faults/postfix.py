"""A real Postfix of our own on loopback: private folders, nothing of the machine's is read or touched, nothing leaves it."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leads.local.redis import free_port
from tests.faults.table import Impossible

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.1/32
myhostname = mx.relay.test
mydestination =
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
disable_dns_lookups = yes
smtputf8_enable = no
default_transport = error:5.4.4 nothing leaves this machine
virtual_mailbox_domains = example.com
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ ana@example.com=ana/ }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
relay_domains = {ours}
transport_maps = inline:{{ {ours}=lmtp:inet:127.0.0.1:{back} }}
smtpd_recipient_restrictions = permit_mynetworks, reject
# It takes what it will not be able to deliver, as a relay does that knows its recipients no better than we do.
smtpd_reject_unlisted_recipient = no
minimal_backoff_time = 2s
queue_run_delay = 2s
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 2 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
smtp unix - - n - - smtp
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """A running one: its SMTP port, and the mailbox of ana@example.com, the only one there is."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.url = f"smtp://127.0.0.1:{port}"

    @property
    def delivered(self) -> list[bytes]:
        """What lies in the mailbox."""
        new = self.folder / "mail" / "ana" / "new"
        return [path.read_bytes() for path in sorted(new.iterdir())] if new.exists() else []

    @property
    def log(self) -> str:
        """What it says of itself."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""


@contextmanager
def postfix(folder: Path, *, ours: str, back: int) -> Iterator[Postfix]:
    """Run one that brings mail for `ours` by LMTP to the port `back`; raises Impossible where this machine does not let us."""
    if os.geteuid() != 0 or not shutil.which("postfix", path="/usr/sbin:/usr/bin"):
        raise Impossible("a Postfix of our own needs the package postfix and root")
    port, folder = free_port(), folder.resolve()
    _write(folder, port, ours, back)
    control = ["/usr/sbin/postfix", "-c", str(folder / "etc")]
    started = subprocess.run([*control, "start"], capture_output=True, text=True, check=False, timeout=30)
    try:
        if started.returncode:
            raise Impossible(f"Postfix does not start: {started.stderr[-300:]}")
        _until_it_greets(port)
        yield Postfix(folder, port)
    finally:
        subprocess.run([*control, "stop"], capture_output=True, check=False, timeout=30)


def _write(folder: Path, port: int, ours: str, back: int) -> None:
    for name in ("etc", "queue", "data", "mail"):
        (folder / name).mkdir(mode=0o755)
    shutil.chown(folder / "data", "postfix")
    shutil.chown(folder / "mail", "nobody", "nogroup")
    mailbox = os.stat(folder / "mail")
    values = {"folder": folder, "ours": ours, "back": back, "uid": mailbox.st_uid, "gid": mailbox.st_gid}
    (folder / "etc" / "main.cf").write_text(MAIN.format(**values))
    (folder / "etc" / "master.cf").write_text(MASTER.format(port=port))


def _until_it_greets(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as line:
                if line.recv(100).startswith(b"220"):
                    return
        except OSError:
            time.sleep(0.1)
    raise Impossible("Postfix does not greet")
