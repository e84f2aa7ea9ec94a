"""An exception raised from outside hits the body it is meant for, and no other."""

import asyncio
import signal
import threading
from typing import Any

import pytest

from celeriac.core import signals
from celeriac.core.errors import SoftTimeLimitExceeded, Terminated, TimeLimitExceeded
from celeriac.core.outcome import Ending, Outcome
from celeriac.execution import Executor, limits, loops

from .doubles import App, Diary, Task, message, meta


class Spinner:
    """A body that runs bytecode until it is interrupted or told to end."""

    def __init__(self, swallow: bool = False) -> None:
        self.inside = threading.Event()
        self.end = False
        self.swallow = swallow

    def __call__(self) -> str:
        try:
            self.spin(self.inside)
        except SoftTimeLimitExceeded:
            if not self.swallow:
                raise
            return "cleaned up"
        return "ended"

    def spin(self, inside: threading.Event) -> None:
        """Apart, for in Python 3.13 what is raised at a loop's jump back passes by the handlers around the loop."""
        inside.set()  # not before, for whoever waits for it may interrupt at once
        while not self.end:
            pass


def in_thread(executor: Executor, outcomes: list[Outcome]) -> threading.Thread:
    thread = threading.Thread(target=lambda: outcomes.append(executor.run(message("t"))))
    thread.start()
    return thread


def interrupted(spinner: Spinner) -> Outcome:
    outcomes: list[Outcome] = []
    thread = in_thread(App(Task("t", spinner)).executor(), outcomes)
    assert spinner.inside.wait(60)
    body = limits.body_in(thread.ident or 0)
    assert body is not None
    assert limits.interrupt(body)
    assert not limits.interrupt(body), "a body is interrupted at most once"
    thread.join(60)
    assert not thread.is_alive()
    return outcomes[0]


def test_a_thread_is_interrupted_in_its_body() -> None:
    outcome = interrupted(Spinner())
    assert (outcome.ending, outcome.reason) == (Ending.RAISED, "SoftTimeLimitExceeded()")


def test_a_task_may_clean_up_and_return() -> None:
    assert meta(interrupted(Spinner(swallow=True)))["result"] == "cleaned up"


class Patient(Spinner):
    """Lets the soft limit pass; `gives_up` says what it makes of the end."""

    def __init__(self, gives_up: bool = True) -> None:
        super().__init__()
        self.soft_passed = threading.Event()
        self.gives_up = gives_up

    def __call__(self) -> str:
        try:
            super().__call__()
        except SoftTimeLimitExceeded:
            try:
                self.spin(self.soft_passed)
            except TimeLimitExceeded:
                if self.gives_up:
                    raise ValueError("something else than what was raised in it") from None
        return "returned"


def stopped_after_the_soft_limit(patient: Patient, task: Task) -> Outcome:
    outcomes: list[Outcome] = []
    thread = in_thread(App(task).executor(), outcomes)
    assert patient.inside.wait(60)
    body = limits.body_in(thread.ident or 0)
    assert body is not None
    assert limits.interrupt(body)
    assert patient.soft_passed.wait(60)
    assert not limits.interrupt(body), "the soft limit is raised once"
    assert limits.interrupt(body, TimeLimitExceeded())
    assert not limits.interrupt(body, TimeLimitExceeded())
    thread.join(60)
    assert not thread.is_alive()
    assert id(body) not in limits.STOPS, "a stop that has been seen is forgotten"
    return outcomes[0]


def test_a_hard_limit_may_follow_a_soft_one_and_what_follows_a_failure_is_left_to_who_stopped_it() -> None:
    patient, failures = Patient(), list[str]()
    diary = Diary("t", patient)

    def failed(**said: object) -> None:
        failures.append(str(said))

    signals.task_failure.connect(failed)
    try:
        outcome = stopped_after_the_soft_limit(patient, diary)
    finally:
        signals.task_failure.disconnect(failed)
    assert (outcome.ending, outcome.record, outcome.posts) == (Ending.TIMED_OUT, None, ())
    assert (diary.called(), failures) == (["before_start"], [])


def test_a_task_that_returns_in_spite_of_its_hard_limit_has_returned() -> None:
    patient = Patient(gives_up=False)
    diary = Diary("t", patient)
    assert meta(stopped_after_the_soft_limit(patient, diary))["result"] == "returned"
    assert diary.called() == ["before_start", "on_success", "after_return"]


def test_a_body_that_has_ended_cannot_be_interrupted() -> None:
    body = limits.enter()
    limits.leave(body)
    assert limits.body_in(threading.get_ident()) is None
    assert not limits.interrupt(body)


