"""Every form of the console stands in the table of what the page after it says, with words that are there."""

from leads.http.console.shell import CAME, DONE, SAID
from tests.http.console.says import SAYS, TAKEN_BACK, posts


def test_every_form_says_something_or_why_not() -> None:
    assert {route for route in SAYS if route.startswith("POST ")} == posts()


def test_every_word_is_some_forms_and_every_form_has_its_words() -> None:
    codes = {code for says in SAYS.values() if not isinstance(says, str) for code in says if code}
    came = {f"{code}-{why}" for code in DONE for why in CAME}
    assert codes | came == set(SAID)
    assert set(TAKEN_BACK) <= codes
