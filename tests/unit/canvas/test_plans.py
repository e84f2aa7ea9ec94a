"""Plans: what is published now, what is declared before, and what every task is told of its place."""

import json
from typing import Any

import pytest

from celeriac import Celeriac, chain, chord, group
from celeriac.canvas.launching import planned
from celeriac.core.errors import OperationalError
from celeriac.core.join import DECLARED


def plan(tree: Any, *args: Any, **options: Any) -> Any:
    return planned(tree.app, tree, args, {}, options)


def test_only_the_first_link_of_a_chain_is_sent_and_the_rest_travels_with_it(add: Any) -> None:
    flight = plan(chain(add.s(2), add.s(3), add.s(4)), 1)
    (call,) = flight.calls
    assert call.args == (1, 2)
    assert [link["args"] for link in call.options["chain"]] == [(4,), (3,)]
    assert flight.result.id == call.options["chain"][0]["options"]["task_id"]
    assert flight.result.parent.parent.id == call.options["task_id"]


def test_a_chord_opens_its_join_and_every_header_task_carries_the_body(add: Any, total: Any) -> None:
    flight = plan(chord([add.s(1, 2), add.s(3, 4)], total.s()))
    (join,) = flight.joins
    assert join.size == 2
    for index, call in enumerate(flight.calls):
        assert (call.options["group_id"], call.options["group_index"]) == (join.group, index)
        assert call.options["chord"][DECLARED] == 2
        assert call.options["chord"]["options"]["task_id"] == flight.result.id
    assert flight.result.parent.id == join.group


def test_each_member_of_a_header_is_one_part_whatever_it_is(add: Any, total: Any) -> None:
    members = [
        add.s(1, 1),
        chain(add.s(1, 1), add.s(1)),
        chain(add.s(1, 1), group(add.s(1), add.s(2))),
        chord([add.s(1, 1), add.s(2, 2)], total.s()),
        chord([add.s(1, 1)], group(total.s(), total.s())),
        group(add.s(1, 1), add.s(2, 2)),
    ]
    flight = plan(chord(members, total.s()))
    outer = flight.result.parent.id
    sizes = {join.group: join.size for join in flight.joins}
    assert sizes.pop(outer) == 7
    assert sorted(sizes.values()) == [1, 2]  # the others are opened where they begin
    ends = [end for call in flight.calls for end in _ends(call.options) if end.get("group_id") == outer]
    assert sorted(end["group_index"] for end in ends) == list(range(7))
    assert all(end["chord"]["options"]["task_id"] == flight.result.id for end in ends)


def _ends(options: Any) -> Any:
    """What says a place in the header, at the end of what a message starts; the header of an inner chord shares it."""
    chain_of = options.get("chain")
    if chain_of:
        last = chain_of[0]
        yield from _ends(last["kwargs"]["body"]["options"] if last["subtask_type"] == "chord" else last["options"])
        return
    inner = options.get("chord")
    if inner and inner["options"].get("chord"):
        if options["group_index"] == 0:
            yield from _ends(inner["options"])
        return
    if inner and inner["subtask_type"] == "chord":
        if options["group_index"] == 0:
            yield from _ends(inner["kwargs"]["body"]["options"])
        return
    yield options


def test_a_chords_countdown_is_its_headers_and_its_links_are_its_bodys(add: Any, total: Any) -> None:
    flight = plan(chord([add.s(1, 1)], total.s()), countdown=9, priority=3, link=add.s(5), link_error=add.s(6))
    (call,) = flight.calls
    body = call.options["chord"]["options"]
    assert (call.options["countdown"], call.options["priority"]) == (9, 3)
    assert "link" not in call.options
    assert ("countdown" in body, body["priority"]) == (False, 3)
    assert (body["link"], body["link_error"]) == ([add.s(5)], [add.s(6)])


def test_the_options_of_a_group_that_became_a_header_are_kept(add: Any, total: Any) -> None:
    flight = plan(group(add.s(1, 1), add.s(2, 2)).set(queue="fast") | total.s())
    assert [call.options["queue"] for call in flight.calls] == ["fast", "fast"]


def test_errbacks_of_a_chain_are_each_tasks_and_each_bodys(app: Celeriac, add: Any, total: Any) -> None:
    whole = chain(add.s(1, 1), chord([add.s(1)], total.s()), add.s(1)).on_error(add.s(9))
    (call,) = plan(whole).calls
    last, middle = call.options["chain"]
    assert call.options["link_error"] == [add.s(9)]
    assert last["options"]["link_error"] == [add.s(9)]
    assert middle["kwargs"]["body"]["options"]["link_error"] == [add.s(9)]
    assert "link_error" not in middle["kwargs"]["header"]["kwargs"]["tasks"][0]["options"]


