"""What goes wrong with a Redis: every failure is one clear error in time, and the next operation works again."""

import asyncio
import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from celeriac.adapters.redis import RedisTransport
from celeriac.adapters.redis.packing import Command
from celeriac.core.errors import ImproperlyConfigured, OperationalError
from celeriac.core.flow import Flow
from celeriac.core.message import Exchange, Message, Post, Queue, Route
from celeriac.core.ports import TransportOptions
from patience import in_time
from servers.certificates import self_signed
from servers.ports import free_port
from servers.redis_sentinel import NAME, RedisSentinel
from servers.redis_server import RedisServer
from watched import until

POST = Post(Message({"task": "t", "id": "a"}, {}, b"[]"), Route("celery"))


def ask(*commands: Command) -> Flow[list[Any]]:
    return (yield commands)


def open_transport(url: str, **rest: Any) -> RedisTransport:
    return RedisTransport([url], TransportOptions(**{"connect_timeout": 30.0, **rest}))


@pytest.fixture
def transport(server: RedisServer) -> Iterator[RedisTransport]:
    server.flush()
    transport = open_transport(server.url)
    yield transport
    transport.link().close()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port where connections are taken and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield silent.getsockname()[1]


@pytest.mark.parametrize("secret", ["", ":secret@"], ids=["open", "with password"])
def test_a_silent_broker_is_an_error_in_time(silent_port: int, secret: str) -> None:
    transport = open_transport(f"redis://{secret}127.0.0.1:{silent_port}/0")
    begun = time.monotonic()
    with pytest.raises(OperationalError, match="did not answer in time"):
        transport.link().run(transport.broker.publish([POST]), 0.3)
    assert in_time(time.monotonic() - begun, 3.5)  # less than a connection may take to be made


@pytest.mark.parametrize("secret", ["", ":secret@"], ids=["open", "with password"])
async def test_a_silent_broker_is_an_error_in_time_in_async_code_too(silent_port: int, secret: str) -> None:
    transport = open_transport(f"redis://{secret}127.0.0.1:{silent_port}/0")
    link = await transport.alink()
    begun = time.monotonic()
    with pytest.raises(OperationalError, match="did not answer in time"):
        await link.run(transport.broker.publish([POST]), 0.3)
    assert in_time(time.monotonic() - begun, 3.5)  # less than a connection may take to be made
    await link.close()


async def test_a_broker_that_is_down_is_named_with_advice_and_without_its_password() -> None:
    transport = open_transport(f"redis://ann:secret@127.0.0.1:{free_port()}/0")
    link = await transport.alink()
    for run in (lambda: transport.link().run(transport.broker.publish([POST]), 60.0), None):
        with pytest.raises(OperationalError, match="can't be reached: is it running") as caught:
            if run is None:
                await link.run(transport.broker.publish([POST]), 60.0)
            else:
                run()
        assert "ann:**@127.0.0.1" in str(caught.value)
        assert "secret" not in str(caught.value)


async def test_a_message_that_the_server_finds_too_large_says_so() -> None:
    post = Post(Message({"task": "shop.sell"}, {}, b"x" * 8_000_000), POST.route)
    with RedisServer("--proto-max-bulk-len", "1mb") as strict:
        transport = open_transport(strict.url)
        link = await transport.alink()
        with pytest.raises(OperationalError, match="larger than it takes"):
            transport.link().run(transport.broker.publish([post]), 60.0)
        with pytest.raises(OperationalError, match="larger than it takes"):
            await link.run(transport.broker.publish([post]), 60.0)
        await link.close()


async def test_a_wrong_password_says_so(server: RedisServer) -> None:
    with RedisServer(password="right") as locked:
        transport = open_transport(f"redis://:wrong@127.0.0.1:{locked.port}/0")
        link = await transport.alink()
        with pytest.raises(OperationalError, match="refused the user name or password"):
            transport.link().run(transport.broker.publish([POST]), 60.0)
        with pytest.raises(OperationalError, match="refused the user name or password"):
            await link.run(transport.broker.publish([POST]), 60.0)


def test_a_missing_password_says_so() -> None:
    with RedisServer(password="right") as locked:
        transport = open_transport(f"redis://127.0.0.1:{locked.port}/0")
        with pytest.raises(OperationalError, match="refused the user name or password"):
            transport.link().run(transport.broker.publish([POST]), 60.0)


def test_an_unknown_certificate_is_refused_unless_told_otherwise(tmp_path: Any) -> None:
    with RedisServer(tls=self_signed(tmp_path)) as server:
        transport = open_transport(server.url)
        with pytest.raises(OperationalError, match="certificate"):
            transport.link().run(transport.broker.publish([POST]), 60.0)
        trusting = open_transport(server.url + "?ssl_cert_reqs=CERT_NONE")
        trusting.link().run(trusting.broker.publish([POST]), 60.0)
        trusting.link().close()


