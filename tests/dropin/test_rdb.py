"""A debugger inside of a task, reached over a socket."""

import re
import socket
from pathlib import Path

from servers.ports import free_port
from servers.redis_server import RedisServer

from .running import python, worker

TASKS = """
from celery import Celery
from celery.contrib import rdb

app = Celery("debugged", broker=URL, backend=URL)

@app.task(name="debugged.add")
def add(x, y):
    total = x + y
    rdb.set_trace()
    return total
"""


def test_who_connects_can_look_around_and_change_things(tmp_path: Path, redis: RedisServer) -> None:
    (tmp_path / "debugged.py").write_text(TASKS.replace("URL", repr(redis.url)))
    environ = {"CELERY_RDB_PORT": str(free_port())}
    with worker(tmp_path, "-A", "debugged", "worker", "-l", "INFO", "-c", "1", environ=environ) as running:
        id = python(tmp_path, "from debugged import add; print(add.delay(2, 3).id)")
        line = running.wait_line(r"Remote debugger: telnet \S+ \d+", 30)
        found = re.search(r"telnet (\S+) (\d+)", line)
        assert found is not None
        with socket.create_connection((found[1], int(found[2])), 30) as connection, connection.makefile("rw") as lines:
            connection.settimeout(30)
            lines.write("p total * 100\n!total = 55\nc\n")
            lines.flush()
            assert any("500" in lines.readline() for _ in range(6))
            program = f"from debugged import app; print(app.AsyncResult({id!r}).get(timeout=30))"
            assert python(tmp_path, program) == "55"
