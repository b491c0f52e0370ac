"""The last word of a mail, said and answered."""

from leads.messages.carriers.base import Carrier, Receipt


def dot(carrier: Carrier) -> Receipt:
    """Let go what lies open with a carrier, and return the answer; raises Silence."""
    carrier.release()
    return carrier.answer()
