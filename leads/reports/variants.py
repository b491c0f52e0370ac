"""What came of each step of a sequence, by the template that was tried: sent, answered, booked. Opens and clicks are not counted here."""

from typing import NamedTuple

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from leads.messages.models import Message
from leads.pipeline.models import StageChange
from leads.sequences.enroll import WENT
from leads.sequences.models import Enrolment, Reply
from leads.sequences.publish import current_version, definition_of


class Outcome(NamedTuple):
    """One template of one step, over all versions: persons it was sent to, who answered it, and who booked after it."""

    step: str
    template: str
    is_variant: bool
    sent: int
    replied: int
    booked: int


def outcomes(session: Session, key: str) -> list[Outcome]:
    """Return the counts of each step, in the order of the file, dropped steps last; raises NotFound for an unknown sequence.

    A booking counts for every mail before it: nobody knows which one decided.
    """
    steps = definition_of(session, current_version(session, key).id).steps
    place = {step.key: number for number, step in enumerate(steps)}
    variants = {(step.key, template) for step in steps if step.variants for template in step.templates}
    counted = [
        Outcome(step or "", template, (step, template) in variants, *counts) for step, template, *counts in session.execute(_counts(key))
    ]
    tried = {(each.step, each.template) for each in counted}
    unsent = [Outcome(step, template, True, 0, 0, 0) for step, template in variants - tried]
    return sorted(counted + unsent, key=lambda each: (place.get(each.step, len(place)), each.step, each.template))


def _counts(key: str) -> Select[str | None, str, int, int, int]:
    after = (StageChange.lead_id == Message.lead_id, StageChange.to_stage == "booked", StageChange.at > Message.sent_at)
    answered, booked = exists().where(Reply.message_id == Message.id), exists().where(*after)
    persons = func.count(Message.person_id.distinct())
    return (
        select(Message.step, Message.template, persons, persons.filter(answered), persons.filter(booked))
        .join(Enrolment, Enrolment.id == Message.enrolment_id)
        .where(Enrolment.sequence_key == key, Message.state.in_(WENT), Message.sent_at.is_not(None))
        .group_by(Message.step, Message.template)
    )
