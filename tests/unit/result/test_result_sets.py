"""Result sets and groups: members, states, values in order or as they arrive, saving, in both colours."""

import copy
import pickle
import threading
from types import SimpleNamespace

import pytest

from celeriac.core.errors import BackendGetMetaError, OperationalError, TimeoutError
from celeriac.core.record import Record
from celeriac.core.states import FAILURE, PENDING, STARTED, SUCCESS
from celeriac.current import Context, pop_task, push_task
from celeriac.result import EagerResult, GroupResult, ResultSet, gathering, result_from_tuple


def success(app, *ids: str) -> None:
    for task_id in ids:
        app.backend.store_result(task_id, task_id * 2, SUCCESS)


def group(app, *ids: str) -> GroupResult:
    return app.GroupResult("g", [app.AsyncResult(task_id) for task_id in ids])


def counted(app, monkeypatch) -> list[int]:
    """How many ids each read of the store asked for."""
    store, asked = app.transports.results.results, []
    real = store.fetch
    monkeypatch.setattr(store, "fetch", lambda ids, kind="task": asked.append(len(ids)) or real(ids, kind))
    return asked


def test_the_results_of_a_group_come_in_its_order(app) -> None:
    success(app, "a", "b")
    found = group(app, "b", "a")
    assert found.get(timeout=1) == found.join(timeout=1) == found.join_native(timeout=1) == ["bb", "aa"]
    assert (found.ready(), found.successful(), found.failed(), found.waiting()) == (True, True, False, False)
    assert (found.completed_count(), len(found), bool(found), found[0].id) == (2, 2, True, "b")


def test_the_states_of_a_group_are_those_of_its_members(app) -> None:
    success(app, "a")
    app.backend.store_result("bad", ValueError("no"), FAILURE, traceback="tb")
    app.backend.store_result("begun", {"pid": 1}, STARTED)
    found = group(app, "a", "bad", "begun", "unknown")
    assert (found.ready(), found.successful(), found.failed(), found.waiting()) == (False, False, True, True)
    assert found.completed_count() == 1
    told = []
    with pytest.raises(ValueError, match="no"):
        found.maybe_throw(callback=lambda task_id, value: told.append((task_id, value)))
    assert told == [("a", "aa")]


def test_a_failure_is_raised_although_others_have_not_ended(app) -> None:
    app.backend.store_result("bad", ValueError("no"), FAILURE)
    with pytest.raises(ValueError, match="no"):
        group(app, "pending", "bad").get(timeout=60)
    app.AsyncResult("bad").ready()
    assert isinstance(group(app, "bad").get(timeout=1, propagate=False)[0], ValueError)


def test_join_takes_the_members_one_after_the_other(app) -> None:
    success(app, "a")
    app.backend.store_result("bad", ValueError("no"), FAILURE)
    told = []
    with pytest.raises(ValueError, match="no"):
        group(app, "a", "bad", "pending").join(timeout=60, callback=lambda *pair: told.append(pair))
    assert told == [("a", "aa")]
    assert group(app, "a").join(timeout=1, callback=lambda *pair: None) == []
    assert group(app, "a").join_native(timeout=1, callback=lambda *pair: None) is None


def test_a_wait_whose_time_is_over_says_who_is_missing(app) -> None:
    success(app, "a")
    with pytest.raises(TimeoutError, match=r"2 of 3 tasks \(x\) were not ready within 0\.05 s"):
        group(app, "a", "x", "y").get(timeout=0.05)
    with pytest.raises(TimeoutError, match="task x was not ready"):
        group(app, "x").get(timeout=0.05)


