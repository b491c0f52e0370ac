"""The command line of each process, the same under `handoff up` and in a container."""

import sys
from pathlib import Path

from config.settings import settings
from leads.errors import NotFound

WORKERS = {"transactional": ("safety", "transactional"), "everything": ("reminder", "education", "housekeeping")}


def web(host: str, port: int) -> list[str]:
    """Return the web process. No access log: paths carry tokens."""
    trusted = settings().handoff_trusted_proxies
    proxies = ["--proxy-headers", "--forwarded-allow-ips", trusted] if trusted else ["--no-proxy-headers"]
    quiet = ["--no-access-log", "--no-server-header", "--timeout-graceful-shutdown", "5"]
    return [sys.executable, "-m", "uvicorn", "config.asgi:app", "--host", host, "--port", str(port), *quiet, *proxies]


def worker(name: str, *, number: int = 1, threads: int = 4) -> list[str]:
    """Return a worker process; raises NotFound for a name that is no worker."""
    if name not in WORKERS:
        raise NotFound(f"There is no worker {name}: it is one of {', '.join(WORKERS)}.")
    pool = ["--pool", "threads", "--concurrency", str(threads)]
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return [*_celery(), "worker", "--queues", ",".join(WORKERS[name]), "--hostname", f"{name}-{number}@%h", *pool, *alone]


def beat() -> list[str]:
    """Return the process that gives the hints."""
    return [*_celery(), "beat", "--schedule", str(beat_file()), "--pidfile", ""]


def beat_file() -> Path:
    """Return where beat keeps when it last gave each hint."""
    return settings().handoff_data_dir / "run" / "beat"


def mailbox(folder: Path, host: str, port: int) -> list[str]:
    """Return the local mailbox's process."""
    return [sys.executable, "-m", "leads.local.mailbox", str(folder), str(port), host]


def inbound(host: str, port: int) -> list[str]:
    """Return the listener for mail servers."""
    return [sys.executable, "-m", "leads.cli", "inbound", "serve", "--host", host, "--port", str(port)]


def _celery() -> list[str]:
    return [sys.executable, "-m", "celery", "--quiet", "--app", "config.celery"]
