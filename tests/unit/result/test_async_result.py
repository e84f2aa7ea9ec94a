"""AsyncResult: what it says of a task, and how it waits, in both colours."""

import asyncio
import copy
import pickle
import threading
from collections.abc import Callable
from typing import Any

import pytest

from celeriac import Celeriac
from celeriac.core.errors import (
    BackendGetMetaError,
    IncompleteStream,
    OperationalError,
    TaskRevokedError,
    TimeoutError,
)
from celeriac.core.record import Record
from celeriac.core.states import FAILURE, PENDING, STARTED, SUCCESS
from celeriac.current import Context, pop_task, push_task
from celeriac.result import AsyncResult, EagerResult, allow_join_result, denied_join_result, result_from_tuple


def when_waited_for(app, act: Callable[[], None]) -> threading.Thread:
    """Acts as soon as somebody listens for results."""
    listeners = app.transports.results.store.listeners
    arrived = threading.Event()
    real = listeners.add

    def add(*args: Any) -> Any:
        try:
            return real(*args)
        finally:
            arrived.set()

    listeners.add = add

    def wait_and_act() -> None:
        assert arrived.wait(60)
        act()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def test_an_id_that_nobody_knows_is_pending(app) -> None:
    result = app.AsyncResult("unknown")
    assert (result.state, result.result, result.traceback, result.children) == (PENDING, None, None, None)
    assert not (result.ready() or result.successful() or result.failed() or result.exists())
    assert (result.date_done, result.name, result.args, result.worker, result.retries, result.queue) == (None,) * 6


def test_a_stored_success_is_read(app) -> None:
    app.backend.store_result("i", {"a": [1]}, SUCCESS)
    result = app.AsyncResult("i")
    assert (result.get(timeout=1), result.state, result.exists()) == ({"a": [1]}, SUCCESS, True)
    assert result.date_done.endswith("+00:00")


def test_a_stored_failure_is_raised(app) -> None:
    app.backend.store_result("i", KeyError("x"), FAILURE, traceback="the traceback")
    result = app.AsyncResult("i")
    with pytest.raises(KeyError):
        result.get(timeout=1)
    assert isinstance(result.get(timeout=1, propagate=False), KeyError)
    assert (result.traceback, result.failed()) == ("the traceback", True)
    with pytest.raises(KeyError):
        result.maybe_throw()


def test_a_revoked_task_raises(app) -> None:
    app.backend.mark_as_revoked("i", "revoked")
    with pytest.raises(TaskRevokedError):
        app.AsyncResult("i").get(timeout=1)


def test_a_success_is_never_overwritten(app) -> None:
    app.backend.store_result("i", 1, SUCCESS)
    app.backend.store_result("i", None, STARTED)
    assert app.AsyncResult("i").state == SUCCESS


def test_what_is_final_is_read_once(app) -> None:
    app.backend.store_result("i", 1, SUCCESS)
    result = app.AsyncResult("i")
    assert result.get(timeout=1) == 1
    app.backend.forget("i")
    assert result.get(timeout=1) == 1
    assert app.AsyncResult("i").state == PENDING


def test_forget_deletes_the_result(app) -> None:
    app.backend.store_result("i", 1, SUCCESS)
    result = app.AsyncResult("i")
    assert result.ready()
    result.forget()
    assert result.state == PENDING


async def test_async_code_reads_waits_and_forgets(app) -> None:
    app.backend.store_result("i", 1, SUCCESS)
    result = app.AsyncResult("i")
    assert await result.astate() == SUCCESS
    assert await result == 1
    await result.aforget()
    assert await app.AsyncResult("i").astate() == PENDING
    await app.aclose()


def test_get_waits_until_the_result_is_there(app) -> None:
    messages = []

    def act() -> None:
        app.backend.store_result("i", {"pid": 1}, STARTED)
        app.backend.store_result("i", 42, SUCCESS)

    thread = when_waited_for(app, act)
    called = []
    value = app.AsyncResult("i").get(
        timeout=60, on_message=messages.append, callback=lambda task_id, value: called.append((task_id, value))
    )
    thread.join()
    assert value == 42
    assert called == [("i", 42)]
    assert messages[-1]["status"] == SUCCESS


def test_a_call_just_sent_is_waited_for(app) -> None:
    result = app.send_task("x")
    thread = when_waited_for(app, lambda: app.backend.store_result(result.id, 42, SUCCESS))
    assert result.get(timeout=60) == 42
    thread.join()


async def test_await_waits_until_the_result_is_there(app) -> None:
    thread = when_waited_for(app, lambda: app.backend.store_result("i", 42, SUCCESS))
    assert await app.AsyncResult("i").aget(timeout=60) == 42
    thread.join()
    await app.aclose()


