"""When the bell must ring; ringing more often is allowed."""

import threading

from celeriac.core.delivery import Action
from celeriac.wire import envelope

from .harness import Harness, post
from .peer import BellFace


class BellContract:
    def test_it_rings_when_a_message_is_published(self, harness: Harness) -> None:
        bell = harness.bell("celery")
        owner = harness.worker()
        harness.claim(owner)
        harness.publish("a")
        assert bell.wait()

    def test_it_rings_each_time(self, harness: Harness) -> None:
        bell = harness.bell("celery")
        owner = harness.worker()
        for number in range(20):
            harness.claim(owner)
            harness.publish(f"n{number}")
            assert bell.wait()

    def test_it_rings_when_another_peer_publishes(self, harness: Harness) -> None:
        bell = harness.bell("celery")
        harness.claim(harness.worker())
        harness.another().run(harness.broker.publish([post("a")]))
        assert bell.wait()

    def test_it_wakes_who_waits_already(self, harness: Harness) -> None:
        bell = harness.bell("celery")
        harness.claim(harness.worker())
        rang: list[bool] = []
        thread = threading.Thread(target=lambda: rang.append(bell.wait()))
        thread.start()
        harness.publish("a")
        thread.join(60.0)
        assert rang == [True]

    def test_it_rings_for_every_one_of_its_queues(self, harness: Harness) -> None:
        bell = harness.bell("first", "second")
        owner = harness.worker()
        for queue in ("second", "first"):
            harness.claim(owner, 10, ("first", "second"))
            harness.publish("a", queue=queue)
            assert bell.wait()

    def test_it_rings_for_requeued_messages(self, harness: Harness) -> None:
        bell = harness.bell("celery")
        harness.publish("a")
        owner = harness.worker()
        delivery = harness.take(owner)
        drain(bell)
        harness.claim(owner)
        harness.settle(owner, delivery, Action.REQUEUE)
        assert bell.wait()

    def test_it_rings_for_messages_posted_by_a_settlement(self, harness: Harness) -> None:
        bell = harness.bell("other")
        harness.publish("a")
        owner = harness.worker()
        harness.claim(owner, 10, ("other",))
        harness.settle(owner, harness.take(owner), posts=(post("b", queue="other"),))
        assert bell.wait()

    def test_it_rings_for_recovered_messages(self, harness: Harness) -> None:
        harness.publish("a")
        gone = harness.worker()
        harness.take(gone)
        bell = harness.bell("celery")
        harness.claim(harness.worker())
        harness.run(harness.lease.release(f"worker/{gone}", gone))
        harness.run(harness.broker.recover(envelope.redelivered))
        assert bell.wait()

    def test_it_tells_that_nothing_rang(self, harness: Harness) -> None:
        drain(harness.bell("celery"))


def drain(bell: BellFace, most: int = 20) -> None:
    """Listen until it is quiet, for a bell may ring without need."""
    for _ in range(most):
        if not bell.wait(0.05):
            return
    raise AssertionError("the bell never stops ringing")
