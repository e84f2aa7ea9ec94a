"""What every broker does with waiting messages: order, priorities, atomic claims, counting and purging."""

import itertools
import threading

import pytest

from celeriac.core.delivery import Action
from celeriac.core.errors import LeaseLost
from celeriac.core.message import Post, Queue, Route
from celeriac.wire import envelope

from .harness import LATER, Harness, ids, message, post, present


class BrokerContract:
    def test_messages_come_in_the_order_they_were_published(self, harness: Harness) -> None:
        harness.publish("a", "b")
        harness.publish("c")
        assert ids(harness.claim(harness.worker())) == ["a", "b", "c"]

    def test_publishing_nothing_is_nothing(self, harness: Harness) -> None:
        harness.publish()
        harness.expect_ready(0)

    def test_five_hundred_messages_go_in_one_publish(self, harness: Harness) -> None:
        names = [f"n{number}" for number in range(500)]
        harness.publish(*names)
        harness.expect_ready(500)
        assert ids(harness.claim(harness.worker(), 1000)) == names

    def test_a_message_arrives_as_it_was_sent(self, harness: Harness) -> None:
        sent = message("a", body=bytes(range(256)) * 5000)
        harness.run(harness.broker.publish([Post(sent, Route("celery"))]))
        got = envelope.decode(harness.take(harness.worker()).raw)
        assert (got.body, got.headers) == (sent.body, sent.headers)
        assert (got.content_type, got.content_encoding) == (sent.content_type, sent.content_encoding)
        assert got.properties["correlation_id"] == "a"

    def test_a_delivery_names_its_queue(self, harness: Harness) -> None:
        harness.publish("a", queue="mail")
        assert harness.take(harness.worker(), "mail").queue == "mail"

    def test_a_claim_takes_no_more_than_its_limit(self, harness: Harness) -> None:
        harness.publish("a", "b", "c")
        owner = harness.worker()
        assert ids(harness.claim(owner, 2)) == ["a", "b"]
        assert ids(harness.claim(owner, 2)) == ["c"]
        assert ids(harness.claim(owner, 2)) == []

    def test_a_claim_looks_only_into_its_queues_and_in_their_order(self, harness: Harness) -> None:
        harness.publish("a", queue="first")
        harness.publish("b", queue="second")
        harness.publish("c", queue="third")
        assert ids(harness.claim(harness.worker(), 9, ("second", "first"))) == ["b", "a"]
        harness.expect_ready(1, "third")

    def test_the_limit_holds_over_all_queues_together(self, harness: Harness) -> None:
        harness.publish("a", "b", queue="first")
        harness.publish("c", "d", queue="second")
        assert len(harness.claim(harness.worker(), 3, ("first", "second")).deliveries) == 3

    def test_urgent_messages_are_claimed_first(self, harness: Harness) -> None:
        harness.publish("slow", priority=harness.idle)
        harness.publish("fast 1", "fast 2", priority=harness.urgent)
        expected = ["fast 1", "fast 2", "slow"] if harness.prioritises else ["slow", "fast 1", "fast 2"]
        assert ids(harness.claim(harness.worker())) == expected

    def test_a_requeued_urgent_message_stays_urgent(self, harness: Harness) -> None:
        harness.publish("fast", priority=harness.urgent)
        owner = harness.worker()
        assert harness.settle(owner, harness.take(owner), Action.REQUEUE)
        harness.publish("slow", priority=harness.idle)
        assert ids(harness.claim(owner)) == ["fast", "slow"]

    def test_a_claimed_message_is_nobody_elses(self, harness: Harness) -> None:
        harness.publish("a")
        harness.take(harness.worker())
        assert harness.claim(harness.worker()).deliveries == ()
        harness.expect_ready(0)

    def test_owners_in_threads_never_share_a_message(self, harness: Harness) -> None:
        names = [f"n{number}" for number in range(400)]
        harness.publish(*names)
        got: list[list[str]] = [[], [], []]

        def work(place: int) -> None:
            peer = harness.another()
            owner = f"thread{place}"
            peer.run(present(peer.transport.lease).acquire(f"worker/{owner}", owner, 60.0))
            while claim := peer.run(present(peer.transport.broker).claim(owner, [Queue("celery")], 7)).deliveries:
                got[place].extend(envelope.decode(delivery.raw).headers["id"] for delivery in claim)

        threads = [threading.Thread(target=work, args=(place,)) for place in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60.0)
        assert sorted(itertools.chain(*got)) == sorted(names)

    def test_claiming_without_a_lease_is_refused(self, harness: Harness) -> None:
        harness.publish("a")
        with pytest.raises(LeaseLost):
            harness.claim("nobody")
        harness.expect_ready(1)

    def test_claiming_with_a_lease_that_ran_out_is_refused(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        harness.outlive(owner)
        with pytest.raises(LeaseLost):
            harness.claim(owner)
        harness.expect_ready(1)

    def test_no_tag_is_ever_used_twice(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        first = harness.take(owner)
        harness.settle(owner, first, Action.REQUEUE)
        second = harness.take(owner)
        assert first.tag != second.tag
        assert not harness.settle(owner, first)
        assert harness.settle(owner, second)

    def test_a_published_message_with_a_due_time_is_held_until_then(self, harness: Harness) -> None:
        soon, later = harness.now() + harness.tick, harness.now() + LATER
        harness.run(harness.broker.publish([post("later", due=later), post("now")]))
        owner = harness.worker()
        if not harness.holds_published:
            assert sorted(ids(harness.claim(owner))) == ["later", "now"]
            return
        claim = harness.claim(owner)
        assert ids(claim) == ["now"]
        harness.expect_next_due(claim, later)
        harness.run(harness.broker.publish([post("soon", due=soon)]))
        harness.until(soon)
        assert ids(harness.claim(owner)) == ["soon"]

    def test_counting_names_every_queue_asked_for(self, harness: Harness) -> None:
        harness.publish("a", "b", queue="first")
        harness.expect_ready(2, "first")
        assert harness.run(harness.broker.count(["first", "empty"])) == {"first": 2, "empty": 0}

    def test_purging_drops_ready_messages_of_these_queues_only(self, harness: Harness) -> None:
        harness.publish("a", "b", queue="first")
        harness.publish("c", priority=harness.urgent, queue="first")
        harness.publish("d", queue="second")
        assert harness.run(harness.broker.purge(["first"])) == 3
        harness.expect_ready(0, "first")
        harness.expect_ready(1, "second")

    def test_purging_drops_delayed_messages_too(self, harness: Harness) -> None:
        owner, due = harness.worker(), 0.0

        def purged() -> int:
            nonlocal due
            harness.publish("a")
            due = harness.now() + (1 if harness.purges_delayed else 8) * harness.tick  # else it must not be due so soon
            harness.settle(owner, harness.take(owner), Action.DEFER, due=due)
            return harness.run(harness.broker.purge(["celery"]))

        if harness.purges_delayed:
            assert purged() == 1
        else:  # it may be due before, if this very process stands still for a while
            assert any(purged() == 0 for _ in range(20))
        harness.until(due)
        if harness.purges_delayed:
            assert harness.claim(owner).deliveries == ()
        else:
            assert harness.claim_ids(owner, 1) == ["a"]

    def test_purging_leaves_claimed_messages_to_their_owner(self, harness: Harness) -> None:
        harness.publish("a")
        owner = harness.worker()
        delivery = harness.take(owner)
        assert harness.run(harness.broker.purge(["celery"])) == 0
        assert harness.settle(owner, delivery)
