"""What looking into a delayed store promises: the earliest first, and nothing is taken away."""

from celeriac.core.delivery import Action
from celeriac.core.ports.delayed import Delayed, delayed_of
from celeriac.wire import envelope

from .harness import Harness, present


def store(harness: Harness) -> Delayed:
    return present(delayed_of(harness.peer.transport))


def delay(harness: Harness, id: str, seconds: float, queue: str = "celery") -> float:
    """As a worker does with a message whose time has not come."""
    owner = harness.worker()
    harness.publish(id, queue=queue)
    due = harness.now() + seconds
    assert harness.settle(owner, harness.take(owner, queue), Action.DEFER, due=due)
    return due


def waiting(harness: Harness, *queues: str, limit: int = 10) -> list[tuple[float, str]]:
    found = harness.run(store(harness).waiting(queues, limit))
    return [(due, envelope.peek(raw).id) for due, raw in found]


class DelayedContract:
    def test_nothing_waits_in_an_empty_store(self, harness: Harness) -> None:
        assert waiting(harness, "celery") == []
        assert waiting(harness) == []

    def test_the_earliest_is_first_whichever_queue_it_is_for(self, harness: Harness) -> None:
        late = delay(harness, "late", 90.0)
        soon = delay(harness, "soon", 30.0, "other")
        middle = delay(harness, "middle", 60.0)
        found = waiting(harness, "celery", "other")
        assert [id for _, id in found] == ["soon", "middle", "late"]
        assert all(abs(due - said) < 0.01 for (due, _), said in zip(found, (soon, middle, late), strict=True))

    def test_only_the_queues_that_are_named_are_looked_into(self, harness: Harness) -> None:
        delay(harness, "mine", 60.0)
        delay(harness, "other", 60.0, "other")
        assert [id for _, id in waiting(harness, "celery")] == ["mine"]

    def test_no_more_than_was_asked_for(self, harness: Harness) -> None:
        for number in range(5):
            delay(harness, f"task {number}", 60.0 + number)
        assert [id for _, id in waiting(harness, "celery", limit=2)] == ["task 0", "task 1"]

    def test_looking_takes_nothing_away(self, harness: Harness) -> None:
        delay(harness, "a", 2 * harness.tick)
        waiting(harness, "celery")
        harness.pass_time(3 * harness.tick)
        assert len(harness.claim(harness.worker()).deliveries) == 1
        assert waiting(harness, "celery") == []
