"""One RabbitMQ node for all processes of a test run: the first that needs it starts it, the last one ends it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from .rabbitmq_server import RabbitServer


class RabbitNode:
    """What a test needs of the shared node: URLs into a virtual host that no other process uses."""

    def __init__(self, known: dict[str, Any], number: int) -> None:
        self.port: int = known["port"]
        self.tls_port = int(known["tls_port"])
        self.certificate: str = known["certificate"]
        self.vhost = f"tests-{number}"

    def url(self, user: str = "guest", password: str = "guest", vhost: str | None = None) -> str:
        return f"amqp://{user}:{password}@127.0.0.1:{self.port}/{quote(vhost or self.vhost, safe='')}"


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitNode]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    # Under xdist every worker has a folder of its own inside the run's.
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if worker else base
    with _shared(folder) as known:
        yield RabbitNode(known, int(worker.removeprefix("gw") or 0))


@contextmanager
def _shared(folder: Path) -> Iterator[dict[str, Any]]:
    state = folder / "rabbitmq.json"
    with _alone(folder):
        known = json.loads(state.read_text()) if state.exists() else {"users": 0}
        if not known["users"]:
            server = RabbitServer().start()
            known = {"users": 0, "port": server.port, "pid": server.pid, **server.traces()}
            server.hand_over()
        known["users"] += 1
        state.write_text(json.dumps(known))
    try:
        yield known
    finally:
        with _alone(folder):
            known = json.loads(state.read_text())
            known["users"] -= 1
            if not known["users"]:
                _end(known)
            state.write_text(json.dumps(known))


def _end(known: dict[str, Any]) -> None:
    """The node may have been started by another process of this run."""
    try:
        os.killpg(int(known["pid"]), signal.SIGKILL)
    except ProcessLookupError:
        pass
    subprocess.run(["epmd", "-port", str(known["epmd"]), "-kill"], capture_output=True, check=False, timeout=20)
    shutil.rmtree(str(known["folder"]), ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "rabbitmq.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
