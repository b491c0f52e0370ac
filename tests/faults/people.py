"""Faults of people and rows: thousands who say stop while the mail goes out, a cell nobody can read, a template that does not render."""

import random
import threading
from datetime import timedelta

from leads import db
from leads.backup import age
from leads.backup.restore import restore
from leads.backup.save import save
from leads.clock import now
from leads.consent.ledger import hold, suppress
from leads.messages.switch import resume_sending
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


@fault("a restored backup", quick=24, long=300)
def a_restored_backup(run: Run, count: int) -> None:
    house, file, key = run.house, run.house.folder / "backup.age", run.house.folder / "backup.key"
    house.end_workers()
    # What the old system sent after the backup must wait for a person; what falls due after the restore goes out.
    run.post(count // 2, want={"ends": frozenset({"unknown"})})
    run.post(count // 2, due_at=now() + timedelta(days=2))
    recipient = age.make_identity(key)
    save(file, age.recipients([recipient]), actor="fault")
    run.work()
    run.until("answered", 0.5)
    house.end_workers()
    house.end_web()
    db.engine().dispose()
    restore(file, age.identities(key), over=True, actor="fault")
    with db.transaction() as session:
        resume_sending(session, actor="fault")
    file.unlink()
    key.unlink()
    if run.long:
        house.start_web()
    run.work()
