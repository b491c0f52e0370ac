"""`handoff up`: the whole system on one machine, from nothing to a page in the browser, and back."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from config.settings import settings
from leads.clock import Anchor
from leads.local import commands, place, postgres, redis, timepiece
from leads.local.first_start import SignIn, open_first_account, prepare
from leads.local.place import Place, Refused
from leads.local.processes import Child, Household, end_leftovers
from leads.local.ready import wait_for_beat, wait_for_port, wait_for_web, wait_for_workers

Tell = Callable[[str, str], None]
QUICK_SWEEP = "0.2"


@dataclass(frozen=True)
class Wishes:
    """What was asked for on the command line."""

    data_dir: Path
    port: int = 8000
    speed: float = 1.0
    workers: int = 1

    @property
    def url(self) -> str:
        """Where the pages will be."""
        return f"http://127.0.0.1:{self.port}"


@dataclass
class Running:
    """What is up: the folder, the processes, the servers' URLs and the clock."""

    wishes: Wishes
    place: Place
    household: Household
    tell: Tell
    urls: dict[str, str]
    clock: Anchor | None = None
    sign_in: SignIn | None = None


@contextmanager
def up(wishes: Wishes, tell: Tell) -> Iterator[Running]:
    """Start everything, in order, and stop it when the block ends; raises Refused, in one sentence, when it cannot be."""
    here = place.make(wishes.data_dir)
    with place.hold(here):
        if ended := end_leftovers(here.run / "children.json"):
            tell("earlier start", f"was killed and left {ended} processes running: they are ended now")
        _need_free(wishes.port)
        _need_place(settings().inbound_listen)
        running = Running(wishes, here, Household(here.run / "children.json"), tell, {})
        try:
            _start(running)
            yield running
        finally:
            _stop(running)


def mind(running: Running) -> None:
    """Start again whoever dies, and keep the stretched clock's place, until interrupted."""
    noted = time.monotonic()
    while True:
        running.household.mind(lambda words: running.tell("trouble", words))
        if running.clock and time.monotonic() - noted > timepiece.NOTED_EVERY.total_seconds() / 2:
            timepiece.note(running.place.clock, running.clock)
            noted = time.monotonic()
        time.sleep(0.25)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM end the block like Ctrl-C, and let neither disturb the stopping."""

    def interrupt(*_: Any) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _start(running: Running) -> None:
    _use(running, HANDOFF_DATA_DIR=str(running.place.root))
    if running.wishes.speed != 1 and not settings().is_local:
        raise Refused("--speed is for a local trial: in production the clock is the wall's.")
    running.clock = timepiece.wind(running.place.clock, running.wishes.speed)
    _start_servers(running)
    if "handoff_public_url" not in settings().model_fields_set:
        _use(running, HANDOFF_PUBLIC_URL=running.wishes.url)
    if running.wishes.speed > 1:
        _use(running, HANDOFF_SWEEP_SECONDS=QUICK_SWEEP)
    prepare()
    running.sign_in = open_first_account(running.place)
    place.announce(running.place, running.urls | {"handoff_public_url": settings().public_url, "port": str(running.wishes.port)})
    _start_processes(running)


def _start_servers(running: Running) -> None:
    here, household = running.place, running.household
    waiting: list[Callable[[], None]] = []
    for name, start in (("database_url", _start_postgres), ("redis_url", _start_redis), ("smtp_url", _start_mailbox)):
        given = getattr(settings(), name)
        if given is not None:
            running.urls[name] = given.get_secret_value()
            shown = make_url(running.urls[name]).render_as_string()
            if name == "redis_url":
                redis.need_answer(running.urls[name], shown)
            running.tell(name.removesuffix("_url"), f"yours, at {shown}")
        else:
            running.urls[name], wait = start(running, here, household)
            waiting.append(wait)
    for wait in waiting:
        wait()
    _use(running, **{name.upper(): url for name, url in running.urls.items()})


def _start_postgres(running: Running, here: Place, household: Household) -> tuple[str, Callable[[], None]]:
    home = postgres.find_home(here)
    child = postgres.make_child(here, home)
    household.start(child)

    def wait() -> None:
        postgres.wait_until_ready(child, home.url)
        outside = "" if home.data.parent == here.root else f", which {here.root} would not let its user {home.user} reach"
        running.tell("PostgreSQL", f"{postgres.VERSION}, embedded; its data in {home.data}{outside}")

    return home.url, wait


def _start_redis(running: Running, here: Place, household: Household) -> tuple[str, Callable[[], None]]:
    kind = redis.find_kind()
    child, url = redis.make_child(here, kind)
    household.start(child)

    def wait() -> None:
        redis.wait_until_ready(child, url)
        running.tell("Redis", kind.words)

    return url, wait


def _start_mailbox(running: Running, here: Place, household: Household) -> tuple[str, Callable[[], None]]:
    port = redis.free_port()
    child = Child("mailbox", commands.mailbox(here.mailbox, "127.0.0.1", port), here.logs / "mailbox.log")
    household.start(child)

    def wait() -> None:
        wait_for_port(child, port)
        running.tell("mailbox", f"every mail stays here: {running.wishes.url}/mailbox")

    return f"smtp://127.0.0.1:{port}", wait


def _start_processes(running: Running) -> None:
    here, wishes = running.place, running.wishes
    for old in here.run.glob("beat*"):
        old.unlink()
    web = Child("web", commands.web("127.0.0.1", wishes.port), here.logs / "web.log")
    names = [("transactional", 1), *(("everything", number + 1) for number in range(wishes.workers))]
    workers = [Child(f"worker {name}", commands.worker(name, number=n), here.logs / f"worker-{name}-{n}.log") for name, n in names]
    beat = Child("beat", commands.beat(), here.logs / "beat.log")
    running.household.start(web, *workers, beat)
    wait_for_web(web, wishes.url)
    running.tell("web", wishes.url)
    for name, queues in commands.WORKERS.items():
        wait_for_workers([child for child in workers if child.name == f"worker {name}"], queues)
        running.tell("worker", f"{name}: {', '.join(queues)}")
    wait_for_beat(beat)
    running.tell("beat", "gives the hints")
    _start_inbound(running, settings().inbound_listen)


def _start_inbound(running: Running, wanted: tuple[str, int] | None) -> None:
    if wanted is None:
        return
    host, port = wanted
    child = Child("inbound", commands.inbound(host, port), running.place.logs / "inbound.log")
    running.household.start(child)
    wait_for_port(child, port, host=host)
    running.tell("inbound", f"mail servers bring mail to {settings().handoff_inbound_listen} (LMTP and SMTP)")


def _stop(running: Running) -> None:
    running.household.stop()
    if running.clock:
        timepiece.stop(running.place.clock, running.clock)
    running.place.services.unlink(missing_ok=True)


def _use(_running: Running, **environment: str) -> None:
    place.use(**environment)


def _need_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Refused(f"Port {port} is taken: end what listens there, or pass another with --port.") from None


def _need_place(wanted: tuple[str, int] | None) -> None:
    if wanted is None:
        return
    try:
        # As the listener itself will ask: an address of another machine, or a port below 1024, is refused before anything starts.
        socket.create_server(wanted, family=socket.AF_INET6 if ":" in wanted[0] else socket.AF_INET).close()
    except OSError as error:
        # The error's own words say the place a second time; a name that nobody knows has a number of its own, below nought.
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror)
        raise Refused(f"HANDOFF_INBOUND_LISTEN: nobody can listen at {wanted[0]}, port {wanted[1]} ({why}).") from None
