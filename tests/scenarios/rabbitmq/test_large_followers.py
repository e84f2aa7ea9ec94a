"""What follows a run may be larger than the node takes: that ends clearly, and everything else goes on."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from celeriac import Celeriac, chain
from celeriac.core.delivery import DeadLetter
from celeriac.exceptions import OperationalError
from scenarios.workers.notes import notes
from scenarios.workers.running import until
from servers.rabbitmq_server import LARGEST
from servers.redis_server import RedisServer

from .conftest import Place

PATIENCE = 60.0
ADVICE = "raise max_message_size"


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def client(place: Place, redis: RedisServer) -> Iterator[Celeriac]:
    """Its results are in Redis."""
    made = Celeriac("program", broker=place.node.url(), backend=redis.url, set_as_current=False)
    made.conf.update(task_default_queue=place.queue, broker_native_delayed_delivery_queue_type="classic")
    yield made
    made.close()


def letters(place: Place, queue: str) -> list[DeadLetter]:
    transport = place.client.transports.write
    assert transport.dead is not None
    return [one for one in transport.link().run(transport.dead.letters(1000), 20.0) if one.queue == queue]


def said(place: Place) -> set[str]:
    return {text for what, text in notes(place.home) if what == "say"}


def large(client: Celeriac, name: str = "program.repeat") -> Any:
    return client.signature(name, ("x", LARGEST))


@pytest.mark.parametrize("late", [True, False], ids=["late", "early"])
def test_a_callback_that_is_too_large_fails_and_its_neighbours_do_not(
    place: Place, redis: RedisServer, client: Celeriac, late: bool
) -> None:
    """Where the message of the run before is still there, it is a dead letter, and may be replayed."""
    worker = place.worker("-c", "2", PROGRAM_RESULTS=redis.url, PROGRAM_ACKS_LATE=str(int(late)))
    say = client.signature("program.say")
    failing = [chain(large(client), say).apply_async() for _ in range(2)]
    fine = [chain(client.signature("program.repeat", (str(n), 3)), say).apply_async() for n in range(20)]
    assert [result.get(timeout=PATIENCE) for result in fine] == [str(n) * 3 for n in range(20)]
    for result in failing:
        with pytest.raises(OperationalError, match=ADVICE):
            result.get(timeout=PATIENCE)
        assert result.parent.get(timeout=PATIENCE) == "x" * LARGEST
    assert said(place) == {str(n) * 3 for n in range(20)}
    wanted = 2 if late else 0
    until(lambda: len(letters(place, place.queue)) == wanted, PATIENCE, lambda: letters(place, place.queue))
    buried = letters(place, place.queue)
    assert len(buried) == wanted
    assert all(ADVICE in letter.reason and "program.say" in letter.reason for letter in buried)
    assert not re.search("Connection to broker lost", worker.text)
