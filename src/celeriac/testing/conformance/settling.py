"""What settling does: every action, together with its record and its posts, or nothing at all."""

import pytest

from celeriac.core.delivery import Action, Settlement
from celeriac.core.record import Record
from celeriac.wire import envelope

from .harness import Harness, ids, message, post


class SettlingContract:
    def test_an_acknowledged_message_is_gone(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        assert harness.settle(owner, harness.take(owner))
        assert (harness.count(), harness.claim(owner).deliveries) == (0, ())

    def test_settling_nothing_is_nothing(self, harness: Harness) -> None:
        assert tuple(harness.run(harness.broker.settle(harness.worker(), []))) == ()

    def test_settling_twice_does_nothing_the_second_time(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        delivery = harness.take(owner)
        assert harness.settle(owner, delivery)
        assert not harness.settle(owner, delivery, Action.REQUEUE, posts=(post("b"),))
        assert harness.count() == 0

    def test_nobody_settles_the_claim_of_another(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        delivery = harness.take(owner)
        assert not harness.settle(harness.worker(), delivery)
        assert harness.settle(owner, delivery)

    def test_record_and_posts_take_effect_with_the_acknowledgement(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        record = Record("a", "SUCCESS", b'{"status": "SUCCESS", "result": 7}')
        assert harness.settle(owner, harness.take(owner), record=record, posts=(post("b"), post("c")))
        assert harness.run(harness.results.fetch(["a"])) == (record.payload,)
        assert ids(harness.claim(owner)) == ["b", "c"]

    def test_a_batch_answers_for_each_delivery_in_order(self, harness: Harness) -> None:
        harness.publish("a", "b", "c")
        owner = harness.worker()
        first, second, third = harness.claim(owner).deliveries
        assert harness.settle(owner, second)
        batch = [
            Settlement(first, Action.ACK, Record("a", "SUCCESS", b'{"status": "SUCCESS", "n": 1}')),
            Settlement(second, Action.ACK, Record("b", "SUCCESS", b'{"status": "SUCCESS", "n": 2}')),
            Settlement(third, Action.REQUEUE, posts=(post("d", queue="other"),)),
        ]
        assert tuple(harness.run(harness.broker.settle(owner, batch))) == (True, False, True)
        assert harness.run(harness.results.fetch(["a", "b"]))[1] is None
        assert (harness.count("celery"), harness.count("other")) == (1, 1)

    def test_a_hundred_and_fifty_settle_in_one_call(self, harness: Harness) -> None:
        names = [f"n{number}" for number in range(150)]
        harness.publish(*names)
        owner = harness.worker()
        batch = [
            Settlement(
                delivery, Action.ACK, Record(name, "SUCCESS", b'{"status": "SUCCESS", "id": "%b"}' % name.encode())
            )
            for name, delivery in zip(names, harness.claim(owner, 200).deliveries, strict=True)
        ]
        assert all(harness.run(harness.broker.settle(owner, batch)))
        stored = harness.run(harness.results.fetch(names))
        assert stored == tuple(item.record.payload for item in batch if item.record)

    def test_a_requeued_message_is_served_next_and_unchanged(self, harness: Harness) -> None:
        harness.publish("a", "b", "c")
        owner = harness.worker()
        first = harness.take(owner)
        assert harness.settle(owner, first, Action.REQUEUE)
        claim = harness.claim(owner)
        assert ids(claim) == ["a", "b", "c"]
        assert envelope.decode(claim.deliveries[0].raw) == envelope.decode(first.raw)

    def test_a_requeued_message_may_be_replaced(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        delivery = harness.take(owner)
        assert harness.settle(owner, delivery, Action.REQUEUE, raw=envelope.redelivered(delivery.raw))
        assert envelope.peek(harness.take(owner).raw).deliveries == 1

    def test_a_deferred_message_does_not_come_before_it_is_due(self, harness: Harness) -> None:
        harness.publish("a", "b")
        owner = harness.worker()
        due = harness.now() + 60.0
        assert harness.settle(owner, harness.take(owner), Action.DEFER, due=due)
        claim = harness.claim(owner)
        assert ids(claim) == ["b"]
        assert claim.next_due == pytest.approx(due, abs=0.01)

    def test_a_deferred_message_comes_back_when_it_is_due(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        due = harness.now() + harness.tick
        assert harness.settle(owner, harness.take(owner), Action.DEFER, due=due)
        harness.publish("c")
        harness.until(due)
        claim = harness.claim(owner)
        assert (ids(claim), claim.next_due) == (["a", "c"], None)

    def test_a_deferred_message_may_be_replaced(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        delivery = harness.take(owner)
        raw = envelope.redelivered(delivery.raw)
        assert harness.settle(owner, delivery, Action.DEFER, due=harness.now() - 1.0, raw=raw)
        assert envelope.peek(harness.take(owner).raw).deliveries == 1

    def test_the_earliest_of_many_deferred_messages_is_next_due(self, harness: Harness) -> None:
        harness.publish("a", "b", "c")
        owner = harness.worker()
        start = harness.now()
        for delivery, delay in zip(harness.claim(owner).deliveries, (50.0, 30.0, 40.0), strict=True):
            assert harness.settle(owner, delivery, Action.DEFER, due=start + delay)
        assert harness.claim(owner).next_due == pytest.approx(start + 30.0, abs=0.01)

    def test_a_post_with_a_due_time_is_held_until_then(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        soon, later = harness.now() + harness.tick, harness.now() + 60.0
        assert harness.settle(owner, harness.take(owner), posts=(post("later", due=later),))
        claim = harness.claim(owner)
        assert claim.deliveries == ()
        assert claim.next_due == pytest.approx(later, abs=0.01)
        harness.publish("b")
        assert harness.settle(owner, harness.take(owner), posts=(post("soon", due=soon),))
        harness.until(soon)
        assert ids(harness.claim(owner)) == ["soon"]

    def test_a_settled_message_of_a_deferred_batch_keeps_its_body(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        harness.settle(owner, harness.take(owner), Action.DEFER, due=harness.now() - 1.0)
        assert envelope.decode(harness.take(owner).raw).body == message("a").body