async def test_many_waiters_of_a_loop_share_one_ear(app) -> None:
    ids = [f"i{number}" for number in range(300)]
    results = [app.AsyncResult(task_id) for task_id in ids for _ in range(2)]
    waiters = [asyncio.ensure_future(result.aget(timeout=60)) for result in results]
    opened = []
    transport = app.transports.results
    link = await app.asynchronous._loops.here().link(transport)
    real = link.listen

    async def listen() -> Any:
        opened.append(1)
        return await real()

    link.listen = listen
    await asyncio.wait(waiters, timeout=0.05)
    await asyncio.to_thread(lambda: [app.backend.store_result(task_id, task_id, SUCCESS) for task_id in ids])
    values = await asyncio.gather(*waiters)
    assert values == [result.id for result in results]
    assert len(opened) <= 1
    await app.aclose()


async def test_a_waiter_that_is_cancelled_leaves_the_others_alone(app) -> None:
    one, two = (asyncio.ensure_future(app.AsyncResult("i").aget(timeout=60)) for _ in range(2))
    await asyncio.wait([one, two], timeout=0.05)
    one.cancel()
    await asyncio.wait([one])
    app.backend.store_result("i", 5, SUCCESS)
    assert await two == 5
    assert one.cancelled()
    await app.aclose()


def test_get_gives_up_at_its_timeout(app) -> None:
    with pytest.raises(TimeoutError, match=r"timed out: task i was not ready within 0\.05"):
        app.AsyncResult("i").get(timeout=0.05)


def test_get_calls_back_at_each_interval_while_it_waits(app) -> None:
    ticks = []

    def tick() -> None:
        ticks.append(1)
        if len(ticks) == 3:
            app.backend.store_result("i", 42, SUCCESS)

    assert app.AsyncResult("i").get(timeout=60, interval=0.01, on_interval=tick) == 42
    assert len(ticks) >= 3


async def test_await_gives_up_at_its_timeout(app) -> None:
    with pytest.raises(TimeoutError, match="timed out"):
        await app.AsyncResult("i").aget(timeout=0.05)
    await app.aclose()


def test_a_broken_ear_only_means_to_look_again(app) -> None:
    ear_class = type(app.transports.results.link().listen())
    broken = []

    class Unlucky(ear_class):
        def next(self, timeout):
            if len(broken) < 3:
                broken.append(1)
                if len(broken) == 3:
                    app.backend.store_result("i", "survived", SUCCESS)
                raise OperationalError("cut")
            return super().next(timeout)

    link = app.transports.results.link()
    link.listen = lambda: Unlucky(app.transports.results.store.listeners)
    assert app.AsyncResult("i").get(timeout=60) == "survived"
    assert len(broken) == 3
    link.__dict__.pop("listen")


def test_a_store_that_stays_away_is_an_operational_error(app) -> None:
    link = app.transports.results.link()

    def down(flow, timeout):
        raise OperationalError("down")

    link.run = down
    with pytest.raises(OperationalError, match="down"):
        app.AsyncResult("i").get(timeout=0.1)
    with pytest.raises(OperationalError, match="down"):
        app.AsyncResult("i").state  # noqa: B018
    link.__dict__.pop("run")


def test_a_damaged_result_says_so(app) -> None:
    app.backend.store_record(Record("i", SUCCESS, b"{not json"))
    with pytest.raises(BackendGetMetaError, match="can't be read"):
        app.AsyncResult("i").get(timeout=1)


def test_an_ignored_result_is_none_at_once(app) -> None:
    result = app.AsyncResult("i")
    result.ignored = True
    assert result.get() is None


def test_waiting_in_a_task_is_refused(app) -> None:
    app.backend.store_result("i", 1, SUCCESS)
    result = app.AsyncResult("i")
    push_task(object(), Context(outbox=[], called_directly=False))
    try:
        with pytest.raises(RuntimeError, match=r"Never call result\.get"):
            result.get()
        assert result.get(disable_sync_subtasks=False) == 1
        with allow_join_result():
            assert result.get() == 1
            with denied_join_result(), pytest.raises(RuntimeError):
                result.get()
    finally:
        pop_task()
    assert result.get() == 1


def test_results_are_equal_by_their_id(app) -> None:
    one, other = app.AsyncResult("i"), app.AsyncResult("i")
    assert one == other == "i"
    assert one != app.AsyncResult("j")
    assert hash(one) == hash("i")
    assert (repr(one), str(one), one.task_id) == ("<AsyncResult: i>", "i", "i")
    assert len({one, other}) == 1


def test_results_can_be_copied_and_pickled(app) -> None:
    result = app.AsyncResult("i", parent=app.AsyncResult("p"))
    loaded = pickle.loads(pickle.dumps(result))
    assert (loaded, loaded.parent, loaded.app) == (result, result.parent, app)
    assert copy.copy(result) == result
    assert result.as_tuple() == (("i", (("p", None), None)), None)
    assert result.as_list() == ["i", "p"]


