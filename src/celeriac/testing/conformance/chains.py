"""Pieces of long chains: kept, read with the time of the later ones renewed, and dropped with a settlement."""

from celeriac.core.join import Sequel
from celeriac.core.ports import Chains
from celeriac.core.ports import chains as port
from celeriac.core.record import Record

from .harness import Harness, ids, post, present


def chains_of(harness: Harness) -> Chains:
    return present(port.chains_of(harness.peer.transport))


def piece(id: str, payload: bytes = b"links", ttl: float | None = 60.0) -> Record:
    return Record(id, "PENDING", payload, "chain", ttl)


def read(harness: Harness, id: str) -> bytes | None:
    return harness.run(chains_of(harness).read(id))


class ChainsContract:
    """For transports that offer `chains`."""

    def test_a_piece_is_read_as_often_as_somebody_wants(self, harness: Harness) -> None:
        harness.run(chains_of(harness).keep([piece("a.0", b"one"), piece("a.1", b'{"status": "SUCCESS"}', None)]))
        assert [read(harness, id) for id in ("a.0", "a.1", "a.0", "a.2")] == [
            b"one", b'{"status": "SUCCESS"}', b"one", None,
        ]  # fmt: skip

    def test_keeping_nothing_and_dropping_nothing_is_nothing(self, harness: Harness) -> None:
        harness.run(chains_of(harness).keep([]))
        harness.run(chains_of(harness).drop([]))
        harness.run(chains_of(harness).drop(["nowhere"]))

    def test_five_hundred_pieces_are_kept_and_dropped_at_once(self, harness: Harness) -> None:
        names = [f"n.{number}" for number in range(500)]
        harness.run(chains_of(harness).keep([piece(name, name.encode()) for name in names]))
        assert read(harness, "n.499") == b"n.499"
        harness.run(chains_of(harness).drop(names))
        assert {read(harness, name) for name in names[::50]} == {None}

    def test_a_piece_is_neither_a_task_nor_a_group(self, harness: Harness) -> None:
        harness.run(chains_of(harness).keep([piece("a")]))
        assert harness.run(harness.results.fetch(["a"])) == (None,)
        assert harness.run(harness.results.fetch(["a"], "group")) == (None,)
        harness.run(harness.results.store([Record("a", "SUCCESS", b'{"status": "SUCCESS"}')]))
        harness.run(chains_of(harness).drop(["a"]))
        assert harness.run(harness.results.fetch(["a"])) == (b'{"status": "SUCCESS"}',)

    def test_with_a_piece_that_is_read_the_time_of_the_later_ones_begins_anew(self, harness: Harness) -> None:
        harness.run(chains_of(harness).keep([piece("a.0"), piece("a.1")]))
        harness.run(chains_of(harness).read("a.0", ["a.1", "a.2"], harness.tick))
        harness.pass_time(2 * harness.tick)
        assert [read(harness, id) for id in ("a.0", "a.1", "a.2")] == [b"links", None, None]


class ChainsSettledContract:
    """Where broker and results are one server: pieces come and go with a settlement, or not at all."""

    def test_pieces_are_kept_and_dropped_with_a_settlement(self, harness: Harness) -> None:
        harness.run(chains_of(harness).keep([piece("a.0"), piece("a.1")]))
        owner = harness.worker()
        harness.publish("a")
        delivery = harness.take(owner)
        sequel = Sequel((post("next"),), (piece("b.0", b"new"),), drops=("a.0",))
        assert harness.settle(owner, delivery, sequels=(sequel,))
        assert ids(harness.claim(owner)) == ["next"]
        assert [read(harness, id) for id in ("a.0", "a.1", "b.0")] == [None, b"links", b"new"]

    def test_a_lost_claim_and_a_join_that_is_over_drop_nothing(self, harness: Harness) -> None:
        harness.run(chains_of(harness).keep([piece("a.0"), piece("a.1")]))
        owner = harness.worker()
        harness.publish("a", "b")
        first, second = harness.claim(owner).deliveries
        assert harness.settle(owner, first)
        assert not harness.settle(owner, first, sequels=(Sequel(drops=("a.0",)),))
        assert harness.settle(owner, second, sequels=(Sequel(drops=("a.1",), group="over", owner="me"),))
        assert [read(harness, id) for id in ("a.0", "a.1")] == [b"links", b"links"]
