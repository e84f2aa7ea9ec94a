"""Every way in to a Redis carries the whole contract: password, UNIX socket, TLS, key prefix, sentinel."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from celeriac.adapters.redis import RedisTransport
from celeriac.core.ports import TransportOptions
from celeriac.testing.conformance import (
    COLOURS,
    BellContract,
    BrokerContract,
    BusContract,
    ChainsContract,
    Harness,
    JoinsContract,
    LeaseContract,
    PidboxContract,
    PlansContract,
    RecoveryContract,
    ResultsContract,
    RevocationsContract,
    SettlingContract,
)
from servers.certificates import self_signed
from servers.redis_cluster import RedisCluster
from servers.redis_sentinel import NAME, RedisSentinel
from servers.redis_server import RedisServer


@dataclass(frozen=True)
class Way:
    """How to open one place, and how to empty it."""

    url: str
    empty: Callable[[], None]
    options: dict[str, Any] = field(default_factory=dict)
    ssl: Any = None

    def transport(self) -> RedisTransport:
        return RedisTransport([self.url], TransportOptions(options=self.options, ssl=self.ssl, connect_timeout=30.0))


def _password(stack: ExitStack, folder: Path) -> Way:
    server = stack.enter_context(RedisServer("--user", "ann", "on", ">s3:cr/et", "~*", "&*", "+@all"))
    return Way(f"redis://ann:s3%3Acr%2Fet@127.0.0.1:{server.port}/2", server.flush)


def _unix(stack: ExitStack, folder: Path) -> Way:
    server = stack.enter_context(RedisServer())
    return Way(f"redis+socket://{server.socket}?virtual_host=3", server.flush)


def _tls(stack: ExitStack, folder: Path) -> Way:
    certificate = self_signed(folder)
    server = stack.enter_context(RedisServer(tls=certificate))
    return Way(server.url, server.flush, ssl={"ssl_ca_certs": str(certificate.certificate)})


def _prefix(stack: ExitStack, folder: Path) -> Way:
    server = stack.enter_context(RedisServer())
    return Way(server.url, server.flush, {"global_keyprefix": "mine"})


def _failover_list(stack: ExitStack, folder: Path) -> Way:
    server = stack.enter_context(RedisServer())
    return Way(f"redis://127.0.0.1:1/0;redis://127.0.0.1:{server.port}/0", server.flush)


def _sentinel(stack: ExitStack, folder: Path) -> Way:
    sentinel = stack.enter_context(RedisSentinel())
    return Way(sentinel.url, sentinel.master.flush, {"master_name": NAME})


def _cluster(stack: ExitStack, folder: Path) -> Way:
    cluster = stack.enter_context(RedisCluster())
    return Way(cluster.url, cluster.flush)


@pytest.fixture(
    scope="module",
    params=[_cluster, _password, _unix, _tls, _prefix, _failover_list, _sentinel],
    ids=lambda make: make.__name__[1:],
)
def way(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    with ExitStack() as stack:
        yield request.param(stack, tmp_path_factory.mktemp("redis"))


@pytest.fixture(params=COLOURS)
def harness(request: pytest.FixtureRequest, way: Way) -> Iterator[Harness]:
    way.empty()
    with Harness(way.transport, request.param, urgent=0, idle=9, holds_published=False, tick=0.1) as harness:
        yield harness


class TestBell(BellContract): ...


class TestBroker(BrokerContract): ...


class TestBus(BusContract): ...


class TestLease(LeaseContract): ...


class TestPidbox(PidboxContract): ...


class TestPlans(PlansContract): ...


class TestRecovery(RecoveryContract): ...


class TestResults(ResultsContract): ...


class TestRevocations(RevocationsContract): ...


class TestSettling(SettlingContract): ...


class TestChains(ChainsContract): ...


class TestJoins(JoinsContract): ...
