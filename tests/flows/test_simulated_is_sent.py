"""What `simulate` prints is what goes out, at the same minute, whatever the calendar holds."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads import clock
from leads.clinic.profile import Mail, clinic
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message
from leads.pipeline.confirm import start
from leads.sequences.simulate import simulate
from tests.cast import make_confirmed_person, make_lead
from tests.conftest import Mailbox

STARTS = {
    "over Christmas": datetime(2026, 12, 23, 15, 0, tzinfo=UTC),
    "over the end of daylight saving": datetime(2026, 10, 28, 1, 30, tzinfo=UTC),
    "over its beginning": datetime(2027, 3, 8, 12, 0, tzinfo=UTC),
    "on a Saturday night": datetime(2026, 9, 6, 3, 0, tzinfo=UTC),
}


@pytest.mark.parametrize("start_at", STARTS.values(), ids=STARTS.keys())
@pytest.mark.parametrize("office", ["woodbury", "new-haven"])
def test_every_step_goes_out_when_it_was_simulated(session: Session, mailbox: Mailbox, start_at: datetime, office: str) -> None:
    with clock.frozen(start_at):
        start(session, make_lead(session, make_confirmed_person(session), office=office))
        expected = {step.step: step.due_at for step in simulate("new-inquiry", office=office, start=start_at) if not step.skip}
    session.flush()
    carrier = SmtpCarrier(mailbox.url, helo="x.test")
    for quarter in range(23 * 24 * 4):
        moment = start_at + timedelta(minutes=15 * quarter)
        if any(abs(due - moment) <= timedelta(minutes=15) for due in expected.values()):
            with clock.frozen(moment):
                drain(LANES, carrier=carrier)
    carrier.close()
    sent = dict(session.execute(select(Message.step, Message.sent_at).where(Message.state == "sent")).all())
    assert sent.keys() == expected.keys()
    assert all(timedelta() <= sent[step] - due < timedelta(minutes=15) for step, due in expected.items())
    assert len(mailbox.messages) == len(expected)


def test_what_the_caps_put_off_goes_when_that_was_foreseen(session: Session, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    start_at = STARTS["over Christmas"]
    meant = [step.due_at for step in simulate("new-inquiry", office="woodbury", start=start_at) if not step.skip]
    capped = Mail.model_validate(clinic().mail.model_dump() | {"caps": {"a_day": 1, "a_week": 1}})
    monkeypatch.setitem(clinic().__dict__, "mail", capped)
    with clock.frozen(start_at):
        start(session, make_lead(session, make_confirmed_person(session), office="woodbury"))
        expected = {step.step: step.due_at for step in simulate("new-inquiry", office="woodbury", start=start_at) if not step.skip}
    session.flush()
    carrier = SmtpCarrier(mailbox.url, helo="x.test")
    for moment in sorted({*meant, *expected.values()}):
        with clock.frozen(moment):
            drain(LANES, carrier=carrier)
    carrier.close()
    sent = dict(session.execute(select(Message.step, Message.sent_at).where(Message.state == "sent")).all())
    assert sent == expected
    assert set(expected.values()) != set(meant)
