"""Addresses of Redis as operators write them, and the connection of each thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis
from redis.sentinel import SentinelConnectionPool

from ussd_app.errors import SettingsError
from ussd_app.runtime import Runtime
from ussd_app.storage.redis import Connections, connect


def pool_of(url: str) -> SentinelConnectionPool:
    pool = connect(url).connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    return pool


def hosts_of(pool: SentinelConnectionPool) -> list[tuple[str, int]]:
    arguments = [client.connection_pool.connection_kwargs for client in pool.sentinel_manager.sentinels]
    return [(given["host"], given["port"]) for given in arguments]


def test_every_sentinel_of_an_address_is_asked() -> None:
    pool = pool_of("redis+sentinel://one:26379,two.example:26380,10.0.0.3:26381/mymaster/2")
    assert hosts_of(pool) == [("one", 26379), ("two.example", 26380), ("10.0.0.3", 26381)]


def test_the_service_and_the_database_stand_in_the_path() -> None:
    pool = pool_of("redis+sentinel://one:26379/mymaster/2")
    assert (pool.service_name, pool.connection_kwargs["db"]) == ("mymaster", 2)


def test_without_a_database_it_is_the_first() -> None:
    assert pool_of("redis+sentinel://one:26379/mymaster").connection_kwargs["db"] == 0


def test_name_and_password_may_hold_signs_written_in_percent() -> None:
    given = pool_of("redis+sentinel://us%40er:p%2Fw@one:26379/mymaster").connection_kwargs
    assert (given["username"], given["password"]) == ("us@er", "p/w")


def test_a_password_needs_no_name() -> None:
    given = pool_of("redis+sentinel://:pw@one:26379/mymaster").connection_kwargs
    assert (given["username"], given["password"]) == (None, "pw")


def test_options_reach_the_connections_of_the_master() -> None:
    made = connect("redis+sentinel://one:26379/mymaster", socket_timeout=7)
    assert made.connection_pool.connection_kwargs["socket_timeout"] == 7


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://",
        "redis+sentinel://one:26379",
        "redis+sentinel://one:26379/",
        "redis+sentinel://one/mymaster",
        "redis+sentinel://:26379/mymaster",
        "redis+sentinel://one:26379,/mymaster",
        "redis+sentinel://one:port/mymaster",
        "redis+sentinel://one:26379/mymaster/first",
    ],
)
def test_an_address_that_cannot_be_read_names_the_setting_and_how_to_write_it(url: str) -> None:
    with pytest.raises(SettingsError, match=r"REDIS_URL: write redis\+sentinel://"):
        connect(url)


@pytest.mark.parametrize("url", ["cache:6379", "http://cache", "redis://cache:port", "redis://cache/first?db=x"])
def test_an_address_of_no_known_kind_names_the_setting(url: str) -> None:
    with pytest.raises(SettingsError, match="REDIS_URL"):
        connect(url)


@pytest.mark.parametrize("url", ["redis://cache:6379/1", "rediss://cache:6379/1", "unix:///run/cache.sock?db=1"])
def test_the_other_addresses_are_left_to_the_library(url: str) -> None:
    assert connect(url).connection_pool.connection_kwargs["db"] == 1


def test_a_thread_keeps_its_connection(rt: Runtime) -> None:
    assert rt.connections.get() is rt.connections.get()


def test_each_thread_has_a_connection_of_its_own(rt: Runtime) -> None:
    with ThreadPoolExecutor(1) as thread:
        other: Redis = thread.submit(rt.connections.get).result()
    assert other is not rt.connections.get()


def test_a_connection_that_was_cut_is_made_again(rt: Runtime) -> None:
    own = Connections(rt.settings.redis_url)
    number = own.get().client_id()
    rt.redis.client_kill_filter(_id=str(number))
    assert own.get().ping()
