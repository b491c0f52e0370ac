"""One thing that was looked at: how it stands, in words, and what to publish where it is wrong."""

from dataclasses import dataclass
from typing import Literal

from leads.messages.mail_keys import DnsRecord

# `advice` works and could be better, or is somebody else's to keep; `unknown` could not be looked at, and is not well for that.
State = Literal["ok", "advice", "unknown", "wrong"]
WORST_FIRST: tuple[State, ...] = ("wrong", "unknown", "advice", "ok")


@dataclass(frozen=True)
class Finding:
    """What was found of one thing."""

    check: str
    about: str
    state: State
    says: str
    publish: DnsRecord | None = None

    @property
    def is_well(self) -> bool:
        """True where nobody has to do anything."""
        return self.state in ("ok", "advice")
