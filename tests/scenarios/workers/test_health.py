"""What a worker tells of its health by HTTP."""

import signal
import socket
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from celeriac import Celeriac
from servers.ports import free_port
from servers.redis_server import RedisServer

from .running import run, until, worker


def page(port: int, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as answer:
        return answer.code, answer.read().decode()


def test_a_worker_is_live_ready_and_counts(tmp_path: Path) -> None:
    port = free_port()
    with RedisServer() as server:
        environment = {"PROGRAM_STORE": server.url, "PROGRAM_NOTES": str(tmp_path / "notes")}
        options = ("-c", "2", "--health", f"127.0.0.1:{port}")
        with (
            worker(tmp_path, "scenarios.workers.program", *options, environment=environment) as running,
            Celeriac("program", broker=server.url, backend=server.url, set_as_current=False) as client,
        ):
            assert page(port, "live") == (200, "alive\n")
            until(lambda: page(port, "ready") == (200, "ready\n"))  # when the first claim was answered
            assert page(port, "else")[0] == 404
            assert [client.send_task("program.add", (n, 1)).get(60) for n in range(3)] == [1, 2, 3]
            with pytest.raises(ValueError, match="no"):
                client.send_task("program.fail", ("no",)).get(60)
            status, told = page(port, "metrics")
            assert status == 200
            lines = told.splitlines()
            assert 'celeriac_tasks_total{task="program.add",end="succeeded"} 3' in lines
            assert 'celeriac_tasks_total{task="program.fail",end="failed"} 1' in lines
            assert 'celeriac_task_runtime_seconds_count{task="program.add"} 3' in lines
            assert "celeriac_slots 2.0" in lines
            assert "celeriac_events_dropped_total 0" in lines
            server.stop()
            until(lambda: page(port, "ready") == (503, "not ready: the broker is away\n"))
            assert page(port, "live") == (200, "alive\n")
            running.signal(signal.SIGKILL)  # it would wait for the broker to settle with


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("from celeriac import Celeriac\napp = Celeriac('plain')\n")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = run(tmp_path, "-A", "plain", "worker", "--health", where)
    assert ended.process.returncode
    assert f"can't listen on {where}" in ended.text
