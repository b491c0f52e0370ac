"""The checker, in the manner of Jepsen's total-queue: what came out is what went in; a line for each invariant."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from tests.faults.evidence import Evidence, Wanted

# Between the last look at the guards and the server's stamp lie a commit and a dot.
LAST_LOOK = timedelta(seconds=5)
WAITING = ("claimed", "sending")
ARRIVED = ("sent", "delivered")


@dataclass(frozen=True)
class Finding:
    """One invariant and whom it fails for: ids of messages, or words."""

    invariant: str
    offenders: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """True when nobody offends."""
        return not self.offenders

    def __str__(self) -> str:
        verdict = "holds" if self.holds else f"FAILS for {len(self.offenders)}: {', '.join(self.offenders[:3])}"
        return f"{self.invariant:<62} {verdict}"


def check(evidence: Evidence) -> list[Finding]:
    """Return what became of every invariant."""
    return [Finding(name, tuple(sorted(offenders(evidence)))) for name, offenders in INVARIANTS.items()]


def count(evidence: Evidence) -> Mapping[str, int]:
    """Return the figures of a row of the table."""
    return {
        "messages": len(evidence.wanted),
        "lost": len(list(lost(evidence))),
        "doubled": len(list(doubled(evidence))),
        "unknown": len(evidence.unknown),
        "stale": len(list(stale(evidence))),
        "outside_window": len(list(outside(evidence))),
    }


def lost(evidence: Evidence) -> Iterable[str]:
    """Yield what never arrived though it had to, or though it is said to have; a counted unknown is known to be in doubt."""
    for wanted in evidence.wanted:
        row = evidence.rows.get(wanted.id)
        claimed = row is not None and row.state in ARRIVED
        if not evidence.taken[wanted.id] and (wanted.must_arrive or claimed) and wanted.id not in evidence.unknown:
            yield wanted.id


def doubled(evidence: Evidence) -> Iterable[str]:
    """Yield what arrived more often than once; a step that resends what is unknown may double what was counted as such."""
    for wanted in evidence.wanted:
        resent = sum(each.id == wanted.id and each.reason == "resent-once" for each in evidence.trail) if _resends(wanted) else 0
        if evidence.taken[wanted.id] > 1 + min(resent, 1):
            yield wanted.id


def strangers(evidence: Evidence) -> Iterable[str]:
    """Yield what arrived and nobody wanted, or may not have gone out at all."""
    known = {wanted.id: wanted for wanted in evidence.wanted}
    return (id for id in evidence.taken if id not in known or not known[id].ends & {*ARRIVED, "unknown"})


def unexplained(evidence: Evidence) -> Iterable[str]:
    """Yield the unknowns of which something could have been known: no connection broke at them."""
    return evidence.unknown - evidence.in_doubt


def stale(evidence: Evidence) -> Iterable[str]:
    """Yield what arrived after it had outlived its use."""
    until = {wanted.id: wanted.useful_until for wanted in evidence.wanted if wanted.useful_until}
    return {each.id for each in evidence.seen if each.what == "taken" and each.id in until and each.shown > until[each.id] + LAST_LOOK}


def outside(evidence: Evidence) -> Iterable[str]:
    """Yield what arrived outside its hours."""
    hours = {wanted.id: wanted.hours for wanted in evidence.wanted if wanted.hours}
    taken = (each for each in evidence.seen if each.what == "taken" and each.id in hours)
    return {each.id for each in taken if not (hours[each.id].holds(each.shown) or hours[each.id].holds(each.shown - LAST_LOOK))}


def early(evidence: Evidence) -> Iterable[str]:
    """Yield what arrived before its time."""
    since = {wanted.id: wanted.not_before for wanted in evidence.wanted if wanted.not_before}
    return {each.id for each in evidence.seen if each.what == "taken" and each.id in since and each.shown < since[each.id]}


def misdirected(evidence: Evidence) -> Iterable[str]:
    """Yield what was offered to anybody but its own person."""
    whose = {wanted.id: wanted.address for wanted in evidence.wanted if wanted.address}
    return {each.id for each in evidence.seen if each.what in ("dotted", "taken") and each.to != whose.get(each.id, each.to)}


def garbled(evidence: Evidence) -> Iterable[str]:
    """Yield what arrived and is not what its row says went; a counted unknown may have been let go once more and never come."""
    said: dict[str, set[str | None]] = {}
    for each in evidence.seen:
        if each.what == "dotted":
            said.setdefault(each.id, set()).add(each.digest)
    rows = (evidence.rows[id] for id in evidence.taken if id in evidence.rows and id not in evidence.unknown)
    return {row.id for row in rows if row.mime_hash is None or row.mime_hash not in said.get(row.id, ())}


def after_stop(evidence: Evidence) -> Iterable[str]:
    """Yield what was let go after its person had said stop, in the order in which the database committed the two."""
    return (id for id, stop in evidence.stopped.items() if any(at > stop for at in evidence.let_go.get(id, ())))


def stuck(evidence: Evidence) -> Iterable[str]:
    """Yield what no worker will ever touch again, or what is not there at all."""
    rows = (evidence.rows.get(wanted.id) for wanted in evidence.wanted)
    held = {row.id for row in rows if row is not None and row.state in WAITING}
    return held | {wanted.id for wanted in evidence.wanted if wanted.id not in evidence.rows}


def wrong_end(evidence: Evidence) -> Iterable[str]:
    """Yield what came to an end it may not come to.

    `failed` is one only for what was refused for good, or allowed alone; `skipped`, where it is not, only for whoever said stop.
    """
    for wanted in evidence.wanted:
        row = evidence.rows.get(wanted.id)
        if row is None or row.state in WAITING or (row.state == "unknown" and wanted.id in evidence.unknown):
            continue
        known = {"failed": wanted.id in evidence.refused_for_good, "skipped": wanted.id in evidence.stopped}
        if row.state not in wanted.ends or ("sent" in wanted.ends and not known.get(row.state, True)):
            yield wanted.id


def unsaid(evidence: Evidence) -> Iterable[str]:
    """Yield what was not sent and does not say why, on the row and on the trail."""
    told = {(each.id, each.action, each.reason) for each in evidence.trail}
    for wanted in evidence.wanted:
        row = evidence.rows.get(wanted.id)
        if row is None or row.state in (*ARRIVED, *WAITING):
            continue
        if not row.reason or (row.id, f"message.{row.state}", row.reason) not in told:
            yield row.id


def unrecorded(evidence: Evidence) -> Iterable[str]:
    """Yield what arrived though the database never let it go, and what is said to have gone without a word on the trail."""
    known, told = {wanted.id for wanted in evidence.wanted}, {(each.id, each.action) for each in evidence.trail}
    arrived = {row.id for row in evidence.rows.values() if row.state in ARRIVED and row.id in known}
    return (evidence.taken.keys() & known) - evidence.let_go.keys() | {id for id in arrived if (id, "message.sent") not in told}


def _resends(wanted: Wanted) -> bool:
    return wanted.on_unknown == "resend_once"


INVARIANTS: Mapping[str, Callable[[Evidence], Iterable[str]]] = {
    "nothing is lost": lost,
    "nothing comes twice but a counted resend": doubled,
    "nothing comes that nobody wanted": strangers,
    "an unknown is one at which a connection broke": unexplained,
    "nothing comes stale": stale,
    "nothing comes outside its hours": outside,
    "nothing comes before its time": early,
    "each goes to its own person": misdirected,
    "what comes is what its row says went": garbled,
    "nothing is let go after a stop": after_stop,
    "what goes was let go on record": unrecorded,
    "no row is stuck": stuck,
    "each row came to an end it may come to": wrong_end,
    "what was not sent says why, on the row and on the trail": unsaid,
    "the trail's chain holds": lambda evidence: [] if evidence.chain_holds else ["the chain"],
    "Redis knows no message and no person": lambda evidence: evidence.in_redis,
    "no answer waits in a journal": lambda evidence: [f"{evidence.journals_left} journals"] if evidence.journals_left else [],
    "no planted word is where it should not be": lambda evidence: evidence.leaks,
    "the fault struck, and was over in time": lambda evidence: evidence.trouble,
}
