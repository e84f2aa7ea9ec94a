"""What the commands do to a worker that runs, on each kind of store."""

import time
from pathlib import Path
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.core.errors import TimeLimitExceeded
from patience import in_time

from ..workers.running import Command, until
from .conftest import NODE, Start, Told

TIMEOUT = 60


def ask(client: Celeriac, command: str, **arguments: Any) -> Any:
    (reply,) = client.control.broadcast(command, arguments, reply=True, timeout=20, destination=[NODE])
    return reply[NODE]


def processes(client: Celeriac) -> set[int]:
    return set(ask(client, "stats")["pool"]["processes"])


def test_a_worker_answers_while_all_its_children_are_busy(client: Celeriac, node: Command, told: Told) -> None:
    busy = [client.send_task("control.sleep", (600,)) for _ in range(4)]
    told.begun(*busy[:2])
    begin = time.monotonic()
    assert client.control.ping(timeout=20, limit=1) == [{NODE: {"ok": "pong"}}]
    assert in_time(time.monotonic() - begin, 15.0)
    active = ask(client, "active")
    assert {task["id"] for task in active} == {busy[0].id, busy[1].id}
    assert {task["worker_pid"] for task in active} <= processes(client)
    client.control.revoke([task.id for task in busy], terminate=True)
    until(lambda: ask(client, "active") == [], 20)


def test_commands_of_the_program_are_answered(client: Celeriac, node: Command) -> None:
    assert ask(client, "favourite", n=3) == {"node": NODE, "n": 3, "main": "control"}
    assert ask(client, "shout", word="hey") == {"ok": {"word": "HEY"}}


def test_a_command_reaches_only_those_it_is_for(client: Celeriac, node: Command) -> None:
    control = client.control
    assert control.ping(destination=["other@here"], timeout=0.2) == []
    assert control.broadcast("ping", reply=True, pattern="other@*", timeout=0.2) == []
    assert control.broadcast("ping", reply=True, pattern="node@*", matcher="glob", timeout=20, limit=1) == [
        {NODE: {"ok": "pong"}}
    ]
    assert control.broadcast("ping", reply=True, pattern=r"n\w+@here", matcher="pcre", timeout=20, limit=1)


def test_nonsense_on_the_channel_is_survived(client: Celeriac, node: Command) -> None:
    for arguments in ({"self": 1}, {"state": 1}, {"n": {"nested": [None]}}):
        assert "error" in ask(client, "favourite", **arguments) or arguments == {"n": {"nested": [None]}}
    transport = client.transports.write
    channel = "/0.celery.pidbox" if "redis" in transport.describe() else "pidbox/celery.pidbox"
    for payload in (b"", b"\x00\xff", b"{}", b'{"body": "e30=", "properties": {"body_encoding": "base64"}}', b"[]"):
        transport.link().run(transport.bus.tell(channel, payload), 10)
    assert ask(client, "ping") == {"ok": "pong"}


async def test_async_code_asks_the_same(client: Celeriac, node: Command) -> None:
    inspect = client.acontrol.inspect(destination=[NODE], timeout=20)
    assert await inspect.ping() == {NODE: {"ok": "pong"}}
    assert (await inspect.clock())[NODE]["clock"] > 0
    assert await client.acontrol.revoke("nobody", reply=True, timeout=20, limit=1)
    await client.aclose()


def test_a_queue_is_consumed_from_now_on_and_no_longer(client: Celeriac, node: Command) -> None:
    result = client.send_task("control.pid", queue="extra")
    client.control.add_consumer("extra", reply=True, timeout=20, limit=1)
    assert result.get(timeout=TIMEOUT)
    assert "extra" in [queue["name"] for queue in ask(client, "active_queues")]
    assert client.control.cancel_consumer("extra", reply=True, timeout=20, limit=1) == [
        {NODE: {"ok": "no longer consuming from extra"}}
    ]
    assert [queue["name"] for queue in ask(client, "active_queues")] == ["celery"]
    assert client.send_task("control.pid").get(timeout=TIMEOUT)
    left = client.send_task("control.pid", queue="extra")
    assert client.send_task("control.pid").get(timeout=TIMEOUT)
    assert left.state == "PENDING"
    client.purge_queues(["extra"])


def test_a_pool_grows_shrinks_and_is_renewed(client: Celeriac, node: Command) -> None:
    before = processes(client)
    assert ask(client, "pool_grow", n=2) == {"ok": "pool will grow"}
    until(lambda: len(processes(client)) == 4, 20)
    assert ask(client, "pool_shrink", n=2) == {"ok": "pool will shrink"}
    until(lambda: len(processes(client)) == 2, 20)
    assert "error" in ask(client, "pool_shrink", n=2)
    left = processes(client)
    assert ask(client, "pool_restart") == {"ok": "reload started"}
    until(lambda: not processes(client) & (left | before) and len(processes(client)) == 2, 20)
    assert client.send_task("control.pid").get(timeout=TIMEOUT) in processes(client)


def test_a_limit_set_while_it_runs_ends_the_next_run(client: Celeriac, node: Command) -> None:
    assert ask(client, "time_limit", task_name="control.sleep", hard=0.5) == {"ok": "time limits set successfully"}
    with pytest.raises(TimeLimitExceeded):
        client.send_task("control.sleep", (600,)).get(timeout=TIMEOUT)
    ask(client, "time_limit", task_name="control.sleep")
    assert client.send_task("control.sleep", (0.7,)).get(timeout=TIMEOUT) == "slept"


def test_two_nodes_answer_and_shutdown_ends_the_one_that_is_named(
    client: Celeriac, node: Command, start: Start
) -> None:
    with start("-c", "1", "-n", "second@here") as second:
        assert {name for reply in client.control.ping(timeout=20, limit=2) for name in reply} == {NODE, "second@here"}
        assert client.control.shutdown(destination=["second@here"]) is None
        assert second.wait_end() == 0
    assert "Got shutdown from remote" in second.text
    assert client.control.ping(timeout=20, limit=1) == [{NODE: {"ok": "pong"}}]


def test_commands_can_be_refused_one_by_one(client: Celeriac, start: Start) -> None:
    options = ("-c", "1", "-n", "strict@here", "--", "worker.refused_commands=shutdown,active,terminate")
    with start(*options) as strict:
        for command in ("shutdown", "active", "dump_active"):
            (reply,) = client.control.broadcast(command, reply=True, timeout=20, destination=["strict@here"])
            assert f"refuses the command {command}" in reply["strict@here"]["error"]
        (reply,) = client.control.revoke("a", terminate=True, reply=True, timeout=20, destination=["strict@here"])
        assert "refuses" in reply["strict@here"]["error"]
        assert client.control.ping(destination=["strict@here"], timeout=20) == [{"strict@here": {"ok": "pong"}}]
        assert strict.stop() == 0


def test_remote_control_can_be_switched_off(client: Celeriac, start: Start, home: Path) -> None:
    with start("-c", "1", "-n", "deaf@here", "--", "worker.enable_remote_control=false") as deaf:
        assert client.control.ping(destination=["deaf@here"], timeout=0.3) == []
        assert deaf.stop() == 0
