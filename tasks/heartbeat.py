"""A sign of life, written inside a task: it proves broker, worker and database at once."""

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from config.celery import app
from leads.db import new_id, transaction
from leads.messages.models import Heartbeat


@app.task
def show_life(queue: str) -> None:
    """Write down that this queue is worked, by the database's clock."""
    # The database's clock: a worker whose own clock is wrong must not look dead, or alive.
    row = insert(Heartbeat).values(id=new_id(), worker=queue, at=func.clock_timestamp())
    with transaction() as session:
        session.execute(row.on_conflict_do_update(index_elements=["worker"], set_={"at": func.clock_timestamp()}))
