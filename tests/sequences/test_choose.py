"""Which variant somebody gets: the same always, and in proportion over many."""

from collections import Counter

from leads.sequences.choose import choose
from leads.sequences.definitions import Step
from tests.sequences.conftest import make_step

TRIED = [{"template": "iv-and-im", "weight": 3}, {"template": "who-it-is-for"}]
STEP = Step.model_validate(make_step("two", wait="4 days", template=None, variants=TRIED))
PEOPLE = [f"person {number}" for number in range(4000)]


def test_one_person_gets_the_same_variant_always() -> None:
    assert [choose(STEP, "story", who) for who in PEOPLE] == [choose(STEP, "story", who) for who in PEOPLE]


def test_over_many_the_weights_hold() -> None:
    assert 0.72 < Counter(choose(STEP, "story", who) for who in PEOPLE)["iv-and-im"] / len(PEOPLE) < 0.78


def test_the_choice_in_one_step_says_nothing_about_another() -> None:
    other = STEP.model_copy(update={"key": "three"})
    both = sum(choose(STEP, "story", who) == choose(other, "story", who) == "who-it-is-for" for who in PEOPLE)
    assert 0.04 < both / len(PEOPLE) < 0.09


def test_a_step_that_tries_nothing_has_its_template() -> None:
    assert choose(Step.model_validate(make_step("one", wait="1 day")), "story", "anyone") == "office-location"
