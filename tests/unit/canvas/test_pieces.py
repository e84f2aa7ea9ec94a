"""Long chains: few links travel, the others lie in the result store, and nobody can tell by what comes of them."""

import itertools
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from celeriac import Celeriac, chain, chord, group
from celeriac.canvas.launching import planned
from celeriac.canvas.pieces import MARKER, Piece, ids_of, is_marker, shortened
from celeriac.core.message import Queue
from celeriac.wire import envelope

from .trees import workflows, worth


@pytest.fixture(autouse=True)
def short(app: Celeriac) -> None:
    app.conf.task_chain_inline = 3


def left(worker: Any) -> list[str]:
    """The pieces that are in the store."""
    return [id for kind, id in worker.transport.store.records if kind == "chain"]


def read_back(links: Any, pieces: list[Piece]) -> list[Any]:
    """The links in the order of a message, as a worker comes to see them, one piece after the other."""
    kept = {piece.id: piece.links for piece in pieces}
    run = []
    links = list(links)
    while links:
        link = links.pop()
        if is_marker(link) and ids_of(link)[0] in kept:
            links.extend(kept.pop(ids_of(link)[0]))
        else:
            run.append(link)
    assert not kept
    return run[::-1]


@given(st.integers(0, 40), st.integers(0, 7), st.booleans())
def test_no_link_is_lost_and_none_comes_twice_however_a_chain_is_cut(size: int, limit: int, again: bool) -> None:
    numbers = itertools.count()
    links: Any = [{"task": f"t{number}", "kwargs": {}, "options": {"task_id": str(number)}} for number in range(size)]
    if again and size > 2:  # somebody has cut it before
        links, _ = shortened(links, 1, lambda: "before", None)
        assert is_marker(links[0])
    travelling, pieces = shortened(links, limit, lambda: f"id{next(numbers)}", None)
    assert len(travelling) <= limit + 1
    assert all(len(piece.links) <= max(limit, 1) + 1 for piece in pieces)
    assert read_back(travelling, pieces) == links


def test_short_chains_and_apps_that_want_it_keep_nothing(app: Celeriac, add: Any) -> None:
    assert planned(app, chain(*[add.s(1)] * 4), (), {}, {}).kept == ()
    app.conf.task_chain_inline = None
    (call,) = (flight := planned(app, chain(*[add.s(1)] * 400), (), {}, {})).calls
    assert (len(call.options["chain"]), flight.kept) == (399, ())


def test_without_a_result_store_every_link_travels(add: Any) -> None:
    with Celeriac("bare", broker="memory://no-results", backend="disabled://", set_as_current=False) as bare:
        bare.conf.task_chain_inline = 3
        flight = planned(bare, chain(*[add.s(1)] * 9), (), {}, {})
    assert (len(flight.calls[0].options["chain"]), flight.kept) == (8, ())


def test_arguments_that_only_a_serializer_of_their_own_can_write_travel(app: Celeriac, add: Any) -> None:
    link = add.s({1j}).set(serializer="pickle")
    flight = planned(app, chain(add.s(1), *[link] * 9), (), {}, {})
    assert (len(flight.calls[0].options["chain"]), flight.kept) == (9, ())


def test_a_long_chain_comes_to_what_it_should_with_the_ids_it_was_given(app: Celeriac, add: Any, worker: Any) -> None:
    result = chain(add.s(0), *[add.s(1)] * 40).apply_async()
    assert len(left(worker)) == 13  # 40 links: 3 travel, the others lie there by threes
    assert worker.work() == 41
    found, member = [], result
    while member is not None:
        found.append(member.get(timeout=5))
        member = member.parent
    assert found == list(range(40, -1, -1))
    assert left(worker) == []