def test_errbacks_reach_the_header_where_the_app_wants_it(app: Celeriac, add: Any, total: Any) -> None:
    app.conf.task_allow_error_cb_on_chord_header = True
    (call,) = plan(chord([add.s(1, 1)], total.s()), link_error=add.s(9)).calls
    assert call.options["link_error"] == [add.s(9)]


def test_an_empty_header_sends_the_body_with_an_empty_list(total: Any) -> None:
    flight = plan(chord([], total.s()))
    (call,) = flight.calls
    assert (call.task, call.args, flight.joins) == ("total", ([],), [])


def test_a_group_at_the_end_of_a_chain_is_the_result(add: Any) -> None:
    flight = plan(chain(add.s(1, 1), group(add.s(1), add.s(2))))
    assert len(flight.result.results) == 2
    assert flight.result.parent.id == flight.calls[0].options["task_id"]


def parents(result: Any) -> list[str]:
    return [*parents(result.parent), type(result).__name__] if result is not None else []


def test_the_parent_of_a_chords_result_is_its_header_whatever_the_body_is(add: Any, total: Any) -> None:
    """So programs ask `result.parent.completed_count()` how far the header is."""
    header = group(add.s(1, 1), add.s(2, 2))
    for whole in (
        chord([add.s(1, 1), add.s(2, 2)], chain(total.s(), add.s(1), add.s(2))),
        header | total.s() | add.s(1),
        chain(header, total.s(), add.s(1)),
        header | chord([add.s(1)], total.s()),
    ):
        result = plan(whole).result
        assert parents(result) == ["GroupResult", "AsyncResult"]
        assert len(result.parent.results) == 2


def test_parents_walk_back_through_the_body_of_a_chord_in_a_chain(add: Any, total: Any) -> None:
    result = plan(add.s(1) | group(add.s(1), add.s(2)) | total.s() | add.s(1)).result
    assert parents(result) == ["AsyncResult", "GroupResult", "AsyncResult", "AsyncResult"]


def test_a_rest_that_comes_from_others_goes_on_after_a_group(add: Any, total: Any) -> None:
    rest = [dict(add.s(7)), dict(total.s())]  # as it travels: the next one last
    flight = plan(group(add.s(1, 1), add.s(2, 2)), chain=rest)
    body = flight.calls[0].options["chord"]
    assert flight.joins[0].size == 2
    assert [task["task"] for task in body["kwargs"]["tasks"]] == ["total", "add"]


def test_what_a_chains_own_options_say_comes_after_it(add: Any, total: Any) -> None:
    """Celery's workers write the rest of a chain there where a chord's body is a chain; the call may say more."""
    last, then = add.s(3), add.s(4)
    body = chain(total.s(), add.s(2)).set(chain=[last])
    assert [link["args"] for link in plan(body, [1]).calls[0].options["chain"]] == [(3,), (2,)]
    assert [link["args"] for link in plan(body, [1], chain=[then]).calls[0].options["chain"]] == [(4,), (3,), (2,)]


def test_what_a_groups_own_options_say_comes_once_after_all_of_it(add: Any, total: Any) -> None:
    flight = plan(group(add.s(1), add.s(2)).set(chain=[add.s(3), total.s()]), 1)
    assert [join.size for join in flight.joins] == [2]
    for call in flight.calls:
        assert "chain" not in call.options
        first, then = call.options["chord"]["kwargs"]["tasks"]
        assert (first["task"], then["args"]) == (total.name, (3,))


def test_a_chain_of_thousands_is_planned_and_read_back(app: Celeriac, add: Any) -> None:
    app.conf.task_chain_inline = None
    whole = chain(*[add.s(1) for _ in range(5000)])
    flight = plan(whole, 0)
    assert len(flight.calls[0].options["chain"]) == 4999
    assert len(flight.result.as_list()) == 5000
    (post,) = app.prepare(flight.calls)
    assert len(json.loads(post.message.body)[2]["chain"]) == 4999


def test_a_chain_within_a_chain_within_a_chain_is_one_chain(app: Celeriac, add: Any) -> None:
    app.conf.task_chain_inline = None
    whole: Any = add.s(1)
    for _ in range(2000):
        whole = chain(whole, add.s(1), queue="x")
    assert len(plan(whole, 0).calls[0].options["chain"]) == 2000


def test_groups_in_groups_hundreds_deep_are_one_group(add: Any) -> None:
    whole: Any = add.s(1, 1)
    for _ in range(1500):
        whole = group([whole, add.s(1, 1)])
    assert len(plan(whole).calls) == 1501


