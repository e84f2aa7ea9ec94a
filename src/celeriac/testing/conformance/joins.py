"""How joins count: every member once, complete exactly when all are there, and one owner fires what follows."""

from typing import Any

import pytest

from celeriac.core.delivery import Action, Settlement
from celeriac.core.join import Count, Counted, OpenJoin, Part, Sequel
from celeriac.core.ports.joins import FIRING_SECONDS
from celeriac.core.record import Record

from .harness import Harness, ids, post


def payload(task: str, value: int = 1) -> bytes:
    return f'[1,"{task}","SUCCESS",{value}]'.encode()


def bring(harness: Harness, task: str, index: int | None, owner: str = "", **more: Any) -> Counted:
    """Count the part of this task in join `g`."""
    part = Part("g", task, index, payload(task), owner or f"owner of {task}", **more)
    return harness.run(harness.joins.part(part))


def open_join(harness: Harness, size: int, ttl: float | None = None, group: str = "g") -> None:
    harness.run(harness.joins.open([OpenJoin(group, size, ttl)]))


class JoinsContract:
    def test_the_last_part_brings_all_parts_in_their_order(self, harness: Harness) -> None:
        open_join(harness, 3)
        assert bring(harness, "c", 2) == Counted(Count.OPEN)
        assert bring(harness, "a", 0) == Counted(Count.OPEN)
        counted = bring(harness, "b", 1)
        assert counted == Counted(Count.COMPLETE, (payload("a"), payload("b"), payload("c")))

    def test_a_part_that_comes_again_changes_nothing(self, harness: Harness) -> None:
        open_join(harness, 2)
        assert bring(harness, "a", 0).state is Count.OPEN
        other = Part("g", "a", 0, payload("a", 2), "another attempt")
        assert harness.run(harness.joins.part(other)).state is Count.OPEN
        assert bring(harness, "b", 1).parts == (payload("a"), payload("b"))

    def test_parts_without_a_place_come_last(self, harness: Harness) -> None:
        open_join(harness, 2)
        bring(harness, "a", None)
        assert bring(harness, "b", 0).parts == (payload("b"), payload("a"))

    def test_a_join_of_one_is_complete_at_once(self, harness: Harness) -> None:
        open_join(harness, 1)
        assert bring(harness, "a", 0).state is Count.COMPLETE

    def test_only_one_owner_fires_until_it_is_taken_for_dead(self, harness: Harness) -> None:
        open_join(harness, 1)
        assert bring(harness, "a", 0, "first").state is Count.COMPLETE
        assert bring(harness, "a", 0, "second") == Counted(Count.TAKEN)
        assert bring(harness, "a", 0, "first").state is Count.COMPLETE
        assert harness.run(harness.joins.hold("g", "first"))
        assert not harness.run(harness.joins.hold("g", "second"))
        assert not harness.run(harness.joins.close("g", "second"))

    def test_a_closed_join_is_over_for_every_late_part(self, harness: Harness) -> None:
        open_join(harness, 1)
        bring(harness, "a", 0, "first")
        assert harness.run(harness.joins.close("g", "first"))
        assert not harness.run(harness.joins.close("g", "first"))
        assert not harness.run(harness.joins.hold("g", "first"))
        assert bring(harness, "a", 0, "second") == Counted(Count.OVER)
        assert bring(harness, "b", 1) == Counted(Count.OVER)

    def test_opening_twice_is_opening_once(self, harness: Harness) -> None:
        open_join(harness, 2)
        bring(harness, "a", 0)
        open_join(harness, 2)
        assert bring(harness, "b", 1).state is Count.COMPLETE

    def test_a_part_may_say_that_more_are_to_come_and_is_heard_once(self, harness: Harness) -> None:
        open_join(harness, 1)
        assert bring(harness, "a", 0, more=1).state is Count.OPEN
        assert bring(harness, "a", 0, more=1).state is Count.OPEN
        assert bring(harness, "added", 0).state is Count.COMPLETE

    def test_a_join_can_grow(self, harness: Harness) -> None:
        open_join(harness, 1)
        harness.run(harness.joins.grow([OpenJoin("g", 2)]))
        assert [bring(harness, task, 0).state for task in "abc"] == [Count.OPEN, Count.OPEN, Count.COMPLETE]

    def test_nothing_grows_that_is_over(self, harness: Harness) -> None:
        harness.run(harness.joins.grow([OpenJoin("g", 2)]))
        assert bring(harness, "a", 0) == Counted(Count.OVER)

    def test_parts_of_old_clients_may_come_before_the_size_is_told(self, harness: Harness) -> None:
        assert bring(harness, "a", 0, declared=False).state is Count.OPEN
        open_join(harness, 2)
        counted = bring(harness, "b", 1, declared=False)
        assert counted == Counted(Count.COMPLETE, (payload("a"), payload("b")), foreign=True)

    def test_late_parts_of_others_find_for_a_while_that_it_is_over(self, harness: Harness) -> None:
        open_join(harness, 1)
        bring(harness, "a", 0, "first", declared=False)
        assert harness.run(harness.joins.close("g", "first", foreign=True))
        assert bring(harness, "a", 0, declared=False) == Counted(Count.OVER)

    def test_a_join_that_is_over_can_be_opened_anew(self, harness: Harness) -> None:
        open_join(harness, 1)
        bring(harness, "a", 0, "first")
        harness.run(harness.joins.close("g", "first", foreign=True))
        open_join(harness, 1)
        assert bring(harness, "a", 0, "second").state is Count.COMPLETE

    def test_a_join_whose_parts_stop_coming_is_forgotten(self, harness: Harness) -> None:
        open_join(harness, 2, ttl=harness.tick)
        bring(harness, "a", 0, ttl=harness.tick)
        harness.pass_time(3 * harness.tick)
        assert bring(harness, "b", 1) == Counted(Count.OVER)

    def test_a_part_renews_what_the_join_has_left(self, harness: Harness) -> None:
        def brought() -> bool:
            """The join may be forgotten before, if this very process stands still for a while."""
            open_join(harness, 2, ttl=2 * harness.tick)
            return bring(harness, "a", 0, ttl=60.0).state is not Count.OVER

        assert any(brought() for _ in range(20))
        harness.pass_time(4 * harness.tick)
        assert bring(harness, "b", 1, ttl=60.0).state is Count.COMPLETE

    def test_joins_do_not_mix(self, harness: Harness) -> None:
        harness.run(harness.joins.open([OpenJoin("g", 2), OpenJoin("h", 1)]))
        bring(harness, "a", 0)
        counted = harness.run(harness.joins.part(Part("h", "a", 0, payload("a"), "owner")))
        assert counted.state is Count.COMPLETE
        assert harness.run(harness.joins.close("h", "owner"))
        assert bring(harness, "b", 1).parts == (payload("a"), payload("b"))

    def test_two_hundred_parts_are_all_there_in_order(self, harness: Harness) -> None:
        open_join(harness, 200)
        counted = [bring(harness, f"n{number}", number) for number in reversed(range(200))]
        assert {found.state for found in counted[:-1]} == {Count.OPEN}
        assert counted[-1].parts == tuple(payload(f"n{number}") for number in range(200))


