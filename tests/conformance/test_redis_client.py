"""The sync client on a real Redis: lines that are shared and broken, ears that do not wait."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.adapters.redis import RedisTransport
from celeriac.adapters.redis.packing import Command
from celeriac.core.errors import OperationalError
from celeriac.core.flow import Flow
from celeriac.core.ports import TransportOptions
from servers.redis_server import RedisServer


def ask(*commands: Command) -> Flow[list[Any]]:
    return (yield commands)


@pytest.fixture
def transport(server: RedisServer) -> Iterator[RedisTransport]:
    server.flush()
    transport = RedisTransport([server.url], TransportOptions(pool_limit=2))
    yield transport
    transport.link().close()


def test_threads_in_want_of_a_line_get_one_as_soon_as_it_is_given_back(transport: RedisTransport) -> None:
    def work(number: int) -> None:
        answers[number] = [transport.link().run(ask(("ECHO", f"{number}.{turn}")), 60.0)[0] for turn in range(100)]

    answers: dict[int, list[bytes]] = {}
    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert answers == {number: [b"%d.%d" % (number, turn) for turn in range(100)] for number in range(8)}
    (clients,) = transport.link().run(ask(("CLIENT", "LIST")), 60.0)
    assert len(clients.splitlines()) <= 2


def test_lines_that_broke_leave_their_place_to_others(server: RedisServer, transport: RedisTransport) -> None:
    for _ in range(5):
        with pytest.raises(OperationalError):
            transport.link().run(ask(("BLPOP", "nothing", 5)), 0.02)
    for _ in range(5):
        transport.link().run(ask(("PING",)), 60.0)
        with server.client() as client:
            client.client_kill_filter(_type="normal", skipme=True)
    assert transport.link().run(ask(("PING",)), 60.0) == [b"PONG"]


def test_a_reply_in_many_pieces_is_one_reply(transport: RedisTransport) -> None:
    large = b"x" * 3_000_000
    assert transport.link().run(ask(("SET", "k", large), ("GET", "k"), ("ECHO", "end")), 60.0)[1:] == [large, b"end"]


def test_a_refused_command_does_not_cost_the_connection(transport: RedisTransport) -> None:
    (before,) = transport.link().run(ask(("CLIENT", "ID")), 60.0)
    assert transport.link().run(ask(("CLIENT", "ID")), 60.0) == [before]
    with pytest.raises(OperationalError, match="refused"):
        transport.link().run(ask(("LPUSH", "one"), ("PING",)), 60.0)
    assert transport.link().run(ask(("PING",)), 60.0) == [b"PONG"]


def test_an_ear_that_did_not_wait_hears_all_the_same(transport: RedisTransport) -> None:
    ear = transport.link().listen()
    ear.add(["one"], wait=False)
    ear.add(["two"])  # waits until the server has confirmed both
    transport.link().run(transport.bus.tell("one", b"1"), 60.0)
    assert ear.next(60.0) == ("one", b"1")
    ear.close()


def test_results_come_though_the_ear_that_listened_ahead_was_cut(server: RedisServer) -> None:
    with Celeriac("p", broker=server.url, backend=server.url, set_as_current=False) as app, server.client() as client:
        app.backend.eager_threads.add(threading.get_ident())
        for number in range(5):
            result = app.send_task("x")
            client.client_kill_filter(_type="pubsub")
            app.backend.store_result(result.id, number, "SUCCESS")
            assert result.get(timeout=60) == number
            app.backend.eager_threads.add(threading.get_ident())