def test_chords_in_chords_hundreds_deep_are_planned(add: Any, total: Any) -> None:
    whole: Any = add.s(1, 1)
    for _ in range(500):
        whole = chord([whole], total.s())
    flight = plan(whole)
    assert (len(flight.calls), len(flight.joins)) == (1, 500)
    assert len(plan(whole.clone()).joins) == 500
    whole.stamp(a=1)
    assert plan(whole).calls[0].options["a"] == 1


def test_a_large_group_goes_out_in_one_round_trip(app: Celeriac, add: Any, worker: Any, monkeypatch: Any) -> None:
    batches = []
    publish = app.publisher.publish

    def counted(posts: Any, *how: Any) -> None:
        batches.append(len(posts))
        publish(posts, *how)

    monkeypatch.setattr(app.publisher, "publish", counted)
    result = group(add.s(i, i) for i in range(3000)).apply_async()
    assert batches == [3000]
    worker.work()
    assert result.get(timeout=20) == [2 * i for i in range(3000)]


def test_joins_are_open_before_the_first_message_goes_out(
    app: Celeriac, add: Any, total: Any, monkeypatch: Any
) -> None:
    order = []
    monkeypatch.setattr(app.publisher, "open", lambda *given: order.append("open"))
    monkeypatch.setattr(app.publisher, "publish", lambda *posts: order.append("publish"))
    chord([add.s(1, 1)], total.s()).apply_async()
    assert order == ["open", "publish"]


def test_without_a_result_store_a_chord_says_so_and_sends_nothing() -> None:
    with Celeriac("lone", broker="memory://lone", backend="disabled://", set_as_current=False) as lone:

        @lone.task(name="lone.add")
        def add(x: int, y: int) -> int:
            return x + y

        try:
            chord([add.s(1, 1)], add.si(1, 2)).apply_async()
        except NotImplementedError as exc:
            assert "result backend" in str(exc)
        else:
            raise AssertionError("it was sent")
        transport: Any = lone.transports.write
        assert transport.link().run(transport.broker.count(("celery",)), 1) == {"celery": 0}


def test_a_task_with_its_own_way_to_be_sent_is_asked_for_its_message(app: Celeriac, add: Any, worker: Any) -> None:
    class Tenant(app.Task):  # type: ignore[name-defined, misc]
        def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
            return super().apply_async(args, kwargs, **{**options, "headers": {"tenant": "t1"}})

    @app.task(name="tenant", base=Tenant, bind=True)
    def tenant(self: Any, *before: Any) -> Any:
        return [*before, self.request.headers.get("tenant")]

    members = group(tenant.s(), add.s(1, 1), tenant.s() | tenant.s()).apply_async()
    worker.work()
    assert members.get(timeout=5) == [["t1"], 2, [["t1"], "t1"]]


def test_nobody_waits_for_results_that_are_not_kept(app: Celeriac, add: Any, worker: Any) -> None:
    @app.task(name="forgetful", ignore_result=True)
    def forgetful(*args: Any) -> int:
        return 1

    results = [
        group(forgetful.s(), add.s(1, 1)).apply_async(),
        (add.s(1, 1) | forgetful.s()).apply_async(),
        (add.s(1, 1) | add.s(1).set(ignore_result=True)).apply_async(),
        (add.s(1, 1) | forgetful.s().set(ignore_result=False)).apply_async(),
    ]
    worker.work()
    assert [result.get(timeout=5) for result in results] == [[None, 2], None, None, 1]


@pytest.mark.parametrize("backend", ["redis://127.0.0.1:1", "memory://alive"])
async def test_a_chord_that_can_not_be_sent_raises_in_time(backend: str) -> None:
    conf = {"publish_timeout": 0.5, "task_publish_retry": False}
    with Celeriac("cut", broker="redis://127.0.0.1:1", backend=backend, set_as_current=False, **conf) as cut:
        whole = chord([cut.signature("a")], cut.signature("b"))
        with pytest.raises(OperationalError):
            whole.apply_async()
        with pytest.raises(OperationalError):
            await whole.aapply_async()
        await cut.aclose()


async def test_workflows_are_sent_from_async_code(app: Celeriac, add: Any, total: Any, worker: Any) -> None:
    results = [
        await (add.s(1, 1) | group(add.s(1), add.s(2)) | total.s()).adelay(),
        await add.s(2).aapply_async((1,)),
        await add.chunks([(1, 1), (2, 2)], 1).aapply_async(),
        await app.signature("add", (5, 5)).adelay(),
    ]
    worker.work()
    assert [await result for result in results] == [7, 3, [[2], [4]], 10]
    await app.aclose()
