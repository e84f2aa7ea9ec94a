"""RabbitMQ's client in programs of green threads: connections are used again, and many threads share them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from celeriac.core.message import Queue
from servers.rabbitmq_node import RabbitNode, rabbitmq

from .rabbitmq_clients import Make, make, queue, run

__all__ = ["make", "queue", "rabbitmq"]
_PATCHES = {
    "eventlet": "import eventlet; eventlet.monkey_patch()",
    "gevent": "from gevent import monkey; monkey.patch_all()",
}
_PROGRAM = """
import sys, threading
from celeriac.adapters.rabbitmq import RabbitTransport
from celeriac.testing.conformance.harness import post

transport = RabbitTransport(sys.argv[1])

def send(thread):
    for number in range(20):
        transport.link().run(transport.broker.publish([post(f"{thread}.{number}", sys.argv[2])]), 60.0)

threads = [threading.Thread(target=send, args=(number,)) for number in range(5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
transport.link().run(transport.broker.publish([post(str(number), sys.argv[2]) for number in range(3000)]), 60.0)
transport.link().close()
"""


@pytest.mark.parametrize("kind", sorted(_PATCHES))
def test_green_threads_send_one_by_one_and_many(make: Make, rabbitmq: RabbitNode, queue: Queue, kind: str) -> None:
    program = f"{_PATCHES[kind]}\n{_PROGRAM}"
    command = [sys.executable, "-W", "ignore", "-c", program, rabbitmq.url(), queue.name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    transport = make()
    assert run(transport, transport.broker.count([queue.name])) == {queue.name: 3100}
