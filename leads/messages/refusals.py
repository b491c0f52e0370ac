"""Whose fault a refusal is: one mailbox that takes nothing from us says nothing about the next, several strangers in a row do."""

import threading
from collections import defaultdict
from typing import NamedTuple

from leads.messages.carriers.base import Receipt

DOMAINS_IN_A_ROW = 3
# Everybody may be with one provider: then it is many of its mailboxes that tell.
MAILBOXES_IN_A_ROW = 10


class Way(NamedTuple):
    """A lane, and the carrier by which its mail goes: what one carrier refuses says nothing about another."""

    lane: str
    carrier: str


_lock = threading.Lock()
_refused: defaultdict[Way, set[str]] = defaultdict(set)


def is_of_us(receipt: Receipt, way: Way, mailbox: str) -> bool:
    """Return True where a refusal speaks of us, or is one of so many, with nothing taken in between, that it must be us they mean.

    The same refusal may be asked about again: a mailbox counts once.
    """
    if receipt.taken or not receipt.not_allowed:
        return False
    with _lock:
        row = _refused[way]
        row.add(mailbox.lower())
        return receipt.refuses_us or len({each.rpartition("@")[2] for each in row}) >= DOMAINS_IN_A_ROW or len(row) >= MAILBOXES_IN_A_ROW


def forget_refusals(way: Way) -> None:
    """Begin the row anew, for somebody has taken a mail of ours that went this way."""
    if way in _refused:
        with _lock:
            _refused.pop(way, None)
