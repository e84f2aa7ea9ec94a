"""What a document shows in Redis while tasks wait, run, are delayed, and while their worker is interrupted."""

import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dropin.running import python, worker
from scenarios.workers.running import until
from servers.redis_server import RedisServer

TASKS = """
# tasks.py

import time
from celery import Celery

app = Celery('tasks', broker='redis://127.0.0.1:6379/1', backend='redis://127.0.0.1:6379/2')

@app.task
def add(x, y):
    time.sleep(0.2)
    return x + y
"""
# Until the test says so, but not for ever.
SLOWLY = """print("begins")
    while not os.path.exists("go") and time.monotonic() < END: time.sleep(0.02)"""
WORKER = ("worker", "-A", "tasks", "--loglevel=info", "-c", "2")


def kinds(redis: RedisServer, db: int) -> dict[str, str]:
    """Key -> type, without the keys that Celeriac has beside Celery's."""
    with redis.client(db) as client:
        names = [key.decode() for key in client.keys("*")]
        return {name: client.type(name).decode() for name in names if not name.startswith(("celeriac", "_kombu"))}


def results(redis: RedisServer) -> int:
    return sum(kind == "string" for name, kind in kinds(redis, 2).items() if name.startswith("celery-task-meta-"))


def bring_forward(redis: RedisServer, seconds: float) -> None:
    """The one message in `celery` is due so soon: nobody wants to wait for a minute."""
    with redis.client(1) as client:
        message = json.loads(client.rpop("celery"))
        assert datetime.fromisoformat(message["headers"]["eta"]) > datetime.now(UTC)
        message["headers"]["eta"] = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
        client.rpush("celery", json.dumps(message))


def test_the_keys_at_each_step(tmp_path: Path, redis: RedisServer) -> None:
    """As the document tells it, step by step."""
    (tmp_path / "tasks.py").write_text(TASKS.replace("redis://127.0.0.1:6379", redis.url.rpartition("/")[0]))
    # 1. No worker: the message waits in a list.
    python(tmp_path, "from tasks import add; add.delay(2, 8)")
    assert kinds(redis, 1) == {"celery": "list"}
    # 2. A worker: the list is gone, and there is a string for the result.
    with worker(tmp_path, *WORKER) as running:
        until(lambda: results(redis) == 1, 30)
        until(lambda: kinds(redis, 1) == {}, 30)
        # 3. A delayed task: in unacked and unacked_index until it is run.
        python(tmp_path, "from tasks import add; add.apply_async((2, 8), countdown=8)")
        until(lambda: kinds(redis, 1) == {"unacked": "hash", "unacked_index": "zset"}, 5)
        until(lambda: results(redis) == 2, 30)
        until(lambda: kinds(redis, 1) == {}, 30)
        # 4. The worker is interrupted before a delayed task's time: it is in `celery` again ...
        python(tmp_path, "from tasks import add; add.apply_async((2, 8), countdown=60)")
        until(lambda: kinds(redis, 1) == {"unacked": "hash", "unacked_index": "zset"}, 30)
        running.signal(signal.SIGINT)
        assert running.wait_end() == 0
        assert kinds(redis, 1) == {"celery": "list"}
        bring_forward(redis, 1.0)
    # ... and the worker that starts next runs it when its time has come.
    with worker(tmp_path, *WORKER):
        until(lambda: results(redis) == 3, 30)
        until(lambda: kinds(redis, 1) == {}, 30)


def test_an_interrupted_worker_gives_back_what_it_has_not_begun(tmp_path: Path, redis: RedisServer) -> None:
    """More tasks than it has processes: those in hand are in `celery` again when it has ended, and none is lost."""
    slow = TASKS.replace("time.sleep(0.2)", SLOWLY)
    slow = slow.replace("import time\n", "import os, time\nEND = time.monotonic() + 120\n")
    (tmp_path / "tasks.py").write_text(slow.replace("redis://127.0.0.1:6379", redis.url.rpartition("/")[0]))
    python(tmp_path, "from tasks import add\nfor i in range(8): add.delay(i, i)")
    with worker(tmp_path, *WORKER) as running:
        running.wait_line("begins")
        running.signal(signal.SIGINT)
        running.wait_line("Warm shutdown")
        (tmp_path / "go").touch()
        assert running.wait_end() == 0
    done = results(redis)
    with redis.client(1) as client:
        assert done + client.llen("celery") == 8
    assert 0 < done < 8
    assert kinds(redis, 1) == {"celery": "list"}
    with worker(tmp_path, *WORKER):
        until(lambda: results(redis) == 8, 30)
