"""Is this a National Provider Identifier, and if not, why not."""

from leads.errors import FieldError

PREFIX = "80840"
DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def valid_npi(text: str) -> bool:
    """True for ten ASCII digits, the first 1 or 2, whose check digit fits (45 CFR 162.406; ISO 7812 over 80840 and the NPI)."""
    return wrong_npi(text) is None


def wrong_npi(text: str, *, field: str = "npi") -> FieldError | None:
    """Return why this is no NPI, in words for whoever typed it, or None. A valid one is data quality, not identity."""
    # str.isdigit alone is true of other scripts' digits, which no registry knows.
    if not (text.isascii() and text.isdigit()):
        return FieldError(field, "no_npi", "An NPI has ten digits and nothing else, such as 1234567893.")
    if len(text) != 10:
        return FieldError(field, "no_npi", f"An NPI has ten digits; this one has {len(text)}.")
    if text[0] not in "12":
        return FieldError(field, "no_npi", "An NPI begins with 1 or 2.")
    if not _luhn(PREFIX + text):
        return FieldError(field, "check_digit", "This is not an NPI: its check digit does not fit. One digit may be mistyped.")
    return None


def _luhn(digits: str) -> bool:
    # Luhn cannot tell 09 from 90: doubled and reduced, both pairs count nine. So a form always shows the name back.
    values = [int(digit) for digit in reversed(digits)]
    return (sum(values[::2]) + sum(DOUBLED[value] for value in values[1::2])) % 10 == 0
