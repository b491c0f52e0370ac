"""What every carrier over HTTPS does alike: nothing goes out before release, answers are knowledge, silence is silence."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.consent import ledger
from leads.messages.carriers import over_https
from leads.messages.carriers.base import HUNG_UP, Carrier, Envelope, Receipt, Silence, Unreachable
from leads.messages.carriers.either import Either
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import LANES, DeliveryAttempt
from leads.people.models import Person
from leads.todos.models import Todo
from tests.dot import dot
from tests.messages.carriers.mail import MAIL, TO_ANA
from tests.messages.test_deliver import Due, state
from tests.provider import Answer, Provider


def deliver(carrier: Carrier) -> Receipt:
    carrier.offer(TO_ANA, MAIL)
    return dot(carrier)


def test_a_mail_leaves_with_its_answer_so_that_none_is_let_go_beside_others(carrier: Carrier) -> None:
    smtp = SmtpCarrier("smtp://mail.example.com", helo="x.test")
    both = [Either(one, other, lane="education").goes_at_once for one, other in ((carrier, smtp), (smtp, carrier), (smtp, smtp))]
    assert (carrier.goes_at_once, smtp.goes_at_once, both) == (False, True, [False, False, True])


def test_nothing_goes_out_before_it_is_released(carrier: Carrier, provider: Provider) -> None:
    carrier.offer(TO_ANA, MAIL)
    assert provider.asked == []
    assert dot(carrier).taken
    assert len(provider.asked) == 1


def test_what_is_withdrawn_never_goes_out(carrier: Carrier, provider: Provider) -> None:
    carrier.offer(TO_ANA, MAIL)
    carrier.withdraw()
    assert deliver(carrier).taken
    assert len(provider.asked) == 1


def test_many_mails_go_over_one_connection(carrier: Carrier, provider: Provider) -> None:
    for _ in range(5):
        deliver(carrier)
    assert (provider.connections, provider.knocks, len(provider.asked)) == (1, 1, 5)


def test_nobody_there_is_found_out_before_anything_is_committed(carrier: Carrier, provider: Provider) -> None:
    provider.leave()
    with pytest.raises(Unreachable):
        carrier.offer(TO_ANA, MAIL)


@pytest.mark.parametrize(
    ("status", "receipt"),
    [
        (500, Receipt(451, "http-500")),
        (503, Receipt(451, "http-503")),
        (429, Receipt(429, "http-429")),
        (401, Receipt(535, "5.7.8")),
        (400, Receipt(554, "http-400")),
        (301, Receipt(451, "http-301")),
    ],
)
def test_an_answer_is_knowledge(carrier: Carrier, provider: Provider, status: int, receipt: Receipt) -> None:
    provider.answers.append(Answer(status, {"message": "no"}))
    assert deliver(carrier) == receipt


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_that_lost_touch_knows_nothing(carrier: Carrier, provider: Provider, status: int) -> None:
    provider.answers.append(Answer(status, {}))
    with pytest.raises(Silence):
        deliver(carrier)


def test_a_provider_that_hangs_up_after_the_request_leaves_us_knowing_nothing(carrier: Carrier, provider: Provider) -> None:
    provider.answers.append(Answer(drop=True))
    with pytest.raises(Silence):
        deliver(carrier)
    assert len(provider.asked) == 1


def test_a_provider_too_slow_to_answer_leaves_us_knowing_nothing(
    carrier: Carrier, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(over_https, "TIMEOUT", 0.2)
    provider.answers.append(Answer(after=0.6))
    with pytest.raises(Silence):
        deliver(carrier)


def test_one_that_went_away_before_the_request_took_nothing(carrier: Carrier, provider: Provider) -> None:
    deliver(carrier)
    carrier.offer(TO_ANA, MAIL)
    carrier.client.close()  # type: ignore[attr-defined]
    carrier.client = None  # type: ignore[attr-defined]
    carrier._connect()  # type: ignore[attr-defined]
    provider.leave()
    assert dot(carrier) == HUNG_UP


def test_it_goes_through_the_whole_delivery(session: Session, due: Due, carrier: Carrier, provider: Provider) -> None:
    message = due()
    assert drain(LANES, carrier=carrier) == 1
    assert state(session, message) == ("sent", None)
    assert session.scalars(select(DeliveryAttempt.carrier)).all() == [carrier.name]


def test_a_time_out_is_unknown_and_not_sent_again(session: Session, due: Due, carrier: Carrier, provider: Provider) -> None:
    message = due()
    provider.answers.append(Answer(drop=True))
    drain(LANES, carrier=carrier)
    drain(LANES, carrier=carrier)
    assert state(session, message) == ("unknown", "no-answer")
    assert len(provider.asked) == 1


def test_a_wrong_key_blames_nobody_and_rests_the_lane(session: Session, due: Due, carrier: Carrier, provider: Provider) -> None:
    message = due()
    provider.answers.append(Answer(401, {"message": "bad key"}))
    drain(LANES, carrier=carrier)
    assert state(session, message) == ("planned", "lane-rests")
    assert session.scalars(select(Todo.kind)).all() == []


def test_a_hold_raised_meanwhile_stops_the_request(
    session: Session, due: Due, person: Person, carrier: Carrier, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = due()
    offer = carrier.offer

    def held_meanwhile(envelope: Envelope, mime: bytes) -> None:
        offer(envelope, mime)
        ledger.hold(session, person.id, reason="inquiry")
        session.flush()

    monkeypatch.setattr(carrier, "offer", held_meanwhile)
    drain(LANES, carrier=carrier)
    assert state(session, message) == ("skipped", "held")
    assert provider.asked == []
