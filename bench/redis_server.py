"""A private redis-server on a free port, without persistence, for as long as a `with` block."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis

START_DEADLINE = 10.0


@dataclass(frozen=True, slots=True)
class RedisServer:
    """Where it listens and which process it is."""

    url: str
    pid: int
    client: redis.Redis


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(folder: Path) -> Iterator[RedisServer]:
    """Starts the server, waits until it answers, stops it at the end."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    log = folder / "redis.log"
    with log.open("wb") as output:
        process = subprocess.Popen([*command, "--dir", str(folder)], stdout=output, stderr=output)
    client = redis.Redis(port=port, socket_timeout=30)
    try:
        wait_for(client, process, log)
        yield RedisServer(f"redis://127.0.0.1:{port}/0", process.pid, client)
    finally:
        client.close()
        process.terminate()
        process.wait(timeout=10)


def wait_for(client: redis.Redis, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_DEADLINE
    while True:
        try:
            client.ping()
            return
        except redis.ConnectionError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"redis-server did not start:\n{log.read_text()}") from None
            time.sleep(0.02)