def test_no_message_is_longer_than_the_links_that_may_travel(app: Celeriac, add: Any, worker: Any) -> None:
    chain(add.s(0), *[add.s(1)] * 40).apply_async()
    lengths = []
    while claimed := worker.link.run(worker.transport.broker.claim("one", [Queue("celery")], 1), 1).deliveries:
        message = envelope.decode(claimed[0].raw)
        lengths.append(len(json.loads(message.body)[2]["chain"] or ()))
        worker.run(claimed[0])
    assert len(lengths) == 41
    assert max(lengths) == 4
    assert lengths[-1] == 0


def bytes_of_a_chain(worker: Any, make: Any, links: int) -> int:
    """What all its messages and pieces are long."""
    make(links).apply_async()
    store = worker.transport.store
    total = sum(len(record.payload) for (kind, _), (record, _) in store.records.items() if kind == "chain")
    while claimed := worker.link.run(worker.transport.broker.claim("one", [Queue("celery")], 1), 1).deliveries:
        total += len(claimed[0].raw)
        worker.run(claimed[0])
    return int(total)


def test_the_bytes_of_a_chain_grow_with_its_length_not_with_the_square_of_it(
    app: Celeriac, add: Any, worker: Any
) -> None:
    def make(links: int) -> Any:
        return chain(add.s(0), *[add.s(1)] * links)

    app.conf.task_chain_inline = 10
    some, more, most = (bytes_of_a_chain(worker, make, links) for links in (100, 200, 400))
    assert (most - more) / (more - some) == pytest.approx(2, abs=0.1)
    app.conf.task_chain_inline = None
    some, more, most = (bytes_of_a_chain(worker, make, links) for links in (100, 200, 400))
    assert (most - more) / (more - some) > 3


unhurried = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@unhurried
@given(tree=workflows, inline=st.integers(0, 2))
def test_workflows_of_any_shape_come_to_what_they_should_and_leave_nothing(
    app: Celeriac, worker: Any, tree: Any, inline: int
) -> None:
    app.conf.task_chain_inline = inline
    result = tree.apply_async()
    worker.work()
    assert result.get(timeout=10) == worth(tree)
    assert left(worker) == []


@unhurried
@given(tree=workflows, inline=st.integers(0, 2), which=st.integers(0, 8))
def test_whoever_waits_for_a_workflow_that_fails_learns_the_same(
    app: Celeriac, worker: Any, tree: Any, inline: int, which: int
) -> None:
    """One of its tasks fails: every task ends as it does where all links travel."""
    ends = []
    for limit in (None, inline):
        app.conf.task_chain_inline = limit
        broken = tree.clone()
        spoil(broken, which)
        result = broken.apply_async()
        worker.work()
        ends.append([one.state for one in results(result)])
        assert left(worker) == []
    assert ends[0] == ends[1]


def spoil(tree: Any, which: int) -> None:
    """This one of its tasks fails, if there are so many."""
    marks = [one for one in tasks(tree) if one["task"] == "mark"]
    if which < len(marks):
        marks[which]["task"] = "fail"


