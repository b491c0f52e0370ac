"""Faults of people and rows: thousands who say stop while the mail goes out, a cell nobody can read, a template that does not render."""

import random
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

from leads import db
from leads.backup import age
from leads.backup.restore import restore
from leads.backup.save import save
from leads.clock import now
from leads.consent.ledger import hold, suppress
from leads.messages.switch import resume_sending
from leads.sequences.rest import pause
from tests.faults import witness
from tests.faults.run import Run
from tests.faults.smtp import Rule
from tests.faults.table import fault

STOPPED = {"ends": frozenset({"sent", "skipped"})}
RESTED = {"ends": frozenset({"sent", "expired"})}
WAVES = 6
FAILS = {"ends": frozenset({"failed"})}


@fault("opt-outs and holds racing the send", quick=120, long=10_000)
def stops_racing(run: Run, count: int) -> None:
    ids = run.post(count, want=STOPPED, fresh=True)
    run.work("transactional-1", "transactional-2", "everything-1", "everything-2")
    _race(run, ids, _stop)


@fault("people who rest from the middle of a batch on", quick=45, long=3_000)
def pauses_racing(run: Run, count: int) -> None:
    # A rest is one from sequences, so nothing here answers anybody; it outlasts the use of every mail, so none may come after it.
    ids = run.post(2 * count // 3, want=RESTED, fresh=True, lane="education")
    run.post(count - len(ids), lane="education")
    run.work()
    _race(run, ids, _pause)


def _race(run: Run, ids: list[str], stop: Callable[[uuid.UUID, int], None]) -> None:
    """Stop all these people wave after wave while their mail goes out."""
    random.shuffle(ids)
    run.until("taken")
    # Each wave when the mail has come half as far again: on a slow machine either side alone would be over first.
    for wave in range(WAVES):
        _stop_all(run, ids[wave::WAVES], stop)
        run.progress(len(ids) // WAVES // 2, within=15 if run.long else 1)
    run.strike(len(ids))
    run.settle(within=600 if run.long else 60)
    _need_both_sides(run, ids)


def _need_both_sides(run: Run, ids: list[str]) -> None:
    """Note as trouble that nobody, or everybody, was stopped before the dot: then nothing raced."""
    numbers = [uuid.UUID(id) for id in ids]
    went, stops = witness.let_go(run.house, numbers), witness.stopped(run.house, numbers)
    in_time = sum(id not in went for id in stops)
    too_late = sum(id in went and min(went[id]) < stops[id] for id in stops)
    if min(in_time, too_late) < len(ids) // 20:
        run.trouble.append(f"{in_time} stops came before the dot and {too_late} after it: that was no race")


def _stop_all(run: Run, ids: list[str], stop: Callable[[uuid.UUID, int], None]) -> None:
    def each(part: list[str]) -> None:
        for number, id in enumerate(part):
            stop(run.people[id], number)

    threads = [threading.Thread(target=each, args=(ids[part::4],)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _stop(person_id: uuid.UUID, number: int) -> None:
    with db.transaction() as session:
        if number % 2:
            hold(session, person_id, reason="fault")
        else:
            suppress(session, person_id=person_id, reason="unsubscribed", actor="person")


def _pause(person_id: uuid.UUID, _: int) -> None:
    with db.transaction() as session:
        pause(session, person_id, now() + timedelta(days=30), reason="asked", actor="person")


@fault("a mailbox that takes nothing from us, beside strangers", quick=18, long=300)
def a_refusing_mailbox(run: Run, count: int) -> None:
    run.house.end_workers()
    [poisoned] = run.post(1, want=FAILS, fresh=True, at_once=True)
    run.script(Rule("RCPT", "550 5.7.1 blocked by policy", to=run.house.addresses[run.people[poisoned]]))
    run.post(count // 2)
    run.work()
    run.until("refused")
    # Once with others, and five times alone with whoever comes meanwhile: it may stop no lane at any of them.
    run.must_strike = 6
    run.post(count - 1 - count // 2)
    run.settle(within=600 if run.long else 60)
    begun = min(run.struck_at(), default=0.0)
    if run.house.query(
        "SELECT 1 FROM sending_stops WHERE lane IS NOT NULL AND reason LIKE %s AND at > to_timestamp(%s)", "smtp-550", begun
    ):
        run.trouble.append("one mailbox stopped a lane")


@fault("a cell that does not decrypt", quick=18, long=300)
def a_broken_cell(run: Run, count: int) -> None:
    run.house.end_workers()
    broken = run.post(2, want=FAILS, fresh=True, at_once=True)
    run.post(count - 2)
    run.strike(len(broken))
    whose = [run.people[id] for id in broken]
    run.house.query("UPDATE people SET email = set_byte(email, 20, get_byte(email, 20) # 255) WHERE id = ANY(%s)", whose)
    run.work()


@fault("a template that does not render", quick=18, long=300)
def a_broken_template(run: Run, count: int) -> None:
    run.house.end_workers()
    broken = run.post(2, want=FAILS, fresh=True, at_once=True)
    run.post(count - 2)
    run.strike(len(broken))
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
    house.line.hang_up()
    run.strike()
    restore(file, age.identities(key), over=True, actor="fault")
    with db.transaction() as session:
        resume_sending(session, actor="fault")
    # A restore makes every table anew.
    witness.stand(house, afresh=False)
    file.unlink()
    key.unlink()
    if run.long:
        house.start_web()
    run.work()
