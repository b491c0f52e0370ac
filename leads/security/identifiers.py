"""One form for each way to reach somebody, so that two spellings of it are the same to an index."""

import re

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from config.settings import settings

TEN_DIGITS = re.compile("[2-9][0-9]{9}")


def normal_phone(number: str, *, region: str = "US") -> str | None:
    """Return the number in E.164, or None where it cannot be dialled."""
    # The registry writes ten digits, and the library takes fifty microseconds for what is plain here.
    if region == "US" and TEN_DIGITS.fullmatch(number):
        return f"+1{number}"
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if phonenumbers.is_possible_number(parsed) else None


def normal_email(address: str) -> str | None:
    """Return the address in its normal form, or None where it is none; nobody is asked whether it takes mail."""
    try:
        # `.test` addresses can be tried out on one machine; nowhere else do they lead anywhere.
        return validate_email(address, check_deliverability=False, allow_smtputf8=False, test_environment=settings().is_local).normalized
    except EmailNotValidError:
        return None
