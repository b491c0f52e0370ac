"""Ten digits whose check digit fits are an NPI; what is wrong with others is said in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.providers.npi import valid_npi, wrong_npi
from tests.providers.cast import with_check_digit

npis = st.builds(with_check_digit, st.sampled_from("12"), st.integers(0, 99_999_999))


@pytest.mark.parametrize("npi", ["1234567893", "1993999998"])
def test_published_examples_are_valid(npi: str) -> None:
    assert valid_npi(npi)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("1234567890", "check_digit", "mistyped"),
        ("3234567893", "no_npi", "begins with 1 or 2"),
        ("123456789", "no_npi", "this one has 9"),
        ("12345678933", "no_npi", "this one has 11"),
        ("123456789X", "no_npi", "nothing else"),
        (" 1234567893", "no_npi", "nothing else"),
        ("１２３４５６７８９３", "no_npi", "nothing else"),
        ("", "no_npi", "ten digits"),
    ],
)
def test_what_is_no_npi_says_why(text: str, code: str, words: str) -> None:
    wrong = wrong_npi(text, field="provider.npi")
    assert wrong is not None
    assert (wrong.field, wrong.code) == ("provider.npi", code)
    assert words in wrong.message


@given(npis, st.integers(1, 9), st.integers(1, 9))
def test_every_single_mistyped_digit_is_caught(npi: str, place: int, by: int) -> None:
    wrong = str((int(npi[place]) + by) % 10)
    assert not valid_npi(npi[:place] + wrong + npi[place + 1 :])


@given(npis, st.integers(1, 8))
def test_two_swapped_digits_are_caught_but_for_0_and_9(npi: str, place: int) -> None:
    first, second = npi[place], npi[place + 1]
    swapped = npi[:place] + second + first + npi[place + 2 :]
    assert valid_npi(swapped) is (first == second or {first, second} == {"0", "9"})
