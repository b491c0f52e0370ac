"""Faults of people and rows: thousands who say stop while the mail goes out, a cell nobody can read, a template that does not render."""

import random
import threading

from leads import db
from leads.consent.ledger import hold, suppress
from tests.faults.run import Run
from tests.faults.table import fault

STOPPED = {"ends": frozenset({"sent", "skipped"})}
FAILS = {"ends": frozenset({"failed"})}


@fault("opt-outs and holds racing the send", quick=120, long=10_000)
def stops_racing(run: Run, count: int) -> None:
    ids = run.post(count, want=STOPPED, fresh=True)
    random.shuffle(ids)
    run.work("transactional-1", "transactional-2", "everything-1", "everything-2")
    threads = [threading.Thread(target=_stop_all, args=(run, ids[part::4])) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _stop_all(run: Run, ids: list[str]) -> None:
    for number, id in enumerate(ids):
        with db.transaction() as session:
            if number % 2:
                hold(session, run.people[id], reason="fault")
            else:
                suppress(session, person_id=run.people[id], reason="unsubscribed", actor="person")


@fault("a cell that does not decrypt", quick=18, long=300)
def a_broken_cell(run: Run, count: int) -> None:
    run.house.end_workers()
    broken = run.post(2, want=FAILS, fresh=True)
    run.post(count - 2)
    whose = [run.people[id] for id in broken]
    run.house.query("UPDATE people SET email = set_byte(email, 20, get_byte(email, 20) # 255) WHERE id = ANY(%s)", whose)
    run.work()


@fault("a template that does not render", quick=18, long=300)
def a_broken_template(run: Run, count: int) -> None:
    run.house.end_workers()
    broken = run.post(2, want=FAILS, fresh=True)
    run.post(count - 2)
    run.house.query("UPDATE messages SET template = 'nobody-wrote-this' WHERE encode(uuid_send(id), 'hex') = ANY(%s)", broken)
    run.work()
