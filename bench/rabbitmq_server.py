"""A private RabbitMQ node on free ports, with its own files and epmd, for as long as a `with` block."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.redis_server import free_port
from celeriac.adapters.rabbitmq import RabbitTransport
from celeriac.core.errors import OperationalError

PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
START_DEADLINE = 120.0


@dataclass(frozen=True, slots=True)
class RabbitServer:
    """Where it listens, and a look into it."""

    url: str
    transport: RabbitTransport
    pid: int

    def ready(self, queue: str) -> int:
        """Messages that wait; RabbitMQ tells a client nothing of those that are claimed."""
        return self.transport.link().run(self.transport.broker.count([queue]), 30.0)[queue]

    def empty(self, queue: str) -> None:
        self.transport.link().run(self.transport.broker.purge([queue]), 30.0)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[RabbitServer]:
    """Starts the node, waits until it lets us in, kills it at the end."""
    if not PROGRAM.exists():
        raise SystemExit("RabbitMQ is not installed: run `make bench`, or tools/debian.sh rabbitmq-server")
    home = folder / "rabbitmq"
    home.mkdir()
    port, epmd = free_port(), free_port()
    environ = _environ(home, port, epmd)
    with (home / "output").open("wb") as output:
        process = subprocess.Popen([str(PROGRAM)], env=environ, stdout=output, stderr=output, start_new_session=True)
    server = RabbitServer(*_entry(port), process.pid)
    try:
        _wait(server, process, home / "output")
        yield server
    finally:
        server.transport.link().close()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)
        subprocess.run(["epmd", "-port", str(epmd), "-kill"], capture_output=True, check=False, timeout=20)


def _entry(port: int) -> tuple[str, RabbitTransport]:
    url = f"amqp://guest:guest@127.0.0.1:{port}//"
    return url, RabbitTransport(url)


def _environ(home: Path, port: int, epmd: int) -> dict[str, str]:
    (home / ".erlang.cookie").write_text("celeriac")
    (home / ".erlang.cookie").chmod(0o400)
    (home / "plugins").write_text("[].")
    (home / "rabbitmq.conf").write_text("log.console = true\nlog.console.level = warning\n")
    return {
        **os.environ,
        "HOME": str(home),
        "RABBITMQ_NODENAME": f"bench{port}@localhost",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "ERL_EPMD_PORT": str(epmd),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_RELAXED_COMMAND_CHECK": "1",
    }


def _wait(server: RabbitServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_DEADLINE
    while True:
        try:
            server.ready("bench")
            return
        except OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"RabbitMQ did not start:\n{log.read_text()}") from None
            time.sleep(0.05)
