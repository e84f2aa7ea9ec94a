"""What a worker knows to be revoked: by id, group, workflow and stamp, for a time, and not without bound."""

from celeriac.core import revocation
from celeriac.core.clock import ManualClock
from celeriac.wire.envelope import Head
from celeriac.worker.revoked import Revoked, meant


def make(most: int = 100, ttl: float = 60.0) -> tuple[Revoked, ManualClock]:
    clock = ManualClock()
    return Revoked(clock, ttl, most), clock


def test_nothing_is_revoked_at_first() -> None:
    revoked, _ = make()
    assert not revoked
    assert not revoked.hits(Head("t", "a"))


def test_a_task_is_hit_by_its_id() -> None:
    revoked, _ = make()
    revoked.add(revocation.of_tasks(["a", "b"]))
    assert revoked.hits(Head("t", "a"))
    assert not revoked.hits(Head("t", "c"))
    assert revoked.ids() == ["a", "b"]


def test_members_of_a_group_are_hit() -> None:
    revoked, _ = make()
    revoked.add([revocation.of_group("g")])
    assert revoked.hits(Head("t", "a", group="g"))
    assert not revoked.hits(Head("t", "a", group="h"))
    assert not revoked.hits(Head("t", "g"))


def test_a_workflow_is_hit_from_its_root_on() -> None:
    revoked, _ = make()
    revoked.add([revocation.of_root("r")])
    assert revoked.hits(Head("t", "r"))
    assert revoked.hits(Head("t", "child", root_id="r", parent_id="x"))
    assert not revoked.hits(Head("t", "child", root_id="s"))


def test_a_stamp_is_hit_by_any_of_its_values() -> None:
    revoked, _ = make()
    revoked.add(revocation.of_stamps({"user": ["1", "2"], "job": 7}))
    assert revoked.hits(Head("t", "a", stamped_headers=["user"], stamps={"user": "2"}))
    assert revoked.hits(Head("t", "a", stamped_headers=["user"], stamps={"user": ["9", "1"]}))
    assert revoked.hits(Head("t", "a", stamped_headers=["job"], stamps={"job": 7}))
    assert not revoked.hits(Head("t", "a", stamped_headers=["user"], stamps={"user": "3"}))
    assert not revoked.hits(Head("t", "a", stamped_headers=["other"], stamps={"other": "1"}))


def test_it_counts_for_its_time_only() -> None:
    revoked, clock = make(ttl=10.0)
    revoked.add(revocation.of_tasks(["short"]), 1.0)
    revoked.add(revocation.of_tasks(["long"]))
    clock.advance(5.0)
    assert not revoked.hits(Head("t", "short"))
    assert revoked.hits(Head("t", "long"))
    assert revoked.entries() == [("task:long", 5.0)]


def test_beyond_the_bound_the_oldest_are_forgotten() -> None:
    revoked, _ = make(most=2)
    revoked.add(revocation.of_tasks(["a", "b"]))
    revoked.add(revocation.of_tasks(["a", "c"]))
    assert revoked.ids() == ["a", "c"]


def test_the_first_entry_and_each_change_are_told() -> None:
    revoked, _ = make()
    told: list[str] = []
    revoked.on_first = lambda: told.append("first")
    revoked.on_change = lambda: told.append("change")
    revoked.add(["task:a"])
    revoked.add(["task:b"])
    assert told == ["first", "change", "change"]


def test_messages_that_are_meant_are_told_from_others() -> None:
    assert meant(["task:a"])(Head("t", "a"))
    assert not meant(["task:a"])(Head("t", "b", root_id="a"))
    assert meant(["root:a"])(Head("t", "b", root_id="a"))