def test_groups_in_groups_give_lists_in_lists(app) -> None:
    success(app, "a", "b", "c")
    inner = app.GroupResult("i", [app.AsyncResult("b"), app.GroupResult("j", [app.AsyncResult("c")])])
    outer = app.GroupResult("o", [app.AsyncResult("a"), inner, app.GroupResult("empty", [])])
    assert outer.get(timeout=1) == ["aa", ["bb", ["cc"]], []]
    assert dict(outer.iter_native(timeout=1))["i"] == inner.results
    assert (outer.completed_count(), outer.ready(), outer.successful()) == (3, True, True)
    again = result_from_tuple(outer.as_tuple(), app)
    assert again == outer
    assert again.get(timeout=1) == ["aa", ["bb", ["cc"]], []]
    app.backend.store_result("late", KeyError("x"), FAILURE)
    with pytest.raises(KeyError):
        app.GroupResult("o", [app.GroupResult("i", [app.AsyncResult("never"), app.AsyncResult("late")])]).get(
            timeout=60
        )


def test_the_same_result_may_stand_in_a_group_twice(app) -> None:
    success(app, "a")
    assert group(app, "a", "a").get(timeout=1) == ["aa", "aa"]


def test_results_that_will_never_be_stored_are_not_waited_for(app) -> None:
    success(app, "a")
    found = group(app, "a", "ignored")
    found[1].ignored = True
    assert found.get(timeout=1) == ["aa", None]


def test_eager_results_can_be_members(app) -> None:
    success(app, "a")
    found = app.GroupResult("g", [EagerResult("e", 5, SUCCESS), app.AsyncResult("a")])
    assert (found.join(timeout=1), found.get(timeout=1), found.supports_native_join) == ([5, "aa"], [5, "aa"], False)
    with pytest.raises(ValueError, match="x"):
        app.ResultSet([EagerResult("e", ValueError("x"), FAILURE)]).get(timeout=1)


def test_results_are_given_as_they_arrive(app) -> None:
    found = group(app, "a", "b", "c")
    arrivals = found.iterate(timeout=60)
    got = []
    for task_id in "cab":
        success(app, task_id)
        got.append(next(arrivals))
    assert got == [("c", "cc"), ("a", "aa"), ("b", "bb")]
    assert list(arrivals) == []


async def test_async_code_gets_them_as_they_arrive_too(app) -> None:
    found, got = group(app, "a", "b", "c"), []
    success(app, "b")
    async for pair in found:
        got.append(pair)
        success(app, "ca"[len(got) - 1]) if len(got) < 3 else None
    assert got == [("b", "bb"), ("c", "cc"), ("a", "aa")]
    assert await found == ["aa", "bb", "cc"]
    assert [task_id async for task_id, _ in group(app, "a", "b").aiter_native()] == ["a", "b"]
    with pytest.raises(TimeoutError, match="was not ready"):
        await group(app, "never").aget(timeout=0.05)
    app.backend.store_result("bad", ValueError("no"), FAILURE)
    with pytest.raises(ValueError, match="no"):
        await group(app, "never", "bad").aget(timeout=60)
    await app.aclose()


def test_thousands_are_waited_for_with_few_reads(app, monkeypatch) -> None:
    ids = [f"i{number}" for number in range(12_000)]
    asked = counted(app, monkeypatch)
    found = group(app, *ids)
    ready = threading.Event()
    writer = threading.Thread(target=lambda: ready.wait(60) and [success(app, task_id) for task_id in ids])
    writer.start()
    arrivals = found.iterate(timeout=60)
    ready.set()
    assert dict(arrivals) == {task_id: task_id * 2 for task_id in ids}
    writer.join()
    assert max(asked) <= gathering.CHUNK
    assert len(asked) < 200  # not one each; how many depends on how long the writer took
    asked.clear()
    assert group(app, *ids[:3000]).successful()
    assert len(asked) == 3


def test_the_window_moves_on_to_all_of_them(app, monkeypatch) -> None:
    monkeypatch.setattr(gathering, "CHUNK", 2)
    monkeypatch.setattr(gathering, "WINDOW", 4)
    ids = [f"i{number}" for number in range(11)]
    arrivals = group(app, *ids).iterate(timeout=60)
    for task_id in ids:  # each is stored before the next is asked for
        success(app, task_id)
        assert next(arrivals) == (task_id, task_id * 2)
    assert list(arrivals) == []