def test_an_interruption_on_its_way_is_awaited_so_that_it_does_not_hit_what_follows() -> None:
    """The interrupter has taken the body but not raised yet when the body ends: the run must not go on."""
    go, left = threading.Event(), threading.Event()
    bodies: list[limits.Body] = []
    felt: list[str] = []

    def work() -> None:
        try:
            body = limits.enter()
            bodies.append(body)
            inside.set()
            assert go.wait(60)
            limits.leave(body)
            left.set()
            felt.append("not at all")
        except SoftTimeLimitExceeded:
            felt.append("after the body" if left.is_set() else "in the body")

    inside = threading.Event()
    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(60)
    with limits._posting:
        bodies[0].pop()
        go.set()
        assert not left.wait(0.1)
        assert thread.ident is not None
        limits._raise_in_thread(thread.ident, SoftTimeLimitExceeded)
    thread.join(60)
    assert felt == ["in the body"]


def test_a_run_interrupted_while_it_waits_for_a_thread_never_begins() -> None:
    body: limits.Body = [None]
    assert limits.interrupt(body)
    with pytest.raises(SoftTimeLimitExceeded):
        limits.enter(body)


def test_a_run_stopped_while_it_waits_for_a_thread_never_begins() -> None:
    body: limits.Body = [None]
    assert limits.interrupt(body)
    assert limits.interrupt(body, Terminated(15))
    with pytest.raises(Terminated):
        limits.enter(body)
    assert isinstance(limits.stopped(body), Terminated)
    assert limits.stopped(body) is None


def test_a_signal_raises_in_the_main_threads_body() -> None:
    def body() -> None:
        signal.raise_signal(signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, lambda *_: limits.raise_here())
    try:
        outcome = App(Task("t", body)).executor().run(message("t"))
        assert outcome.reason == "SoftTimeLimitExceeded()"
        signal.raise_signal(signal.SIGUSR1)  # outside a body it is nothing
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_signal_reaches_an_async_task_where_it_waits() -> None:
    async def body() -> str:
        asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGUSR1)
        try:
            await asyncio.Event().wait()
        except SoftTimeLimitExceeded:
            await asyncio.sleep(0)
            return "cleaned up"
        return "never"

    before = signal.signal(signal.SIGUSR1, lambda *_: limits.raise_here())
    try:
        outcome = App(Task("t", body)).executor().run(message("t"))
        assert meta(outcome)["result"] == "cleaned up"
    finally:
        signal.signal(signal.SIGUSR1, before)
        loops.close_loop()


async def started(body: Any) -> tuple[asyncio.Task[Outcome], Executor]:
    inside = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def framed() -> Any:
        inside.set()
        return await body()

    def framed_plainly() -> Any:
        loop.call_soon_threadsafe(inside.set)
        return body()

    run = framed if asyncio.iscoroutinefunction(body) else framed_plainly
    executor = App(Task("t", run)).executor()
    running = asyncio.create_task(executor.arun(message("t")))
    await inside.wait()
    return running, executor


async def test_a_coroutine_gets_the_error_itself_and_no_cancellation() -> None:
    async def body() -> str:
        try:
            async with asyncio.timeout(60):
                await asyncio.Event().wait()
        except SoftTimeLimitExceeded:
            task = asyncio.current_task()
            assert task is not None
            return f"cancelling {task.cancelling()}"
        return "never"

    running, _ = await started(body)
    assert limits.interrupt_task(running)
    assert not limits.interrupt_task(running)
    assert meta(await running)["result"] == "cancelling 0"


async def test_a_coroutine_can_be_ended_by_request() -> None:
    async def body() -> None:
        await asyncio.Event().wait()

    running, _ = await started(body)
    assert limits.interrupt_task(running, Terminated("SIGTERM"))
    assert (await running).ending is Ending.REVOKED


async def test_a_coroutine_that_let_the_soft_limit_pass_is_stopped_where_it_waits() -> None:
    passed = asyncio.Event()

    async def body() -> None:
        try:
            await asyncio.Event().wait()
        except SoftTimeLimitExceeded:
            passed.set()
        await asyncio.Event().wait()

    before = set(limits.STOPS)
    running, _ = await started(body)
    assert limits.interrupt_task(running)
    await passed.wait()
    assert not limits.interrupt_task(running)
    assert limits.interrupt_task(running, TimeLimitExceeded())
    assert (await running).ending is Ending.TIMED_OUT
    assert not limits.STOPS.keys() - before, "a stop that has been seen is forgotten"


async def test_a_plain_function_of_the_asyncio_pool_is_interrupted_in_its_thread() -> None:
    spinner = Spinner()
    running, executor = await started(spinner)
    assert limits.interrupt_task(running)
    assert (await running).reason == "SoftTimeLimitExceeded()"
    assert not limits.interrupt_task(running)
    executor.close()
