"""Which queue is served first."""

from collections.abc import Sequence

import pytest

from celeriac.core.delivery import Delivery
from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.message import Queue
from celeriac.worker.turns import Turns, turns

QUEUES = (Queue("b"), Queue("c"), Queue("a"))


def given(*queues: str) -> Sequence[Delivery]:
    return [Delivery("tag", queue, b"") for queue in queues]


def order(found: Turns) -> str:
    return "".join(queue.name for queue in found.order(QUEUES))


def test_in_turns_the_queue_after_the_last_that_gave_something_is_next() -> None:
    found = turns({})
    seen = []
    for deliveries in (given("b", "b"), given(), given("c", "a"), given("a"), given("b")):
        seen.append(order(found))
        found.served(deliveries)
    assert seen == ["bca", "cab", "cab", "bca", "bca"]
    assert order(found) == "cab"


@pytest.mark.parametrize(("strategy", "expected"), [("sorted", "abc"), ("priority", "bca")])
def test_other_strategies_always_serve_in_one_order(strategy: str, expected: str) -> None:
    found = turns({"queue_order_strategy": strategy})
    for deliveries in (given("a"), given("b", "c")):
        assert order(found) == expected
        found.served(deliveries)
    assert order(found) == expected


def test_other_queues_begin_anew() -> None:
    found = turns({})
    assert order(found) == "bca"
    found.served(given("b"))
    assert [queue.name for queue in found.order((Queue("x"), Queue("y")))] == ["x", "y"]
    found.served(given("gone"))
    assert [queue.name for queue in found.order((Queue("x"),))] == ["x"]


def test_an_unknown_strategy_is_refused_with_the_name_that_was_meant() -> None:
    with pytest.raises(ImproperlyConfigured, match="did you mean 'round_robin'"):
        turns({"queue_order_strategy": "round-robin"})
