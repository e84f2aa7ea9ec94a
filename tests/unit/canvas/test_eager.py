"""Workflows run here and now."""

from typing import Any

import pytest

from celeriac import Celeriac, chain, chord, group


def test_a_chain_raises_where_it_fails_unless_that_is_its_end(add: Any, fail: Any) -> None:
    with pytest.raises(ValueError, match="no"):
        chain(add.s(1, 1), fail.s(), add.s(1)).apply()
    last = chain(add.s(1, 1), fail.s()).apply()
    assert (last.state, last.parent.get()) == ("FAILURE", 2)


def test_a_chord_with_a_failed_header_does_not_call_its_body(app: Celeriac, add: Any, fail: Any) -> None:
    called = []

    @app.task(name="body")
    def body(numbers: Any) -> None:
        called.append(numbers)

    with pytest.raises(ValueError, match="no"):
        chord([add.s(1, 1), fail.s()], body.s()).apply()
    assert called == []


def test_the_results_have_their_parents(add: Any, total: Any) -> None:
    result = (add.s(1, 1) | group(add.s(1), add.s(2)) | total.s()).apply()
    assert (result.get(), result.parent.get(), result.parent.parent.get()) == (7, [3, 4], 2)


def test_always_eager_runs_workflows_where_they_are_sent(app: Celeriac, add: Any, total: Any, worker: Any) -> None:
    app.conf.task_always_eager = True
    assert (add.s(1, 1) | group(add.s(1), add.s(2)) | total.s()).delay().get() == 7
    assert add.chunks([(1, 2), (3, 4)], 1).delay().get() == [[3], [7]]
    assert worker.step() == 0


def test_maps_and_chunks_call_the_task_for_each(app: Celeriac, add: Any, total: Any, worker: Any) -> None:
    @app.task(name="later")
    async def later(x: int) -> int:
        return x + 1

    assert later.map([1, 2]).apply().get() == [2, 3]
    results = [
        total.map([[1], [2, 3]]).delay(),
        add.starmap([(1, 2)]).delay(),
        add.chunks([(1, 1), (2, 2), (3, 3)], 2)(),
    ]
    worker.work()
    assert [result.get(timeout=5) for result in results] == [[1, 5], [3], [[2, 4], [6]]]


def test_chunks_in_a_chain_are_sent_by_a_task_of_their_own(app: Celeriac, add: Any, worker: Any) -> None:
    result = chain(add.si(1, 1), add.chunks([(1, 1), (2, 2)], 1)).apply_async()
    worker.work()
    assert len(app.GroupResult(results=[]).results) == 0
    assert result.successful()
    (child,) = result.children
    assert child.get(timeout=5) == [[2], [4]]


def test_a_chain_is_no_task_of_its_own(app: Celeriac) -> None:
    with pytest.raises(NotImplementedError, match="not a real task"):
        app.tasks["celery.chain"]()


def test_old_clients_may_send_groups_and_chords_as_tasks(app: Celeriac, add: Any, total: Any, worker: Any) -> None:
    members = [dict(add.s(1)), dict(add.s(2))]
    asked = app.send_task("celery.group", (members, None, "gid", (5,)))
    chorded = app.send_task("celery.chord", kwargs={"header": members, "body": dict(total.s()), "partial_args": [5]})
    worker.work()
    (id, _), nodes = asked.get(timeout=5)
    assert id == "gid"
    assert [app.AsyncResult(node[0][0]).get(timeout=5) for node in nodes] == [6, 7]
    assert app.AsyncResult(chorded.get(timeout=5)[0][0]).get(timeout=5) == 13
