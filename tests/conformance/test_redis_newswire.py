"""Who listens to events on Redis: known of a server that is alone, unknown where others may have listeners too."""

from collections.abc import Iterator

import pytest

from celeriac.adapters.redis import RedisTransport
from celeriac.core.message import Message
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
    return [transport.link().run(transport.newswire.tell("ev", "task.multi", EVENT), 20.0) for _ in range(times)]


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


def _has_a_replica(server: RedisServer) -> bool:
    with server.client() as client:
        return bool(client.execute_command("ROLE")[2])