class SequelsContract:
    """Where broker and results are one server: what follows a join takes effect with the settlement, once."""

    def test_what_follows_happens_with_the_settlement_and_the_join_is_over(self, harness: Harness) -> None:
        open_join(harness, 1)
        owner = harness.worker()
        harness.publish("a")
        delivery = harness.take(owner)
        assert bring(harness, "a", 0, "me").state is Count.COMPLETE
        record = Record("body", "FAILURE", b'{"status": "FAILURE"}')
        sequel = Sequel((post("body"),), (record,), (OpenJoin("inner", 1),), group="g", owner="me")
        assert harness.settle(owner, delivery, sequels=(sequel,))
        assert ids(harness.claim(owner)) == ["body"]
        assert harness.run(harness.results.fetch(["body"])) == (record.payload,)
        assert bring(harness, "a", 0) == Counted(Count.OVER)
        inner = harness.run(harness.joins.part(Part("inner", "b", 0, payload("b"), "me")))
        assert inner.state is Count.COMPLETE

    @pytest.mark.parametrize("together", [True, False])
    def test_two_last_parts_fire_once(self, harness: Harness, together: bool) -> None:
        open_join(harness, 1)
        owner = harness.worker()
        harness.publish("a", "b")
        deliveries = harness.claim(owner).deliveries
        batch = [
            Settlement(
                delivery,
                Action.ACK,
                posts=(post(f"own of {number}"),),
                sequels=(Sequel((post("body"),), (Record("body", "FAILURE", b"{}"),), group="g", owner=str(number)),),
            )
            for number, delivery in enumerate(deliveries)
        ]
        batches = [batch] if together else [[settlement] for settlement in batch]
        for some in batches:
            assert all(harness.run(harness.broker.settle(owner, some)))
        assert sorted(ids(harness.claim(owner))) == ["body", "own of 0", "own of 1"]

    def test_another_owner_that_is_about_to_fire_is_let_do_it(self, harness: Harness) -> None:
        open_join(harness, 1)
        owner = harness.worker()
        harness.publish("a")
        bring(harness, "a", 0, "another")
        assert harness.settle(owner, harness.take(owner), sequels=(Sequel((post("body"),), group="g", owner="me"),))
        assert harness.count() == 0
        assert bring(harness, "a", 0, "another").state is Count.COMPLETE

    def test_a_lost_claim_closes_nothing(self, harness: Harness) -> None:
        open_join(harness, 1)
        owner = harness.worker()
        harness.publish("a")
        delivery = harness.take(owner)
        assert harness.settle(owner, delivery)
        bring(harness, "a", 0, "me")
        sequel = Sequel((post("body"),), group="g", owner="me")
        assert not harness.settle(owner, delivery, sequels=(sequel,))
        assert harness.count() == 0
        assert harness.run(harness.joins.hold("g", "me"))

    def test_without_a_join_it_happens_always(self, harness: Harness) -> None:
        open_join(harness, 1)
        owner = harness.worker()
        harness.publish("a")
        record = Record("later", "FAILURE", b'{"status": "FAILURE"}')
        sequel = Sequel((post("next"),), (record,), (OpenJoin("h", 1),), (OpenJoin("g", 1),))
        assert harness.settle(owner, harness.take(owner), sequels=(sequel,))
        assert ids(harness.claim(owner)) == ["next"]
        assert harness.run(harness.results.fetch(["later"])) == (record.payload,)
        assert harness.run(harness.joins.hold("h", "me"))
        assert bring(harness, "a", 0).state is Count.OPEN

    def test_several_joins_may_be_closed_by_one_settlement(self, harness: Harness) -> None:
        harness.run(harness.joins.open([OpenJoin("g", 1), OpenJoin("h", 1)]))
        owner = harness.worker()
        harness.publish("a")
        sequels = [Sequel((post(name),), group=name, owner="me") for name in ("g", "nothing", "h")]
        assert harness.settle(owner, harness.take(owner), sequels=tuple(sequels))
        assert ids(harness.claim(owner)) == ["g", "h"]


class PatientJoinsContract:
    """Where the clock is moved by hand: what takes too long to wait for."""

    def test_the_firing_of_a_dead_owner_passes_to_the_next(self, harness: Harness) -> None:
        open_join(harness, 1)
        assert bring(harness, "a", 0, "dead").state is Count.COMPLETE
        harness.pass_time(FIRING_SECONDS + 1.0)
        assert bring(harness, "a", 0, "next").state is Count.COMPLETE
        assert not harness.run(harness.joins.close("g", "dead"))
        assert harness.run(harness.joins.close("g", "next"))

    def test_holding_renews_the_firing(self, harness: Harness) -> None:
        open_join(harness, 1)
        bring(harness, "a", 0, "first")
        harness.pass_time(FIRING_SECONDS - 1.0)
        assert harness.run(harness.joins.hold("g", "first"))
        harness.pass_time(FIRING_SECONDS - 1.0)
        assert bring(harness, "a", 0, "second") == Counted(Count.TAKEN)