def test_a_store_that_is_away_for_a_while_costs_no_result(app) -> None:
    ids = [f"i{number}" for number in range(30)]
    link, calls = app.transports.results.link(), []
    real = link.run

    def keep(some) -> None:
        for task_id in some:
            payload = b'{"status": "SUCCESS", "result": "%b"}' % (task_id * 2).encode()
            app.transports.results.store.keep(Record(task_id, SUCCESS, payload))

    def shaky(flow, timeout):
        calls.append(1)
        if len(calls) == 5:
            keep(ids[10:])
        if len(calls) in (1, 3, 4):
            flow.close()
            raise OperationalError("cut")
        return real(flow, timeout)

    keep(ids[:10])
    link.run = shaky
    try:
        got = list(group(app, *ids).iterate(timeout=20))
    finally:
        link.__dict__.pop("run")
    assert sorted(got) == sorted((task_id, task_id * 2) for task_id in ids)
    assert len(calls) == 5


def test_a_broken_ear_costs_no_result(app) -> None:
    ear_class = type(app.transports.results.link().listen())
    broken = []

    class Unlucky(ear_class):
        def next(self, timeout):
            if len(broken) < 2:
                broken.append(1)
                success(app, "ab"[len(broken) - 1])
                raise OperationalError("cut")
            return super().next(timeout)

    link = app.transports.results.link()
    link.listen = lambda: Unlucky(app.transports.results.store.listeners)
    try:
        assert group(app, "a", "b").get(timeout=60) == ["aa", "bb"]
    finally:
        link.__dict__.pop("listen")
    assert len(broken) == 2


def test_waiting_for_a_group_in_a_task_is_refused(app) -> None:
    success(app, "a")
    push_task(object(), Context(outbox=[], called_directly=False))
    try:
        for wait in (group(app, "a").get, group(app, "a").join, group(app, "a").join_native):
            with pytest.raises(RuntimeError, match=r"Never call result\.get"):
                wait()
        assert group(app, "a").get(disable_sync_subtasks=False) == ["aa"]
    finally:
        pop_task()


def test_a_group_is_saved_and_found_again(app) -> None:
    found = app.GroupResult("g", [app.AsyncResult("a"), app.GroupResult("i", [])], parent=app.AsyncResult("p"))
    assert found.save() is found
    again = app.GroupResult.restore("g")
    assert (again, again.parent, again.app, type(again[1])) == (found, "p", app, GroupResult)
    app.GroupResult("g", [app.AsyncResult("b")]).save()
    assert [member.id for member in app.GroupResult.restore("g")] == ["b"]
    found.delete()
    assert app.GroupResult.restore("g") is None
    with pytest.raises(ValueError, match="no id"):
        app.GroupResult(None, []).save()


async def test_a_group_is_saved_by_async_code(app) -> None:
    await group(app, "a").asave()
    assert await app.GroupResult.arestore("g") == group(app, "a")
    assert await app.GroupResult.arestore("unknown") is None
    await app.aclose()


def test_a_damaged_group_says_so(app) -> None:
    app.backend.store_record(Record("g", "SAVED", b"{", "group"))
    with pytest.raises(BackendGetMetaError, match="saved group can't be read"):
        app.GroupResult.restore("g")


def test_members_are_added_and_taken_out(app) -> None:
    found = app.ResultSet([app.AsyncResult("a")])
    found.add(app.AsyncResult("b"))
    found.add(app.AsyncResult("b"))
    found.update([app.AsyncResult("c"), app.AsyncResult("a"), app.AsyncResult("c")])
    assert repr(found) == "<ResultSet: [a, b, c]>"
    found.discard("nobody")
    found.remove("b")
    found.remove(app.AsyncResult("a"))
    with pytest.raises(KeyError):
        found.remove("b")
    assert found == app.ResultSet([app.AsyncResult("c")])
    found.clear()
    assert (len(found), found.get(timeout=1), found.ready(), found.successful()) == (0, [], True, True)
    with pytest.raises(TypeError):
        hash(found)


