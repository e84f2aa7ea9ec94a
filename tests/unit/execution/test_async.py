"""Async tasks on every pool, and plain functions on the asyncio pool."""

import asyncio
import threading
from typing import Any

import pytest

from celeriac.core.outcome import Ending
from celeriac.current import get_current_task
from celeriac.execution import loops

from .doubles import TASK_ID, App, Diary, Task, message, meta, run


async def waits(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


def test_an_async_task_runs_where_tasks_are_plain_functions() -> None:
    assert meta(run(Task("t", waits), 3))["result"] == 3
    loops.close_loop()


def test_a_thread_keeps_its_loop_from_run_to_run() -> None:
    seen: list[Any] = []

    async def body() -> None:
        seen.append(asyncio.get_running_loop())

    executor = App(Task("t", body)).executor()
    executor.run(message("t"))
    executor.run(message("t"))
    assert seen[0] is seen[1]
    executor.close()
    assert seen[0].is_closed()


def test_an_async_task_sees_itself_as_the_current_task() -> None:
    async def body() -> str:
        await asyncio.sleep(0)
        return str(get_current_task().request.id)

    assert meta(run(Task("t", body)))["result"] == TASK_ID
    loops.close_loop()


def test_a_coroutine_can_be_run_from_code_that_a_loop_calls() -> None:
    async def outer() -> Any:
        return loops.run(waits(4))

    assert asyncio.run(outer()) == 4


class Straggling:
    """A body that leaves something running behind it, which notes its end."""

    def __init__(self) -> None:
        self.left: list[asyncio.Task[None]] = []
        self.ended: list[str] = []

    async def body(self) -> None:
        self.left.append(asyncio.create_task(self._straggler()))
        await asyncio.sleep(0)  # it begins

    async def _straggler(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.append("cancelled")


def test_closing_the_loop_ends_what_tasks_left_running() -> None:
    straggling = Straggling()
    run(Task("t", straggling.body))
    loops.close_loop()
    assert straggling.ended == ["cancelled"]


def test_the_loop_of_earlier_runs_can_be_closed_from_code_that_another_loop_runs() -> None:
    straggling = Straggling()

    async def closing() -> None:
        executor.close()

    executor = App(Task("t", straggling.body)).executor()
    executor.run(message("t"))
    asyncio.run(closing())
    assert straggling.ended == ["cancelled"]
    assert straggling.left[0].get_loop().is_closed()


async def test_many_async_runs_share_one_loop_and_keep_their_requests_apart() -> None:
    everybody = asyncio.Barrier(3)

    async def body(value: Any) -> Any:
        await everybody.wait()
        return [value, task.request.args]

    task = Task("t", body)
    executor = App(task).executor()
    outcomes = await asyncio.gather(*(executor.arun(message("t", n)) for n in range(3)))
    assert [meta(outcome)["result"] for outcome in outcomes] == [[n, [n]] for n in range(3)]


async def test_an_async_failure_is_a_failure() -> None:
    async def body() -> None:
        raise ValueError("no")

    task = Diary("t", body)
    outcome = await App(task).executor().arun(message("t"))
    assert (outcome.ending, outcome.reason) == (Ending.RAISED, "ValueError('no')")
    assert task.called() == ["before_start", "on_failure", "after_return"]


async def test_a_plain_function_runs_in_a_thread_so_that_the_loop_goes_on() -> None:
    loop = asyncio.get_running_loop()
    done = threading.Event()

    def body() -> str:
        loop.call_soon_threadsafe(done.set)
        assert done.wait(60)
        return threading.current_thread().name

    executor = App(Task("t", body)).executor()
    outcome = await executor.arun(message("t"))
    assert str(meta(outcome)["result"]).startswith("celeriac-task")
    executor.close()


async def test_a_run_that_the_pool_cancels_reports_nothing() -> None:
    started = asyncio.Event()

    async def body() -> None:
        started.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(App(Task("t", body)).executor().arun(message("t")))
    await started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_task_whose_own_await_was_cancelled_has_failed() -> None:
    async def body() -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    outcome = await App(Task("t", body)).executor().arun(message("t"))
    assert outcome.ending is Ending.RAISED
    assert outcome.reason.startswith("CancelledError")


async def test_started_is_stored_without_blocking_the_loop() -> None:
    app = App(Task("t", waits, track_started=True))
    executor = app.executor()
    await executor.arun(message("t", 1))
    assert [state for _, _, state in app.backend.stored] == ["STARTED"]
    executor.close()
