"""What settling does: every action, together with its record and its posts, or nothing at all."""

from celeriac.core.delivery import Action, Settlement
from celeriac.core.record import Record
from celeriac.wire import envelope

from .harness import LATER, Harness, ids, message, post


class SettlingContract:
    def test_an_acknowledged_message_is_gone(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        assert harness.settle(owner, harness.take(owner))
        harness.expect_ready(0)
        assert harness.claim(owner).deliveries == ()

    def test_settling_nothing_is_nothing(self, harness: Harness) -> None:
        assert tuple(harness.run(harness.broker.settle(harness.worker(), []))) == ()

    def test_settling_twice_does_nothing_the_second_time(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        delivery = harness.take(owner)
        assert harness.settle(owner, delivery)
        assert not harness.settle(owner, delivery, Action.REQUEUE, posts=(post("b"),))
        harness.expect_ready(0)

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
        harness.expect_stored({"a": record.payload})
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
        harness.expect_stored({"a": b'{"status": "SUCCESS", "n": 1}', "b": None})
        harness.expect_ready(1, "celery")
        harness.expect_ready(1, "other")

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
        harness.expect_stored({item.record.id: item.record.payload for item in batch if item.record})
        assert harness.claim(owner).deliveries == ()

    def test_a_requeued_message_is_served_next_and_unchanged(self, harness: Harness) -> None:
        harness.publish("a", "b", "c")
        owner = harness.worker()
        first = harness.take(owner)
        assert harness.settle(owner, first, Action.REQUEUE)
        claim = harness.claim(owner)
        assert ids(claim) == (["a", "b", "c"] if harness.requeues_in_place else ["b", "c", "a"])
        again = claim.deliveries[0 if harness.requeues_in_place else 2]
        assert envelope.decode(again.raw) == envelope.decode(first.raw)

    def test_a_requeued_message_may_be_replaced(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        delivery = harness.take(owner)
        assert harness.settle(owner, delivery, Action.REQUEUE, raw=envelope.redelivered(delivery.raw))
        assert envelope.peek(harness.take(owner).raw).deliveries == 1

    def test_a_deferred_message_does_not_come_before_it_is_due(self, harness: Harness) -> None:
        harness.publish("a", "b")
        owner = harness.worker()
        due = harness.now() + LATER
        assert harness.settle(owner, harness.take(owner), Action.DEFER, due=due)
        claim = harness.claim(owner)
        assert ids(claim) == ["b"]
        harness.expect_next_due(claim, due)

    def test_a_deferred_message_comes_back_when_it_is_due(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        due = harness.now() + harness.tick
        assert harness.settle(owner, harness.take(owner), Action.DEFER, due=due)
        harness.publish("c")
        harness.until(due)
        claim = harness.claim(owner)
        assert ids(claim) == ["a", "c"]
        harness.expect_next_due(claim, None)

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
        for delivery, delay in zip(harness.claim(owner).deliveries, (LATER + 20.0, LATER, LATER + 10.0), strict=True):
            assert harness.settle(owner, delivery, Action.DEFER, due=start + delay)
        claim = harness.claim(owner)
        assert claim.deliveries == ()
        harness.expect_next_due(claim, start + LATER)

    def test_a_post_with_a_due_time_is_held_until_then(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        soon, later = harness.now() + harness.tick, harness.now() + LATER
        assert harness.settle(owner, harness.take(owner), posts=(post("later", due=later),))
        claim = harness.claim(owner)
        assert claim.deliveries == ()
        harness.expect_next_due(claim, later)
        harness.publish("b")
        assert harness.settle(owner, harness.take(owner), posts=(post("soon", due=soon),))
        harness.until(soon)
        assert ids(harness.claim(owner)) == ["soon"]

    def test_a_settled_message_of_a_deferred_batch_keeps_its_body(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        harness.settle(owner, harness.take(owner), Action.DEFER, due=harness.now() - 1.0)
        assert envelope.decode(harness.take(owner).raw).body == message("a").body
