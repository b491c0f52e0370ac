"""The data folder: where everything of one machine's trial lies, and how other commands find what runs."""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from config.settings import settings
from leads import db
from leads.errors import LeadsError
from leads.security import keys

SERVERS = ("database_url", "redis_url", "smtp_url")


class Refused(LeadsError):
    """The system cannot be started; the message is one sentence that says why and the way out."""

    code = "not_started"


@dataclass(frozen=True)
class Place:
    """The paths inside a data folder."""

    root: Path

    @property
    def logs(self) -> Path:
        """One log file a service."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """What only means something while the system runs."""
        return self.root / "run"

    @property
    def mailbox(self) -> Path:
        """The Maildir of the local mailbox."""
        return self.root / "mailbox"

    @property
    def clock(self) -> Path:
        """The stretched clock's anchor."""
        return self.root / "clock.json"

    @property
    def services(self) -> Path:
        """Where the running services are reached."""
        return self.root / "services.json"

    @property
    def first_sign_in(self) -> Path:
        """The first account's address and password."""
        return self.root / "first-sign-in.txt"


def make(data_dir: Path) -> Place:
    """Return the data folder, made where it was missing; raises Refused when this user may not write there."""
    place = Place(data_dir.expanduser().resolve())
    try:
        if not place.root.exists():
            place.root.mkdir(parents=True)
            # As root PostgreSQL runs as another user, who must pass through; what is inside is closed one by one.
            place.root.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (place.logs, place.run):
            folder.mkdir(mode=0o700, exist_ok=True)
        write_privately(place.run / "writable", "")
    except (PermissionError, FileExistsError, NotADirectoryError, OSError) as error:
        raise Refused(f"The data folder {place.root} cannot be written ({error.strerror}): pass another with --data-dir.") from None
    return place


def hold(place: Place) -> IO[str]:
    """Return the held lock of a data folder: it ends with this process, however that ends; raises Refused while another holds it."""
    file = (place.root / "up.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        who = file.read().strip() or "unknown"
        file.close()
        raise Refused(
            f"Another `handoff up` (process {who}) already runs on {place.root}: stop it first, or pass another --data-dir."
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def write_privately(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    spare = path.with_suffix(".new")
    spare.unlink(missing_ok=True)
    with os.fdopen(os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    # A rename is whole or nothing: another command may be reading this file right now.
    os.replace(spare, path)


def announce(place: Place, services: Mapping[str, str]) -> None:
    """Write down where the services are reached, for the commands that run beside them."""
    write_privately(place.services, json.dumps(dict(services), indent=1))


def attach(data_dir: Path) -> None:
    """Make this process use a data folder and, where the environment names no servers of its own, those that `handoff up` runs there."""
    root = data_dir.expanduser().resolve()
    os.environ["HANDOFF_DATA_DIR"] = str(root)
    settings.cache_clear()
    known = _known(root / "services.json")
    for name in (*SERVERS, "handoff_public_url"):
        if name in known and name not in settings().model_fields_set:
            os.environ[name.upper()] = known[name]
    forget()


def use(**environment: str) -> None:
    """Set what this process, and those it starts, go by from now on."""
    os.environ.update(environment)
    forget()


def forget() -> None:
    """Forget what this process had read of settings, database and keys."""
    for cached in (settings, db.engine, keys.ring):
        cached.cache_clear()


def _known(path: Path) -> dict[str, str]:
    try:
        return {name: str(value) for name, value in json.loads(path.read_text()).items()}
    except FileNotFoundError:
        return {}
    except ValueError:
        raise Refused(f"{path} cannot be read: remove it and start `handoff up` again, which writes it anew.") from None
    except PermissionError:
        raise Refused(f"{path} may only be read by the user who runs `handoff up`: run this command as that user.") from None
