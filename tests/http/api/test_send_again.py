"""The line dropped, and the machine sends again: it is done once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from leads.db import transaction
from leads.inquiries.models import Inquiry
from tests.cast import raw_submission
from tests.http.api.conftest import Post


def inquiries() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Inquiry)) or 0


def test_the_same_again_is_answered_byte_for_byte(post: Post) -> None:
    first, second = (post(raw_submission(), Idempotency_Key="abc") for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert first.headers["content-type"] == second.headers["content-type"]
    assert inquiries() == 1


def test_without_a_key_each_is_kept(post: Post) -> None:
    assert {post(raw_submission()).status_code for _ in range(2)} == {201}
    assert inquiries() == 2


def test_another_body_under_the_key_is_refused(post: Post) -> None:
    post(raw_submission(), Idempotency_Key="abc")
    answer = post(raw_submission(message="Something else"), Idempotency_Key="abc")
    assert (answer.status_code, answer.json()["error"]) == (409, "idempotency_conflict")
    assert inquiries() == 1


def test_what_was_refused_may_be_put_right_under_the_same_key(post: Post) -> None:
    assert post(raw_submission(email="nobody"), Idempotency_Key="abc").status_code == 422
    assert post(raw_submission(), Idempotency_Key="abc").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_key_that_cannot_be_kept_is_refused(post: Post, key: str) -> None:
    answer = post(raw_submission(), Idempotency_Key=key)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Idempotency-Key")


def test_the_longest_key_is_kept(post: Post) -> None:
    assert post(raw_submission(), Idempotency_Key="x" * 255).status_code == 201


@pytest.mark.committed
def test_many_at_the_same_moment_are_kept_once(post: Post) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: post(raw_submission(), Idempotency_Key="abc"), range(6)))
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({answer.content for answer in answers}) == 1
    assert inquiries() == 1


def test_who_calls_is_asked_first(post: Post) -> None:
    assert post(raw_submission(), Idempotency_Key="", Authorization="").status_code == 401