def test_a_killed_connection_costs_at_most_one_operation(server: RedisServer, transport: RedisTransport) -> None:
    link = transport.link()
    link.run(transport.broker.publish([POST]), 60.0)
    with server.client() as client:
        client.client_kill_filter(_type="normal", skipme=True)
    link.run(transport.broker.publish([POST]), 60.0)
    assert link.run(transport.broker.count(["celery"]), 60.0) == {"celery": 2}


async def test_a_killed_connection_costs_at_most_one_operation_in_async_code_too(
    server: RedisServer, transport: RedisTransport
) -> None:
    link = await transport.alink()
    await link.run(transport.broker.publish([POST]), 60.0)
    with server.client() as client:
        client.client_kill_filter(_type="normal", skipme=True)
    with contextlib.suppress(OperationalError):
        await link.run(ask(("PING",)), 60.0)
    await link.run(transport.broker.publish([POST]), 60.0)
    assert (await link.run(transport.broker.count(["celery"]), 60.0))["celery"] == 2
    await link.close()


def test_an_operation_whose_connection_is_cut_is_an_error(server: RedisServer, transport: RedisTransport) -> None:
    caught: list[OperationalError] = []

    def wait() -> None:
        try:
            transport.link().run(ask(("BLPOP", "nothing", 0)), 60.0)
        except OperationalError as error:
            caught.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    with server.client() as client:
        until(lambda: client.info("clients")["blocked_clients"])
        client.client_kill_filter(_type="normal", skipme=True)
    thread.join(100.0)
    assert len(caught) == 1


class Interruption(BaseException):
    """Raised by a signal, as a time limit would be."""


def test_an_interrupted_operation_never_answers_the_next_one(transport: RedisTransport) -> None:
    def interrupt(*_: object) -> None:
        raise Interruption

    link = transport.link()
    link.run(ask(("RPUSH", "list", "late")), 60.0)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(Interruption):
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            link.run(ask(("BLPOP", "nothing", 0.5)), 60.0)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert link.run(ask(("LRANGE", "list", 0, -1)), 60.0) == [[b"late"]]


async def test_a_cancelled_operation_never_answers_the_next_one(transport: RedisTransport) -> None:
    link = await transport.alink()
    await link.run(ask(("RPUSH", "list", "late")), 60.0)
    for _ in range(20):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.005):
                await link.run(ask(("BLPOP", "nothing", 0.5)), 60.0)
        assert await link.run(ask(("LRANGE", "list", 0, -1)), 60.0) == [[b"late"]]
    await link.close()


def test_a_refused_command_does_not_put_replies_out_of_step(transport: RedisTransport) -> None:
    link = transport.link()
    with pytest.raises(OperationalError, match="refused the operation"):
        link.run(ask(("SET", "text", "x"), ("LPUSH", "text", "y"), ("GET", "text")), 60.0)
    assert link.run(ask(("GET", "text")), 60.0) == [b"x"]


def test_a_server_that_forgot_the_scripts_gets_them_again(server: RedisServer, transport: RedisTransport) -> None:
    link = transport.link()
    link.run(transport.lease.acquire("a", "me", 600.0), 60.0)
    with server.client() as client:
        client.script_flush()
    assert link.run(transport.lease.renew("a", "me", 600.0), 60.0)


def test_a_replica_refuses_with_advice_and_works_again_as_master(
    server: RedisServer, transport: RedisTransport
) -> None:
    link = transport.link()
    link.run(transport.broker.publish([POST]), 60.0)
    with server.client() as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(OperationalError, match="read-only replica"):
            link.run(transport.broker.publish([POST]), 60.0)
        client.execute_command("REPLICAOF", "NO", "ONE")
    link.run(transport.broker.publish([POST]), 60.0)


def test_a_full_server_refuses_and_loses_nothing(server: RedisServer, transport: RedisTransport) -> None:
    link = transport.link()
    link.run(transport.broker.publish([POST]), 60.0)
    with server.client() as client:
        client.config_set("maxmemory", "1mb")
        try:
            with pytest.raises(OperationalError, match="out of memory"):
                link.run(transport.broker.publish([POST]), 60.0)
        finally:
            client.config_set("maxmemory", "0")
    assert link.run(transport.broker.count(["celery"]), 60.0) == {"celery": 1}


def test_a_busy_pool_is_an_error_that_names_the_setting(server: RedisServer) -> None:
    transport = open_transport(server.url, pool_limit=1)
    waiting = threading.Thread(target=lambda: transport.link().run(ask(("BLPOP", "something", 60)), 60.0))
    waiting.start()
    with server.client() as client:
        until(lambda: client.info("clients")["blocked_clients"])
        with pytest.raises(OperationalError, match="broker_pool_limit"):
            transport.link().run(ask(("PING",)), 0.05)
        client.lpush("something", "x")
    waiting.join(100.0)
    assert transport.link().run(ask(("PING",)), 60.0) == [b"PONG"]
    transport.link().close()


