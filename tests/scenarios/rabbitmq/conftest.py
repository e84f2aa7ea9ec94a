"""A RabbitMQ node for all tests of this folder, and workers of the program on queues of their own."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from celeriac import Celeriac
from scenarios.workers.running import Command, worker
from servers.rabbitmq_server import RabbitServer
from watched import PATIENCE

# Long runs are taken back soon, so that a test can see what becomes of them; but not what is held up for a moment.
SHORT = ("consumer_timeout = 4000",)


@pytest.fixture(scope="session")
def node() -> Iterator[RabbitServer]:
    with RabbitServer(*SHORT) as server:
        yield server


class Place:
    """One queue of the node: a client, and any number of workers."""

    def __init__(self, node: RabbitServer, home: Path, stack: ExitStack) -> None:
        self.node = node
        self.home = home
        self.queue = f"q-{uuid4()}"
        self._stack = stack
        self.client = Celeriac("program", broker=node.url(), backend="disabled://", set_as_current=False)
        self.client.conf.update(
            task_default_queue=self.queue,
            broker_native_delayed_delivery_queue_type="classic",
            publish_timeout=PATIENCE,
        )
        stack.callback(self.client.close)

    def worker(self, *options: str, **environment: str) -> Command:
        given = {**self.environment(), **environment}
        made = worker(self.home, "scenarios.rabbitmq.program", *options, environment=given)
        return self._stack.enter_context(made)

    def environment(self) -> dict[str, str]:
        """What the program is told."""
        notes = str(self.home / "notes")
        return {"PROGRAM_BROKER": self.node.url(), "PROGRAM_NOTES": notes, "PROGRAM_QUEUE": self.queue}

    def send(self, task: str, *args: Any, **options: Any) -> str:
        return str(self.client.send_task(f"program.{task}", args, **options).id)


@pytest.fixture
def place(node: RabbitServer, tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        yield Place(node, tmp_path, stack)
