"""What follows a run: callbacks, chains, errbacks of both styles, and what becomes of tasks that are never reached."""

import json
from typing import Any

import pytest

from celeriac import Celeriac, chain, chord, group
from celeriac.canvas import following
from celeriac.core import states
from celeriac.core.errors import ChordError
from celeriac.core.message import Queue
from celeriac.current import Context
from celeriac.result import AsyncResult
from celeriac.wire import envelope


def failed_with(result: Any, kind: type[BaseException]) -> bool:
    return result.failed() and isinstance(result.result, kind)


def messages(worker: Any) -> list[Any]:
    broker = worker.transport.broker
    claimed = worker.link.run(broker.claim("one", [Queue("celery")], 100), 1).deliveries
    return [envelope.decode(delivery.raw) for delivery in claimed]


def test_a_callback_gets_the_result_and_is_the_tasks_child(add: Any, worker: Any) -> None:
    result = add.apply_async((1, 1), link=add.s(5))
    worker.work()
    (child,) = result.children
    assert (result.get(timeout=5), child.get(timeout=5)) == (2, 7)


def test_several_callbacks_all_get_the_result(app: Celeriac, add: Any, worker: Any) -> None:
    result = add.apply_async((1, 1), link=[add.s(5), group(add.s(6), add.s(7)), add.s(8) | add.s(1)])
    worker.work()
    found = sorted(str(child.get(timeout=5)) for child in result.children)
    assert found == ["[7, 11]", "[8, 9]"]


def test_each_link_knows_its_root_and_its_parent(app: Celeriac, worker: Any) -> None:
    @app.task(name="kin", bind=True)
    def kin(self: Any, before: Any = ()) -> Any:
        return [*before, [self.request.id, self.request.root_id, self.request.parent_id]]

    result = chain(kin.s(), kin.s(), kin.s()).apply_async()
    worker.work()
    (one, root, none), (two, *of_two), (_, *of_three) = result.get(timeout=5)
    assert (root, none) == (one, None)
    assert of_two == [one, one]
    assert of_three == [one, two]


def test_a_priority_is_handed_down_where_the_app_wants_it(app: Celeriac, add: Any, worker: Any) -> None:
    app.conf.task_inherit_parent_priority = True
    chain(add.s(1, 1), add.s(2), add.s(3).set(priority=2)).apply_async(priority=7)
    worker.step()
    (second,) = messages(worker)
    assert second.properties["priority"] == 7


def test_new_style_errbacks_are_called_where_the_task_failed(app: Celeriac, fail: Any, worker: Any) -> None:
    seen: list[Any] = []

    @app.task(name="errback")
    def errback(request: Any, exc: Any, traceback: Any) -> None:
        seen.append((request.id, repr(exc), "ValueError: no" in traceback))

    @app.task(name="wordy")
    def wordy(word: str, *args: Any) -> None:
        seen.append((word, len(args)))

    result = fail.apply_async(link_error=[errback.s(), wordy.s()])
    assert worker.work() == 1
    assert seen == [(result.id, "ValueError('no')", True), (seen[1][0], 2)]


def test_old_style_errbacks_are_sent_the_id_of_the_failed_task(app: Celeriac, fail: Any, worker: Any) -> None:
    seen: list[Any] = []

    @app.task(name="bound", bind=True)
    def bound(self: Any, *args: Any) -> None:
        seen.append((args, self.request.parent_id))

    @app.task(name="one")
    def one(id: str) -> None:
        seen.append(id)

    @app.task(name="filled")
    def filled(a: Any, b: Any) -> None:
        seen.append((a, b))

    result = fail.apply_async(link_error=[bound.s(), one.s(), filled.s(5)])
    assert worker.work() == 4
    assert seen == [((result.id,), result.id), result.id, (result.id, 5)]


def test_an_errback_that_fails_changes_nothing(app: Celeriac, fail: Any, worker: Any, caplog: Any) -> None:
    @app.task(name="broken")
    def broken(request: Any, exc: Any, traceback: Any) -> None:
        raise KeyError("of the errback")

    result = fail.apply_async(link_error=broken.s())
    worker.work()
    assert failed_with(result, ValueError)
    assert "its errback broken failed" in caplog.text


def test_an_async_errback_is_run(app: Celeriac, fail: Any, worker: Any) -> None:
    seen = []

    @app.task(name="later")
    async def later(request: Any, exc: Any, traceback: Any) -> None:
        seen.append(request.id)

    result = fail.apply_async(link_error=later.s())
    worker.work()
    assert seen == [result.id]