def tasks(tree: Any) -> Iterator[Any]:
    if isinstance(tree, dict):
        if "subtask_type" in tree:
            yield tree
        for value in tree.values():
            yield from tasks(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from tasks(value)


def results(result: Any) -> Iterator[Any]:
    """The tasks that it is of, and all before them."""
    while result is not None:
        if hasattr(result, "results"):
            for one in result.results:
                yield from results(one)
        else:
            yield result
        result = result.parent


def test_a_chain_in_a_header_and_a_chain_as_body_are_cut_too(app: Celeriac, add: Any, worker: Any) -> None:
    header = [chain(add.s(0), *[add.s(1)] * 10), chain(add.s(1), *[add.s(1)] * 10)]
    result = chord(header, chain(app.tasks["total"].s(), *[add.s(1)] * 10)).apply_async()
    assert len(left(worker)) == 3 + 3 + 3
    worker.work()
    assert (result.get(timeout=5), left(worker)) == (31, [])


def test_what_takes_a_tasks_place_is_followed_by_the_rest_of_a_long_chain(
    app: Celeriac, add: Any, total: Any, worker: Any
) -> None:
    @app.task(name="spread", bind=True)
    def spread(self: Any, x: Any) -> Any:
        return self.replace(group(add.s(x, 1), add.s(x, 2)))

    @app.task(name="prolonged", bind=True)
    def prolonged(self: Any, x: Any) -> Any:
        return self.replace(chain(add.s(x), *[add.s(1)] * 10))

    for place in range(9):  # before, at and behind the end of what travels
        rest = [add.s(1)] * 8
        result = chain(add.s(1), *rest[place:], spread.s(), total.s(), *rest[:place], prolonged.s()).apply_async()
        worker.work()
        assert result.get(timeout=5) == 2 * (9 - place) + 3 + place + 10
        assert left(worker) == []


def test_a_failure_reaches_every_later_task_however_far_away(app: Celeriac, add: Any, fail: Any, worker: Any) -> None:
    result = chain(add.s(0), fail.s(), *[add.s(1)] * 30).apply_async()
    assert worker.work() == 2
    member, failed = result, 0
    while member.parent is not None:
        failed += member.failed() and isinstance(member.result, ValueError)
        member = member.parent
    assert (failed, member.state, left(worker)) == (31, "SUCCESS", [])


def test_when_the_links_are_gone_the_end_of_the_chain_fails_and_its_errbacks_are_called(
    app: Celeriac, add: Any, total: Any, worker: Any, caplog: pytest.LogCaptureFixture
) -> None:
    seen = []

    @app.task(name="errback")
    def errback(request: Any, exc: Any, traceback: Any) -> None:
        seen.append(request.id)

    result = chord([chain(add.s(0), *[add.s(1)] * 9), add.s(1, 1)], total.s()).on_error(errback.s()).apply_async()
    for id in left(worker):
        del worker.transport.store.records["chain", id]
    with caplog.at_level(logging.ERROR, "celeriac.canvas"):
        worker.work()
    end = result.parent.results[0]
    assert "links of this chain are not in the result store any more" in str(end.result)
    assert (end.state, end.parent.state, result.state) == ("FAILURE", "PENDING", "FAILURE")
    assert seen == [result.id]
    assert "what comes next can't be sent" in caplog.text


def test_links_that_nobody_can_read_end_the_chain(app: Celeriac, add: Any, worker: Any) -> None:
    result = chain(add.s(0), *[add.s(1)] * 9).apply_async()
    app.conf.accept_content = ["yaml"]
    store = worker.transport.store
    for key, (record, end) in list(store.records.items()):
        if key[0] == "chain":
            store.records[key] = (type(record)(record.id, record.state, b"application/x-dream utf-8\n..", "chain"), end)
    worker.work()
    assert "can't be read" in str(result.result)


def test_to_a_worker_that_does_not_know_of_pieces_the_marker_is_the_end_of_the_chain(app: Celeriac, add: Any) -> None:
    """It finds no task of that name, and stores that as the failure of the task that the client waits for."""
    flight = planned(app, chain(add.s(0), *[add.s(1)] * 9), (), {}, {})
    marker = flight.calls[0].options["chain"][0]
    assert (marker["task"], marker["immutable"], marker["subtask_type"]) == (MARKER, True, None)
    assert marker["options"]["task_id"] == flight.result.id
    assert MARKER not in app.tasks


def test_the_time_of_all_later_pieces_begins_anew_with_each(app: Celeriac, add: Any, worker: Any) -> None:
    app.conf.result_chord_expires = 1000.0
    chain(add.s(0), *[add.s(1)] * 12).apply_async()
    store = worker.transport.store
    before = {id: store.records["chain", id][1] for id in left(worker)}
    for _ in range(4):
        worker.step()
    after = {id: store.records["chain", id][1] for id in left(worker)}
    assert len(after) == len(before) - 1
    assert all(after[id] > before[id] for id in after)
