"""What becomes of the claims of workers that died, and of workers that were only slow."""

import threading

import pytest

from celeriac.core.delivery import Action
from celeriac.core.errors import LeaseLost
from celeriac.core.record import Record
from celeriac.wire import envelope

from .harness import Harness, ids, post, present


class RecoveryContract:
    def test_the_claims_of_a_dead_owner_come_back(self, harness: Harness) -> None:
        harness.publish("a", "b")
        dead = harness.worker()
        harness.claim(dead)
        harness.outlive(dead)
        assert harness.run(harness.broker.recover(envelope.redelivered)) == 2
        assert sorted(harness.claim_ids(harness.worker(), 2)) == ["a", "b"]

    def test_the_claims_of_living_owners_stay_theirs(self, harness: Harness) -> None:
        harness.publish("a", "b")
        living, dead = harness.worker(), harness.worker()
        kept = harness.take(living)
        harness.take(dead)
        harness.outlive(dead)
        assert harness.run(harness.broker.recover(envelope.redelivered)) == 1
        assert harness.claim_ids(harness.worker(), 1) == ["b"]
        assert harness.settle(living, kept)

    def test_the_claims_of_an_owner_who_released_its_lease_come_back(self, harness: Harness) -> None:
        harness.publish("a")
        gone = harness.worker()
        harness.take(gone)
        assert harness.run(harness.lease.release(f"worker/{gone}", gone))
        # A link that ends its own lease puts the claims back itself.
        recovered = harness.run(harness.broker.recover(envelope.redelivered))
        assert recovered == (0 if harness.leases_end_with_links else 1)
        assert harness.claim_ids(harness.worker(), 1) == ["a"]

    def test_a_recovered_message_says_so_and_counts(self, harness: Harness) -> None:
        harness.publish("a")
        for expected in (1, 2):
            dead = harness.worker()
            harness.take(dead)
            harness.outlive(dead)
            harness.run(harness.broker.recover(envelope.redelivered))
            owner = harness.worker()
            head = envelope.peek(harness.take(owner).raw)
            assert (head.redelivered, head.deliveries) == (True, expected)
            harness.run(harness.lease.release(f"worker/{owner}", owner))
            harness.run(harness.broker.recover(lambda raw: raw))

    def test_a_recovered_message_is_served_next(self, harness: Harness) -> None:
        harness.publish("a")
        dead = harness.worker()
        harness.take(dead)
        harness.publish("b")
        harness.outlive(dead)
        harness.run(harness.broker.recover(envelope.redelivered))
        expected = ["a", "b"] if harness.recovers_in_place else ["b", "a"]
        assert harness.claim_ids(harness.worker(), 2) == expected

    def test_recovering_again_finds_nothing(self, harness: Harness) -> None:
        harness.publish("a")
        dead = harness.worker()
        harness.take(dead)
        harness.outlive(dead)
        assert harness.run(harness.broker.recover(envelope.redelivered)) == 1
        assert harness.run(harness.broker.recover(envelope.redelivered)) == 0
        harness.expect_ready(1)

    def test_many_recoverers_at_once_bring_each_message_back_once(self, harness: Harness) -> None:
        harness.publish(*(f"n{number}" for number in range(200)))
        dead = harness.worker()
        harness.claim(dead, 200)
        harness.outlive(dead)
        found = [0, 0, 0]
        # A lease that ends with its link can be found to have run out by that link only.
        peers = [harness.peer if harness.leases_end_with_links else harness.another() for _ in found]

        def recover(place: int) -> None:
            peer = peers[place]
            found[place] = peer.run(present(peer.transport.broker).recover(envelope.redelivered))

        threads = [threading.Thread(target=recover, args=(place,)) for place in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60.0)
        assert sum(found) == 200
        harness.expect_ready(200)

    def test_a_late_settlement_after_recovery_does_nothing_at_all(self, harness: Harness) -> None:
        harness.publish("a")
        late = harness.worker()
        lost = harness.take(late)
        harness.outlive(late)
        harness.run(harness.broker.recover(envelope.redelivered))
        owner = harness.worker()
        mine = harness.take(owner)
        record = Record("a", "FAILURE", b'{"status": "FAILURE"}')
        assert not harness.settle(late, lost, record=record, posts=(post("b"),))
        assert not harness.settle(late, lost, Action.DEAD, reason="too late")
        harness.expect_stored({"a": None})
        assert harness.run(harness.dead.letters()) == ()
        harness.expect_ready(0)
        assert harness.settle(owner, mine)

    def test_a_swept_owner_can_neither_renew_nor_claim(self, harness: Harness) -> None:
        harness.publish("a")
        late = harness.worker()
        harness.take(late)
        harness.outlive(late)
        harness.run(harness.broker.recover(envelope.redelivered))
        assert not harness.run(harness.lease.renew(f"worker/{late}", late, 60.0))
        with pytest.raises(LeaseLost):
            harness.claim(late)

    def test_an_owner_learns_what_it_holds_though_it_never_heard(self, harness: Harness) -> None:
        harness.publish("a", "b", "c")
        owner, other = harness.worker(), harness.worker()
        mine = [harness.take(owner), harness.take(owner)]
        harness.take(other)
        assert list(harness.run(harness.broker.held(owner))) == mine
        assert harness.settle(owner, mine[0])
        assert list(harness.run(harness.broker.held(owner))) == mine[1:]
        assert harness.run(harness.broker.held("nobody")) == ()

    def test_a_slow_owner_that_renews_before_the_sweep_keeps_its_claims(self, harness: Harness) -> None:
        harness.publish("a", "b")
        slow = harness.worker()
        delivery = harness.take(slow)
        harness.outlive(slow)
        assert harness.run(harness.lease.renew(f"worker/{slow}", slow, 60.0))
        assert harness.run(harness.broker.recover(envelope.redelivered)) == 0
        assert harness.settle(slow, delivery)
        assert ids(harness.claim(slow)) == ["b"]
