"""What a result store keeps, what it never overwrites, and when it forgets."""

from celeriac.core.record import Record
from celeriac.wire import results

from .harness import Harness


def record(id: str, state: str = "SUCCESS", value: str = "1", ttl: float | None = None, kind: str = "task") -> Record:
    """A record whose payload looks like a result document."""
    return Record(id, state, f'{{"status": "{state}", "result": {value}}}'.encode(), kind, ttl)


class ResultsContract:
    def test_fetching_answers_in_the_order_asked(self, harness: Harness) -> None:
        first, second = record("a"), record("b", value="2")
        harness.run(harness.results.store([first, second]))
        assert harness.run(harness.results.fetch(["b", "nothing", "a"])) == (second.payload, None, first.payload)

    def test_fetching_nothing_is_nothing(self, harness: Harness) -> None:
        assert tuple(harness.run(harness.results.fetch([]))) == ()
        harness.run(harness.results.store([]))

    def test_five_hundred_records_are_stored_and_fetched_at_once(self, harness: Harness) -> None:
        records = [record(f"n{number}", value=str(number)) for number in range(500)]
        harness.run(harness.results.store(records))
        stored = harness.run(harness.results.fetch([item.id for item in records]))
        assert stored == tuple(item.payload for item in records)

    def test_a_task_and_a_group_of_one_id_are_two_things(self, harness: Harness) -> None:
        harness.run(harness.results.store([record("a"), record("a", value="2", kind="group")]))
        assert harness.run(harness.results.fetch(["a"])) == (record("a").payload,)
        assert harness.run(harness.results.fetch(["a"], "group")) == (record("a", value="2").payload,)
        harness.run(harness.results.forget(["a"], "group"))
        assert harness.run(harness.results.fetch(["a"])) == (record("a").payload,)

    def test_a_later_state_replaces_an_earlier_one(self, harness: Harness) -> None:
        for state in ("STARTED", "FAILURE", "RETRY", "SUCCESS"):
            harness.run(harness.results.store([record("a", state)]))
            assert harness.run(harness.results.fetch(["a"])) == (record("a", state).payload,)

    def test_a_stored_success_is_never_overwritten(self, harness: Harness) -> None:
        harness.run(harness.results.store([record("a")]))
        for state in ("STARTED", "FAILURE", "REVOKED", "SUCCESS"):
            harness.run(harness.results.store([record("a", state, value="2")]))
            assert harness.run(harness.results.fetch(["a"])) == (record("a").payload,)

    def test_a_compressed_success_is_never_overwritten_either(self, harness: Harness) -> None:
        records = [
            Record("a", state, results.encode(results.Meta("a", state, "x" * 500), "json", "zlib"), ttl=60.0)
            for state in ("RETRY", "SUCCESS", "FAILURE")
        ]
        for stored, kept in zip(records, (records[0], records[1], records[1]), strict=True):
            harness.run(harness.results.store([stored]))
            assert harness.run(harness.results.fetch(["a"])) == (kept.payload,)
        harness.run(harness.results.forget(["a"]))
        harness.run(harness.results.store([records[2]]))
        assert harness.run(harness.results.fetch(["a"])) == (records[2].payload,)

    def test_a_forgotten_result_is_gone_and_may_be_stored_anew(self, harness: Harness) -> None:
        harness.run(harness.results.store([record("a"), record("b")]))
        harness.run(harness.results.forget(["a", "nothing"]))
        assert harness.run(harness.results.fetch(["a", "b"])) == (None, record("b").payload)
        harness.run(harness.results.store([record("a", "FAILURE")]))
        assert harness.run(harness.results.fetch(["a"])) == (record("a", "FAILURE").payload,)

    def test_a_result_that_outlived_its_ttl_is_not_there(self, harness: Harness) -> None:
        short, long = record("short", "STARTED", ttl=1000.0), record("long", ttl=1000.0)
        harness.run(harness.results.store([short, long, record("ever")]))
        assert harness.run(harness.results.fetch(["short"])) == (short.payload,)
        harness.run(harness.results.store([record("short", ttl=harness.tick)]))
        harness.pass_time(2 * harness.tick)
        assert harness.run(harness.results.fetch(["short", "long"])) == (None, long.payload)
        harness.run(harness.results.expire())
        assert harness.run(harness.results.fetch(["short", "long"])) == (None, long.payload)
        assert harness.run(harness.results.fetch(["ever"])) == (record("ever").payload,)

    def test_a_success_that_outlived_its_ttl_may_be_stored_anew(self, harness: Harness) -> None:
        harness.run(harness.results.store([record("a", ttl=harness.tick)]))
        harness.pass_time(2 * harness.tick)
        harness.run(harness.results.store([record("a", "FAILURE")]))
        assert harness.run(harness.results.fetch(["a"])) == (record("a", "FAILURE").payload,)

    def test_another_peer_reads_what_was_stored(self, harness: Harness) -> None:
        harness.run(harness.results.store([record("a")]))
        assert harness.another().run(harness.results.fetch(["a"])) == (record("a").payload,)
