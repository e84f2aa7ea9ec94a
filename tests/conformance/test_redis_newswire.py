"""Who listens to events on Redis: known of a server that is alone, unknown where others may have listeners too."""

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.adapters.redis import RedisTransport
from celeriac.core.message import Message
from celeriac.events.words import TaskStarted
from celeriac.worker.connection import Connection, Tries
from celeriac.worker.events.dispatcher import EventDispatcher
from celeriac.worker.events.outbox import MOST, PAGE
from servers.ports import wait_until
from servers.redis_server import RedisServer

EVENT = Message({"hostname": "w@here"}, {"delivery_mode": 1}, b'[{"type": "task-started"}]')
FEW = 3
MORE_THAN_IT_TRUSTS = 250  # messages; after every hundred unheard ones it asks again who is there


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer("--repl-diskless-sync-delay", "0") as server:
        yield server


def told(transport: RedisTransport, times: int = FEW) -> list[int | None]:
    return [transport.link().run(transport.newswire.tell("ev", "task.multi", EVENT), 60.0) for _ in range(times)]


def test_a_server_that_is_alone_knows_all_who_listen(server: RedisServer) -> None:
    transport = RedisTransport([server.url])
    assert told(transport) == [0] * FEW
    ear = transport.link().listen()
    ear.add([transport.newswire.channel("ev", "#")])
    assert told(transport) == [1] * FEW
    ear.close()
    transport.link().close()


def test_with_a_replica_nobody_knows_from_soon_after_it_came(server: RedisServer) -> None:
    transport = RedisTransport([server.url])
    assert told(transport) == [0] * FEW
    with RedisServer("--replicaof", "127.0.0.1", str(server.port)) as replica:
        wait_until(lambda: _has_a_replica(server), replica._process)
        assert told(transport, MORE_THAN_IT_TRUSTS)[-1] is None
    transport.link().close()


def test_who_may_not_ask_tells_all_the_same(server: RedisServer) -> None:
    with server.client() as client:
        client.execute_command("ACL", "SETUSER", "limited", "on", ">secret", "~*", "&*", "+@all", "-role")
    transport = RedisTransport([server.url.replace("redis://", "redis://limited:secret@")])
    assert told(transport, MORE_THAN_IT_TRUSTS) == [None] * MORE_THAN_IT_TRUSTS
    transport.link().close()


async def test_while_the_server_is_away_no_more_than_so_many_events_wait_and_then_they_go_on(
    server: RedisServer,
) -> None:
    app = Celeriac("away", broker=server.url, set_as_current=False)
    connection = Connection(app.transports.read, Tries(None, None))
    await connection.open()
    dispatcher = EventDispatcher(app, "w@here", connection)
    dispatcher.start()
    server.stop()
    for number in range(MOST + 2_000):
        dispatcher.tell(TaskStarted, 0.0, str(number))
    dropped = dispatcher.dropped
    assert 0 <= dropped - 2_000 <= 2 * PAGE
    assert len(dispatcher.outbox) == MOST + 2_000 - dropped
    await _until(lambda: connection.losses > 0)
    server.start()
    await _until(lambda: not dispatcher.outbox)
    with server.client() as client, client.pubsub() as ear:
        ear.psubscribe("*")
        await _until(lambda: client.pubsub_numpat() == 1)
        dispatcher.tell(TaskStarted, 0.0, "the last")
        heard: list[Any] = []
        await _until(lambda: heard.append(ear.get_message()) or any(b"the last" in _body(each) for each in heard))
    assert dispatcher.dropped == dropped
    await dispatcher.close()
    await connection.close()


def _body(message: Any) -> bytes:
    """Of what redis-py says it has heard, if it is an event."""
    if message is None or message["type"] != "pmessage":
        return b""
    return base64.b64decode(json.loads(message["data"])["body"])


async def _until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


def _has_a_replica(server: RedisServer) -> bool:
    with server.client() as client:
        return bool(client.execute_command("ROLE")[2])
