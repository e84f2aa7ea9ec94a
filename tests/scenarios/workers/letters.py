"""What lies in the queues and the dead-letter store of a client's broker."""

from celeriac import Celeriac
from celeriac.core.delivery import DeadLetter
from celeriac.wire import envelope

from .running import until


def letters(client: Celeriac) -> dict[str, DeadLetter]:
    """Dead letters by task id."""
    transport = client.transports.read
    assert transport.dead is not None
    found = transport.link().run(transport.dead.letters(1000), 10)
    return {envelope.peek(letter.raw).id: letter for letter in found}


def letter_of(client: Celeriac, task_id: str) -> DeadLetter:
    """The dead letter of this task, as soon as it is there."""
    until(lambda: task_id in letters(client), told=lambda: {id: each.reason for id, each in letters(client).items()})
    return letters(client)[task_id]


def waiting(client: Celeriac, *queues: str) -> list[int]:
    """How many messages are ready in each of these queues."""
    transport = client.transports.read
    assert transport.broker is not None
    counts = transport.link().run(transport.broker.count(queues), 10)
    return [counts[queue] for queue in queues]