def test_a_forked_child_uses_connections_of_its_own(transport: RedisTransport) -> None:
    link = transport.link()
    (mine,) = link.run(ask(("CLIENT", "ID")), 60.0)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            (its,) = link.run(ask(("CLIENT", "ID")), 60.0)
            os.write(writer, str(its).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(reader, 100)) != mine
    assert link.run(ask(("CLIENT", "ID")), 60.0) == [mine]
    os.close(reader)
    os.close(writer)


async def test_the_bell_rings_again_after_every_connection_was_killed(
    server: RedisServer, transport: RedisTransport
) -> None:
    link = await transport.alink()
    queues = [Queue("celery")]
    bell = await link.bell(queues)
    await link.run(transport.lease.acquire("worker/me", "me", 60.0), 60.0)
    for kind in ("pubsub", "normal", "pubsub"):
        with server.client() as client:
            client.client_kill_filter(_type=kind, skipme=True)
        with contextlib.suppress(OperationalError):
            await link.run(ask(("PING",)), 60.0)
        async with asyncio.timeout(60.0):
            while (await link.run(transport.broker.claim("me", queues, 10), 60.0)).deliveries or await bell.wait(0.1):
                pass
        transport.link().run(transport.broker.publish([POST]), 60.0)
        assert await bell.wait(60.0)
    await bell.close()
    await link.close()


async def test_a_server_without_client_tracking_is_polled_with_a_warning() -> None:
    with RedisServer("--rename-command", "CLIENT", "") as server:
        transport = open_transport(server.url)
        link = await transport.alink()
        with pytest.warns(UserWarning, match="CLIENT TRACKING"):
            bell = await link.bell([Queue("celery")])
        assert await bell.wait(60.0)
        await bell.close()
        await link.close()


async def test_where_queues_are_polled_fanout_messages_are_heard_all_the_same() -> None:
    post = Post(Message({"task": "t", "id": "a"}, {}, b"[[],{},{}]"), Route("", "bcast", "fanout"))
    queue = Queue("bcast.me", Exchange("bcast", "fanout"))
    with RedisServer("--user", "default", "on", "nopass", "~*", "&*", "+@all", "-client|tracking") as server:
        transport = open_transport(server.url)
        link = await transport.alink()
        with pytest.warns(UserWarning, match="CLIENT TRACKING"):
            bell = await link.bell([queue])
        await link.run(transport.lease.acquire("worker/me", "me", 60.0), 60.0)
        for _ in range(2):
            async with asyncio.timeout(60.0):
                while not _patterns(server):
                    await bell.wait(0.1)  # listens again where the connection was cut
                await link.run(transport.broker.publish([post]), 60.0)
                while not (await link.run(transport.broker.claim("me", [queue], 1), 60.0)).deliveries:
                    await bell.wait(0.1)
            with server.client() as client:
                client.client_kill_filter(_type="pubsub")
        await bell.close()
        await link.close()


def _patterns(server: RedisServer) -> int:
    with server.client() as client:
        return int(client.pubsub_numpat())


async def test_an_ear_says_that_it_was_deaf_and_hears_again(server: RedisServer, transport: RedisTransport) -> None:
    link = await transport.alink()
    ears: list[Any] = [transport.link().listen(), await link.listen()]

    async def do(answer: Any) -> Any:
        return await answer if asyncio.iscoroutine(answer) else answer

    for ear in ears:
        await do(ear.add(["news"]))
        with server.client() as client:
            client.client_kill_filter(_type="pubsub")
        with pytest.raises(OperationalError):
            await do(ear.next(60.0))
        assert await do(ear.next(0.01)) is None
        transport.link().run(transport.bus.tell("news", b"x"), 60.0)
        assert await do(ear.next(60.0)) == ("news", b"x")
        await do(ear.close())
    await link.close()


async def test_after_a_failover_the_new_master_is_used() -> None:
    with RedisSentinel() as sentinel:
        transport = open_transport(sentinel.url, options={"master_name": NAME})
        link = await transport.alink()
        queues = [Queue("celery")]
        bell = await link.bell(queues)
        transport.link().run(transport.broker.publish([POST]), 60.0)
        await asyncio.to_thread(sentinel.fail_over)
        transport.link().run(transport.broker.publish([POST]), 60.0)
        await link.run(transport.lease.acquire("worker/me", "me", 60.0), 60.0)
        assert await bell.wait(60.0)
        assert len((await link.run(transport.broker.claim("me", queues, 10), 60.0)).deliveries) == 2
        await bell.close()
        await link.close()
        transport.link().close()


def test_a_sentinel_url_needs_a_master_name() -> None:
    transport = open_transport("sentinel://127.0.0.1:26379")
    with pytest.raises(ImproperlyConfigured, match="master_name"):
        transport.link().run(transport.broker.publish([POST]), 1.0)
