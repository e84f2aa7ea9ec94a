"""Counting a part: what follows a complete join, and what happens when it can't be counted."""

import itertools
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.canvas.counting import Counter, Member
from celeriac.canvas.follow_up import FollowUp
from celeriac.core.clock import ManualClock
from celeriac.core.errors import ChordError, EncodeError
from celeriac.core.flow import Flow
from celeriac.core.join import DECLARED, Count, OpenJoin, Part
from celeriac.current import Context
from celeriac.execution import Unfinished
from celeriac.wire import parts, protocol2, results

_numbers = itertools.count()
BODY: dict[str, Any] = {
    "task": "body", "args": [], "kwargs": {}, "options": {"task_id": "the body"}, "subtask_type": None,
    "immutable": False, DECLARED: 2,
}  # fmt: skip


@pytest.fixture
def app() -> Iterator[Celeriac]:
    url = f"memory://counting{next(_numbers)}"
    with Celeriac("counting", broker=url, backend=url, set_as_current=False) as app:
        open_join(app, "g", 2)
        yield app


def run(app: Celeriac, flow: Flow[Any]) -> Any:
    return app.transports.write.link().run(flow, 5)


def open_join(app: Celeriac, group: str, size: int) -> None:
    run(app, app.transports.write.joins.open([OpenJoin(group, size)]))


def bring(app: Celeriac, task_id: str, index: int, state: str = "SUCCESS", value: Any = 1) -> Count:
    """A part counted by somebody else."""
    part = Part("g", task_id, index, parts.encode(task_id, state, value), "somebody else")
    counted: Count = run(app, app.transports.write.joins.part(part)).state
    return counted


def request(**fields: Any) -> Context:
    given = {"id": "me", "task": "t", "group": "g", "group_index": 1, "chord": BODY, "root_id": "root", "hostname": "h"}
    return Context({**given, **fields})


def test_a_part_that_others_are_to_follow_sets_nothing_in_motion(app: Celeriac) -> None:
    followed = FollowUp(app)(request(), "SUCCESS", 5)
    assert (list(followed.posts), list(followed.sequels)) == ([], [])


def test_the_last_part_sends_the_body_with_all_results(app: Celeriac) -> None:
    bring(app, "other", 0, value=4)
    (sequel,) = FollowUp(app)(request(), "SUCCESS", 5).sequels
    (post,) = sequel.posts
    sent = protocol2.parse(post.message)
    assert (sent.headers.task, sent.headers.id, sent.args) == ("body", "the body", [[4, 5]])
    assert (sent.headers.root_id, sent.headers.parent_id) == ("root", "me")
    assert (sequel.group, sequel.owner, sequel.records) == ("g", "me", ())


def test_a_failed_part_fails_the_body_and_calls_its_errbacks(app: Celeriac) -> None:
    bring(app, "other", 0, value=4)
    body = {**BODY, "options": {"task_id": "the body", "link_error": [{"task": "errback", "args": [], "kwargs": {}}]}}
    (sequel,) = FollowUp(app)(request(chord=body), "FAILURE", ValueError("no")).sequels
    (post,), (record,) = sequel.posts, sequel.records
    sent = protocol2.parse(post.message)
    assert (sent.headers.task, sent.args) == ("errback", ["the body"])
    assert (record.id, record.state) == ("the body", "FAILURE")
    error = results.decode(record.payload)["result"]
    assert isinstance(error, ChordError)
    assert str(error) == "Dependency me raised ValueError('no')"


def test_a_failed_body_counts_in_the_chord_that_it_is_a_part_of(app: Celeriac) -> None:
    open_join(app, "outer", 1)
    outer = {**BODY, "options": {"task_id": "the outer body"}}
    place = {"group_id": "outer", "group_index": 0, "chord": outer}
    body = {**BODY, "options": {"task_id": "the body", **place}}
    bring(app, "other", 0, "REVOKED", ValueError("was revoked"))
    sequels = FollowUp(app)(request(chord=body), "SUCCESS", 5).sequels
    assert [(sequel.group, sequel.records[0].id) for sequel in sequels] == [
        ("g", "the body"),
        ("outer", "the outer body"),
    ]


def test_a_chain_that_will_not_go_on_counts_with_its_last_task(app: Celeriac) -> None:
    bring(app, "other", 0)
    last = {"task": "last", "options": {"task_id": "the last", "group_id": "g", "group_index": 1, "chord": BODY}}
    between = {"task": "between", "options": {"task_id": "between", "ignore_result": True}}
    ended = request(group=None, group_index=None, chord=None, chain=[last, between])
    followed = FollowUp(app)(ended, "FAILURE", ValueError("no"))
    (unreached, sequel) = followed.sequels
    assert [record.id for record in unreached.records] == ["the last"]
    assert "Dependency the last raised" in str(results.decode(sequel.records[0].payload)["result"])


def test_a_part_that_cannot_be_read_fails_the_body(app: Celeriac) -> None:
    run(app, app.transports.write.joins.part(Part("g", "other", 0, b"[", "somebody else")))
    (sequel,) = FollowUp(app)(request(), "SUCCESS", 5).sequels
    assert "A part can't be read" in str(results.decode(sequel.records[0].payload)["result"])


def test_a_body_that_cannot_be_sent_fails(app: Celeriac) -> None:
    bring(app, "other", 0)
    body = {**BODY, "options": {"task_id": "the body", "queue": {"no": "queue"}}}
    (sequel,) = FollowUp(app)(request(chord=body), "SUCCESS", 5).sequels
    assert str(results.decode(sequel.records[0].payload)["result"]).startswith("Callback error: ")


def test_a_result_that_cannot_be_written_is_not_counted(app: Celeriac) -> None:
    with pytest.raises(EncodeError):
        FollowUp(app)(request(), "SUCCESS", object())
    bring(app, "other", 0)
    assert bring(app, "me", 1) is Count.COMPLETE


def test_a_late_part_sets_nothing_in_motion(app: Celeriac) -> None:
    assert list(FollowUp(app)(request(group="over"), "SUCCESS", 5).sequels) == []


class Patience:
    """A counter whose pauses take no time; the join it counts in is another's to fire."""

    def __init__(self, app: Celeriac) -> None:
        bring(app, "other", 0)
        assert bring(app, "another", 1) is Count.COMPLETE
        self.clock = ManualClock()
        self.counter = Counter(app, self.clock, self.clock.advance)
        self.began = self.clock.monotonic()

    def count(self, last_chance: bool) -> Count:
        return self.counter.count(Member("g", "me", 2, BODY), "SUCCESS", 1, last_chance)[0].state

    @property
    def passed(self) -> float:
        return self.clock.monotonic() - self.began


def test_a_part_that_cannot_be_counted_for_a_minute_is_to_be_repeated(app: Celeriac) -> None:
    patience = Patience(app)
    with pytest.raises(Unfinished, match="could not be counted as a part of chord g: another worker"):
        patience.count(last_chance=False)
    assert 55 < patience.passed <= 60


def test_the_only_run_of_a_task_tries_longer_and_then_says_what_is_lost(
    app: Celeriac, caplog: pytest.LogCaptureFixture
) -> None:
    patience = Patience(app)
    with caplog.at_level(logging.CRITICAL, "celeriac.canvas"):
        assert patience.count(last_chance=True) is Count.OPEN
    assert 595 < patience.passed <= 600
    assert "could not be counted as a part of chord g, whose body will not be called" in caplog.text