def test_the_tasks_behind_a_failed_one_fail_with_it(app: Celeriac, add: Any, fail: Any, worker: Any) -> None:
    result = chain(add.s(1, 1), fail.s(), add.s(1), chord([add.s(1)], add.s(2)), add.s(3)).apply_async()
    worker.work()
    node, ended = result, []
    while node is not None:
        ended.extend([node.state] if isinstance(node, AsyncResult) else [])
        node = node.parent
    assert result.state == "FAILURE"
    assert ended.count("SUCCESS") == 1
    with pytest.raises(ValueError, match="no"):
        result.get(timeout=5)


def test_every_member_of_a_group_that_is_never_reached_fails(add: Any, fail: Any, worker: Any) -> None:
    result = chain(fail.s(), group(add.s(1), add.s(2))).apply_async()
    worker.work()
    assert [one.state for one in result.results] == ["FAILURE", "FAILURE"]


def test_a_body_fails_with_its_header_and_its_errbacks_are_called(app: Celeriac, worker: Any) -> None:
    seen: list[Any] = []

    @app.task(name="errback")
    def errback(request: Any, exc: Any, traceback: Any) -> None:
        seen.append((request.id, type(exc)))

    fail, total, add = app.tasks["fail"], app.tasks["total"], app.tasks["add"]
    body = chain(total.s().set(task_id="first of the body"), add.s(1)).on_error(errback.s())
    result = chord([fail.s(), add.s(1, 1)], body).apply_async()
    worker.work()
    assert failed_with(result, ChordError)
    assert failed_with(app.AsyncResult("first of the body"), ChordError)
    assert seen == [(result.id, ChordError)]


def test_errbacks_of_each_member_of_a_body_that_is_a_group(app: Celeriac, fail: Any, total: Any, worker: Any) -> None:
    seen: list[Any] = []

    @app.task(name="one")
    def one(id: str) -> None:
        seen.append(id)

    body = group(total.s().on_error(one.s()), total.s().on_error(one.s()))
    result = chord([fail.s()], body).apply_async()
    worker.work()
    assert sorted(seen) == sorted(member.id for member in result.results)


def test_a_revoked_task_calls_no_errbacks_but_its_chain_ends(app: Celeriac, add: Any) -> None:
    rest = [{**add.s(1), "options": {"task_id": "last"}}]
    request = Context(id="i", task="add", errbacks=[dict(add.s())], chain=rest, root_id="i")
    found = following.after_failure(app, request, states.REVOKED, ValueError("revoked"))
    assert (found.posts, [one.task_id for one in found.unreached]) == ((), ["last"])


def test_what_is_unreached_says_in_which_header_it_was_a_part(add: Any, total: Any) -> None:
    whole = chord([chain(add.s(1, 1), add.s(1))], total.s())
    whole.freeze()
    first = whole.apply_async()
    assert first.id
    tree = json.loads(json.dumps(whole))
    assert [one.name for one in following.unreached([tree], lambda marker: None)] == ["total"]


def test_results_stay_in_order_although_parts_end_out_of_order(app: Celeriac, add: Any, mark: Any, worker: Any) -> None:
    result = chord([add.s(i, 0) for i in range(30)], mark.s()).apply_async()
    while worker.step(limit=7):
        pass
    assert result.get(timeout=5) == [list(range(30))]


def test_the_failure_of_chords_within_chords_has_words_of_a_bearable_length(fail: Any, total: Any, worker: Any) -> None:
    whole: Any = fail.s()
    for _ in range(40):
        whole = chord([whole], total.s())
    result = whole.apply_async()
    worker.work()
    assert failed_with(result, ChordError)
    assert len(str(result.result)) < 2000


def test_a_retry_keeps_what_is_to_follow(app: Celeriac, add: Any, mark: Any, worker: Any) -> None:
    @app.task(name="unsteady", bind=True)
    def unsteady(self: Any, value: Any) -> Any:
        if not self.request.retries:
            raise self.retry(countdown=0)
        return value + 1

    chained = chain(add.s(1, 1), unsteady.s(), add.s(10)).apply_async()
    joined = chord([unsteady.s(1), unsteady.s(2)], mark.s()).apply_async()
    worker.work()
    assert (chained.get(timeout=5), joined.get(timeout=5)) == (13, [[2, 3]])


def test_long_chains_go_on_link_by_link(add: Any, worker: Any) -> None:
    result = chain(add.s(0, 0), *[add.s(1) for _ in range(100)]).apply_async()
    assert worker.work() == 101
    assert result.get(timeout=5) == 100


def test_workflows_in_protocol_1(app: Celeriac, add: Any, total: Any, worker: Any) -> None:
    app.conf.task_protocol = 1
    results = [
        chain(add.s(1, 1), add.s(2), add.s(3), add.s(4)).apply_async(link=add.s(100)),
        (group(add.s(1, 1), add.s(2, 2)) | total.s() | add.s(1)).apply_async(),
        (add.s(1, 1) | group(add.s(1), add.s(2)) | total.s()).apply_async(),
    ]
    worker.work()
    assert [result.get(timeout=5) for result in results] == [11, 7, 7]
