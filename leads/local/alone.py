"""The database without the system: for what is done while nothing runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.settings import settings
from leads import db
from leads.local import place, postgres
from leads.local.place import attach
from leads.local.processes import Household


@contextmanager
def database_of(data_dir: Path) -> Iterator[None]:
    """Use the database of a data folder; where it is the embedded one and does not run, it runs until the block ends."""
    attach(data_dir)
    if settings().database_url is not None:
        yield
        return
    here = place.make(data_dir)
    with place.hold(here):
        home, household = postgres.find_home(here), Household(here.run / "children.json")
        child = postgres.make_child(here, home)
        household.start(child)
        try:
            postgres.wait_until_ready(child, home.url)
            place.use(DATABASE_URL=home.url)
            yield
        finally:
            db.engine().dispose()
            household.stop()
