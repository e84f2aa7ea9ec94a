"""What a lease promises: one holder at a time, an end, and a higher term for every new holder."""

import threading

from .harness import Harness, present


class LeaseContract:
    def test_only_one_holds_a_lease(self, harness: Harness) -> None:
        assert harness.run(harness.lease.acquire("beat", "me", 60.0)) is not None
        assert harness.run(harness.lease.acquire("beat", "you", 60.0)) is None
        assert harness.run(harness.lease.holder("beat")) == "me"

    def test_a_free_lease_has_no_holder(self, harness: Harness) -> None:
        assert harness.run(harness.lease.holder("beat")) is None

    def test_leases_of_different_names_are_independent(self, harness: Harness) -> None:
        assert harness.run(harness.lease.acquire("one", "me", 60.0)) is not None
        assert harness.run(harness.lease.acquire("two", "you", 60.0)) is not None

    def test_the_holder_may_acquire_again(self, harness: Harness) -> None:
        assert harness.run(harness.lease.acquire("beat", "me", 60.0)) is not None
        assert harness.run(harness.lease.acquire("beat", "me", 60.0)) is not None

    def test_every_new_holder_gets_a_higher_term(self, harness: Harness) -> None:
        first = harness.run(harness.lease.acquire("beat", "me", 60.0))
        assert harness.run(harness.lease.release("beat", "me"))
        second = harness.run(harness.lease.acquire("beat", "you", harness.tick))
        harness.pass_time(2 * harness.tick)
        third = harness.run(harness.lease.acquire("beat", "me", 60.0))
        assert first is not None and second is not None and third is not None
        assert first < second < third

    def test_a_lease_that_ran_out_is_free(self, harness: Harness) -> None:
        harness.run(harness.lease.acquire("beat", "me", harness.tick))
        harness.pass_time(2 * harness.tick)
        assert harness.run(harness.lease.holder("beat")) is None
        assert harness.run(harness.lease.acquire("beat", "you", 60.0)) is not None
        assert not harness.run(harness.lease.renew("beat", "me", 60.0))

    def test_a_renewed_lease_does_not_run_out(self, harness: Harness) -> None:
        def renewed() -> bool:
            """It may run out before, if this very process stands still for a while."""
            assert harness.run(harness.lease.acquire("beat", "me", 2 * harness.tick)) is not None
            return harness.run(harness.lease.renew("beat", "me", 60.0))

        assert any(renewed() for _ in range(20))
        harness.pass_time(3 * harness.tick)
        assert harness.run(harness.lease.holder("beat")) == "me"

    def test_only_the_holder_renews_and_releases(self, harness: Harness) -> None:
        harness.run(harness.lease.acquire("beat", "me", 60.0))
        assert not harness.run(harness.lease.renew("beat", "you", 60.0))
        assert not harness.run(harness.lease.release("beat", "you"))
        assert harness.run(harness.lease.holder("beat")) == "me"

    def test_a_lease_nobody_holds_is_neither_renewed_nor_released(self, harness: Harness) -> None:
        assert not harness.run(harness.lease.renew("beat", "me", 60.0))
        assert not harness.run(harness.lease.release("beat", "me"))

    def test_a_released_lease_is_free_at_once(self, harness: Harness) -> None:
        harness.run(harness.lease.acquire("beat", "me", 60.0))
        assert harness.run(harness.lease.release("beat", "me"))
        assert harness.run(harness.lease.holder("beat")) is None
        assert harness.run(harness.lease.acquire("beat", "you", 60.0)) is not None

    def test_of_many_who_ask_at_once_one_gets_it(self, harness: Harness) -> None:
        terms: list[int | None] = [None] * 4

        def ask(place: int) -> None:
            peer = harness.another()
            terms[place] = peer.run(present(peer.transport.lease).acquire("beat", f"holder {place}", 60.0))

        threads = [threading.Thread(target=ask, args=(place,)) for place in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60.0)
        assert len([term for term in terms if term is not None]) == 1
