"""The embedded Redis keeps every hint it was given, for those who know the password."""

import socket
from pathlib import Path

import pytest
import redis

from leads.local import place
from leads.local.place import Refused
from leads.local.redis import OF_NOBODY, Kind, find_kind, free_port, make_child, need_answer, wait_until_ready


@pytest.fixture(params=[None, "best"])
def kind(request: pytest.FixtureRequest) -> Kind:
    return find_kind() if request.param else Kind("fakeredis")


def test_either_kind_answers(kind: Kind, folder: Path) -> None:
    child, url = make_child(place.make(folder / "var"), kind)
    child.start()
    try:
        wait_until_ready(child, url)
        assert redis.Redis.from_url(url).ping()
    finally:
        child.ask_to_end()
        child.end(0)


def test_the_real_one_throws_nothing_away(redis_server: str) -> None:
    if "@" not in redis_server:
        pytest.skip("only fakeredis here")
    assert redis.Redis.from_url(redis_server).config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_the_real_one_wants_its_password(redis_server: str) -> None:
    if "@" not in redis_server:
        pytest.skip("only fakeredis here")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(f"redis://{redis_server.split('@')[1]}").ping()


def test_a_server_that_was_named_and_is_not_there_is_said_at_once() -> None:
    with pytest.raises(Refused, match=r"Redis at redis://h does not answer: start it, correct REDIS_URL"):
        need_answer(f"redis://127.0.0.1:{free_port()}/0", "redis://h")


def test_a_server_that_wants_another_password_is_not_called_dead(redis_server: str) -> None:
    if "@" not in redis_server:
        pytest.skip("only fakeredis here")
    with pytest.raises(Refused, match=r"refuses our password: check REDIS_URL"):
        need_answer(f"redis://:wrong@{redis_server.split('@')[1]}", "redis://h")


def test_a_free_port_is_none_that_connections_are_given_and_nobody_listens_there() -> None:
    held = [socket.create_server(("127.0.0.1", free_port())) for _ in range(20)]
    assert all(port in OF_NOBODY for port in (server.getsockname()[1] for server in held))
    for server in held:
        server.close()
