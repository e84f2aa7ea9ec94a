"""Who waits for each result at once needs no confirmation of a call whose result is there; all others get no less."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from celeriac import Celeriac
from celeriac.exceptions import OperationalError
from scenarios.workers.notes import notes
from scenarios.workers.running import until, worker
from servers.gate import Gate
from servers.rabbitmq_server import RabbitServer
from servers.redis_server import RedisServer

PATIENCE = 60.0


@pytest.fixture(scope="module")
def results() -> Iterator[str]:
    with RedisServer() as server:
        yield server.url


@pytest.fixture
def gate(node: RabbitServer) -> Iterator[Gate]:
    with Gate(node.port) as gate:
        yield gate


@pytest.fixture
def client(node: RabbitServer, gate: Gate, results: str, tmp_path: Path) -> Iterator[Celeriac]:
    """Its broker is behind the gate, its results are not; there is a worker for it."""
    queue = f"q-{uuid4()}"
    environment = {"PROGRAM_BROKER": node.url(), "PROGRAM_RESULTS": results, "PROGRAM_QUEUE": queue}
    environment["PROGRAM_NOTES"] = str(tmp_path / "notes")
    with worker(tmp_path, "scenarios.rabbitmq.program", "-c", "2", environment=environment):
        broker = node.url().replace(f":{node.port}/", f":{gate.port}/")
        made = Celeriac("program", broker=broker, backend=results, set_as_current=False)
        made.conf.update(task_default_queue=queue, publish_timeout=PATIENCE, task_publish_retry=False)
        yield made
        made.close()


def say(client: Celeriac, text: str) -> str:
    return str(client.send_task("program.say", (text,)).get(timeout=PATIENCE))


def wait_for_each(client: Celeriac) -> None:
    """Until this thread is known to wait for each result right after the call."""
    until(lambda: say(client, "soon") == "soon" and bool(client.backend.eager_threads))


def test_the_result_proves_that_the_call_was_taken(client: Celeriac, gate: Gate, tmp_path: Path) -> None:
    wait_for_each(client)
    gate.mute()
    result = client.send_task("program.say", ("x",))
    assert result.get(timeout=PATIENCE) == "x"
    gate.open()
    assert [say(client, text) for text in "abcdefghij"] == list("abcdefghij")
    assert [text for _, text in notes(tmp_path)].count("x") == 1


def test_a_call_without_a_result_and_without_a_confirmation_is_an_error(client: Celeriac, gate: Gate) -> None:
    wait_for_each(client)
    client.conf.publish_timeout = 0.5
    gate.mute()
    with pytest.raises(OperationalError):
        client.send_task("program.nap", (5.0,))
    client.conf.publish_timeout = PATIENCE
    gate.open()
    assert say(client, "y") == "y"


def test_a_thread_that_does_not_wait_for_its_results_gets_confirmations(client: Celeriac, gate: Gate) -> None:
    until(lambda: say(client, "first") == "first")
    for text in "ab":
        client.send_task("program.say", (text,))
    client.conf.publish_timeout = 0.5
    gate.mute()
    with pytest.raises(OperationalError):
        client.send_task("program.say", ("c",))
