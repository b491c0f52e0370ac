"""Consent as it was said to us, to be kept as its proof: by whom, and how."""

from dataclasses import dataclass

BY = {"self": "The patient themself", "other": "Somebody for them", "referrer": "The referrer"}
HOW = {"phone": "by phone", "in-person": "in person", "writing": "in writing"}


@dataclass(frozen=True)
class AsSaid:
    """Who said what somebody agrees to (`by`, of BY; `who` in words) and how (of HOW), as a colleague heard or read it."""

    by: str
    how: str
    who: str = ""

    @property
    def evidence(self) -> str:
        """It in words, as the ledger keeps it."""
        return ", ".join(each for each in (BY[self.by], self.who, HOW[self.how]) if each)

    @property
    def method(self) -> str:
        """How it came to us, for the ledger; only what they said themselves counts as heard from the patient."""
        heard = "written" if self.how == "writing" else "spoken"
        return heard if self.by == "self" else f"{heard}-for"
