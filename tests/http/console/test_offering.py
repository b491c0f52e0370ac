"""An offer by e-mail is made where one can go and none stands; else the page says why not, and the verb refuses."""

import pytest
from sqlalchemy.orm import Session

from leads.consent.ledger import suppress
from leads.people.models import Person
from leads.pipeline.models import Lead
from tests.cast import ACTOR
from tests.http.console.conftest import Browser
from tests.http.console.test_visits import WEEK, choose, kept, lead, page_of, times_of

__all__ = ["lead"]


def test_while_an_offer_stands_it_is_moved_and_none_is_made_beside_it(coordinator: Browser, session: Session, lead: Lead) -> None:
    here = page_of(lead, f"/visit?office=new-haven&week={WEEK}")
    first, later = times_of(coordinator.get(here).text)[:2]
    choose(coordinator, lead, "offer", first)
    page = coordinator.get(here).text
    assert "Offer it by e-mail: not now. One is offered already: move it here, or take it back first." in page
    assert 'value="offer"' not in page
    assert choose(coordinator, lead, "offer", later).status_code == 409
    assert choose(coordinator, lead, "move", later).status_code == 303
    assert kept(session).state == "offered"


@pytest.mark.parametrize("has_address", [False, True])
def test_nothing_is_offered_by_mail_to_whom_none_can_go(coordinator: Browser, session: Session, lead: Lead, has_address: bool) -> None:
    person = session.get_one(Person, lead.person_id)
    if has_address:
        suppress(session, person_id=person.id, address_index=person.email_index, reason="bounced", actor=ACTOR)
    else:
        person.email = person.email_index = None
    session.commit()
    page = coordinator.get(page_of(lead, f"/visit?office=new-haven&week={WEEK}")).text
    assert ("Offer it by e-mail: not now." in page, 'value="offer"' in page, 'value="book"' in page) == (True, False, True)
    answer = choose(coordinator, lead, "offer", times_of(page)[0])
    assert (answer.status_code, "Call, agree on a time, and book it." in answer.text) == (409, True)
