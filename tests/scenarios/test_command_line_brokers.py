"""Messages are moved from one broker to another in a shell, and run there."""

import json

from servers.redis_server import RedisServer

from .commands import Home


def test_messages_move_to_another_broker_and_run_there(home: Home) -> None:
    ids = [home.out("-A", "tasks", "call", "tasks.add", "-a", f"[{number}, 1]") for number in range(3)]
    with RedisServer() as server:
        done = home.out("-A", "tasks", "migrate", "-a", "-t", "0", "sqlite://", server.url)
        assert done.splitlines() == [
            *(f"Migrating task {place + 1}/3: tasks.add[{id}]" for place, id in enumerate(ids)),
            "3 messages moved.",
        ]
        assert json.loads(home.out("-A", "tasks", "queues", "--json")) == {"celery": 0}
        there = Home(home.folder, server.url)
        with there.worker() as worker:
            assert [there.out("-A", "tasks", "result", id) for id in ids] == ["1", "2", "3"]
            assert worker.stop() == 0


def test_a_broker_that_is_away_takes_nothing_from_the_other(home: Home) -> None:
    home.out("-A", "tasks", "call", "tasks.add", "-a", "[1, 1]")
    done = home.run("-A", "tasks", "migrate", "-a", "sqlite://", "redis://:secret@127.0.0.1:1/0")
    assert done.returncode == 69
    assert "127.0.0.1:1" in done.stderr
    assert "secret" not in done.stderr
    assert json.loads(home.out("-A", "tasks", "queues", "--json")) == {"celery": 1}