def test_forget_deletes_all_results_and_those_before_them(app) -> None:
    success(app, "a", "b", "p")
    found = app.GroupResult("g", [app.AsyncResult("a", parent=app.AsyncResult("p")), app.AsyncResult("b")])
    assert found.successful()
    found.forget()
    assert [app.AsyncResult(task_id).state for task_id in "abp"] == [PENDING] * 3
    assert found.waiting()


def test_revoke_is_asked_of_remote_control(app) -> None:
    asked = []
    app.__dict__["control"] = None
    stand_in = SimpleNamespace(revoke=lambda ids, **options: asked.append((ids, options)))
    result = app.AsyncResult("a")
    result._app = SimpleNamespace(control=stand_in)
    result.revoke(terminate=True, signal="SIGKILL")
    found = GroupResult("g", [result, app.GroupResult("i", [app.AsyncResult("b")])], app=result._app)
    found.revoke()
    assert [ids for ids, _ in asked] == ["a", ["a", "b"]]
    assert asked[0][1]["terminate"] is True
    assert asked[0][1]["signal"] == "SIGKILL"


def test_then_is_called_once_when_the_last_is_known(app) -> None:
    called = []
    found = group(app, "a", "b")
    found.then(called.append, on_error=lambda _: called.append("error"))
    success(app, "a", "b")
    assert called == []
    assert found.ready()
    assert called == [found]
    app.backend.store_result("bad", ValueError(), FAILURE)
    worse = group(app, "bad", "a")
    worse.then(called.append, on_error=lambda _: called.append("error"))
    worse.get(timeout=1, propagate=False)
    assert called == [found, "error"]


def test_groups_are_equal_by_id_and_members(app) -> None:
    one = group(app, "a")
    assert one == group(app, "a") == "g"
    assert one != group(app, "b")
    assert (hash(one), str(one), repr(one)) == (hash("g"), "g", "<GroupResult: g [a]>")
    assert pickle.loads(pickle.dumps(one)) == one
    assert copy.copy(one) == one
    assert not app.GroupResult()
    assert app.GroupResult("g")
    assert isinstance(one, app.GroupResult)
    assert isinstance(one, app.ResultSet) is False
    assert isinstance(one, ResultSet)


def test_a_chain_of_thousands_is_plain_data_and_back(app) -> None:
    last = None
    for number in range(5000):
        last = app.AsyncResult(f"i{number}", parent=last)
    again = result_from_tuple(last.as_tuple(), app)
    assert again.as_list() == last.as_list()
    assert len(again.as_list()) == 5000


async def test_async_code_asks_and_forgets_without_blocking(app) -> None:
    success(app, "a", "b", "p")
    found = app.GroupResult("g", [app.AsyncResult("a", parent=group(app, "p")), app.AsyncResult("b")])
    assert await found.aready()
    assert await found.acompleted_count() == 2
    assert not await group(app, "a", "unknown").aready()
    await found.aforget()
    assert [await app.AsyncResult(task_id).astate() for task_id in "abp"] == [PENDING] * 3
    await app.aclose()


def test_who_stops_waiting_half_way_holds_no_ear(app, monkeypatch) -> None:
    """A failure in a callback, or a loop that is left, gives up what was listened to at once."""
    listeners = app.transports.results.store.listeners
    real = listeners.add
    listened = []

    def add(mailbox, channels) -> None:
        listened.append(real(mailbox, channels))
        success(app, "a")

    def refuse(task_id: str, value: object) -> None:
        raise LookupError(task_id)

    monkeypatch.setattr(listeners, "add", add)
    for wait in ("join", "join_native"):
        with pytest.raises(LookupError) as caught:
            getattr(group(app, "a", "b"), wait)(timeout=60, callback=refuse)
        assert caught.traceback  # it is held, with all its frames
        assert listeners.tell("result/b", b"") == 0
        app.backend.forget("a")
    for _ in group(app, "a", "b").iterate(timeout=60):
        break
    assert listeners.tell("result/b", b"") == 0
    assert len(listened) == 3