def test_results_of_an_app_are_of_its_own_class(app) -> None:
    mine = app.AsyncResult("abc")
    assert isinstance(mine, app.AsyncResult)
    assert isinstance(mine, AsyncResult)
    assert issubclass(app.AsyncResult, AsyncResult)
    assert mine.app is app
    assert copy.copy(mine).app is app
    assert app.AsyncResult is app.AsyncResult


def test_a_result_needs_an_id() -> None:
    with pytest.raises(ValueError, match="requires valid id"):
        AsyncResult(None)


def test_then_is_called_when_the_result_is_known(app) -> None:
    called = []
    result = app.AsyncResult("i")
    assert result.then(called.append, on_error=lambda result: called.append("error")) is result
    assert not result.ready()
    assert called == []
    app.backend.store_result("i", 1, SUCCESS)
    assert result.ready()
    assert called == [result]
    result.then(called.append)
    assert called == [result, result]


def test_then_tells_errors_apart(app) -> None:
    called = []
    app.backend.store_result("i", ValueError(), FAILURE)
    result = app.AsyncResult("i")
    result.then(called.append, on_error=lambda result: called.append("error"))
    assert result.failed()
    assert called == ["error"]


def test_a_failed_parent_is_raised_first(app) -> None:
    app.backend.store_result("p", KeyError("parent"), FAILURE)
    with pytest.raises(KeyError, match="parent"):
        app.AsyncResult("i", parent=app.AsyncResult("p")).get(timeout=0.1)


def test_the_tree_of_results_is_walked(app) -> None:
    app.backend.store_result("i", 1, SUCCESS)
    result = app.AsyncResult("i")
    assert list(result.collect()) == [(result, 1)]
    assert result.get_leaf() == 1
    with pytest.raises(IncompleteStream):
        list(app.AsyncResult("unknown").iterdeps())


def test_children_are_results(app) -> None:
    request = Context(_children=[app.AsyncResult("c", parent=app.AsyncResult("p"))])
    app.backend.store_result("i", 1, SUCCESS, request=request)
    (child,) = app.AsyncResult("i").children
    assert (child, child.parent, child.app) == ("c", "p", app)
    assert result_from_tuple(child.as_tuple()) == child
    assert result_from_tuple(child) is child


def test_remote_tracebacks_are_shown_if_that_is_wanted(app) -> None:
    app.conf.task_remote_tracebacks = True
    text = 'Traceback (most recent call last):\n  File "far_away.py", line 7, in task\n    raise KeyError\nKeyError\n'
    app.backend.store_result("i", KeyError("x"), FAILURE, traceback=text)
    with pytest.raises(KeyError) as caught:
        app.AsyncResult("i").get(timeout=1)
    files, tb = [], caught.value.__traceback__
    while tb is not None:
        files.append(tb.tb_frame.f_code.co_filename)
        tb = tb.tb_next
    assert "far_away.py" in files


def test_results_that_were_read_are_cached_if_that_is_wanted() -> None:
    from celeriac import Celeriac

    app = Celeriac("c", broker="memory://cache", backend="memory://cache", result_cache_max=2, set_as_current=False)
    for name in "abc":
        app.backend.store_result(name, name, SUCCESS)
        assert app.AsyncResult(name).get(timeout=1) == name
    for name in "abc":
        app.transports.results.link().run(app.transports.results.results.forget([name]), 1)
    assert [app.AsyncResult(name).state for name in "abc"] == [PENDING, SUCCESS, SUCCESS]


def test_an_eager_result_is_ready(app) -> None:
    good, bad = EagerResult("i", 1, SUCCESS), EagerResult("j", KeyError("x"), FAILURE, traceback="tb")
    assert (good.get(), good.ready(), good.state, repr(good)) == (1, True, SUCCESS, "<EagerResult: i>")
    with pytest.raises(KeyError):
        bad.get()
    assert (bad.traceback, bad.supports_native_join) == ("tb", False)
    assert pickle.loads(pickle.dumps(good)).get() == 1
    good.forget()
    good.revoke()
    assert good.state == "REVOKED"


def test_extended_results_say_more_whoever_stores_them() -> None:
    with Celeriac("x", broker="memory://extended", backend="memory://extended", result_extended=True) as app:
        request = Context(task="t", args=[1], kwargs={"k": 2}, retries=3, hostname="w@here")
        app.backend.store_result("i", {"done": 1}, "PROGRESS", request=request)
        result = app.AsyncResult("i")
        found = (result.name, result.args, result.kwargs, result.retries, result.worker, result.queue)
        assert found == ("t", [1], {"k": 2}, 3, "w@here", None)


def test_an_eager_result_that_neither_succeeded_nor_failed_has_no_value() -> None:
    for state in ("RETRY", "IGNORED", "REJECTED"):
        assert EagerResult("id", ValueError("again"), state).get() is None
    assert isinstance(EagerResult("id", ValueError("no"), "REVOKED").get(propagate=False), ValueError)
