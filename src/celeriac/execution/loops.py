"""Runs coroutines to their end from sync code: one event loop per thread, kept from run to run."""

import asyncio
import contextvars
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final

_local: Final = threading.local()


_elsewhere: Callable[[Coroutine[Any, Any, Any]], Any] | None = None


def run_by(way: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
    """How to run a coroutine, where a thread is not what an event loop takes for one."""
    global _elsewhere
    _elsewhere = way


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The coroutine's result. In a thread whose own event loop is running, another thread does the work."""
    if _elsewhere is not None:
        return _elsewhere(coroutine)
    if asyncio._get_running_loop() is not None:
        return _in_another_thread(coroutine)
    return this_threads_loop().run_until_complete(coroutine)


def this_threads_loop() -> asyncio.AbstractEventLoop:
    """The loop in which this thread's async tasks run; what they keep in it (pools, sessions) stays usable."""
    loop: asyncio.AbstractEventLoop | None = getattr(_local, "loop", None)
    if loop is None or loop.is_closed():
        loop = _local.loop = new_event_loop()
    return loop


def close_loop() -> None:
    """End what this thread's tasks left running and close the loop; a later run makes a new one."""
    loop: asyncio.AbstractEventLoop | None = getattr(_local, "loop", None)
    if loop is None or loop.is_closed():
        return
    _local.loop = None
    if asyncio._get_running_loop() is None:
        _end(loop)
        return
    # No two loops run in one thread: one that was used before this one began is ended in another.
    thread = threading.Thread(target=_end, args=(loop,), name="celeriac-async-end")
    thread.start()
    thread.join()


def _end(loop: asyncio.AbstractEventLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _in_another_thread(coroutine: Coroutine[Any, Any, Any]) -> Any:
    context = contextvars.copy_context()
    ended: list[Any] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            ended.append(context.run(this_threads_loop().run_until_complete, coroutine))
        except BaseException as exc:  # noqa: BLE001
            raised.append(exc)
        finally:
            close_loop()

    thread = threading.Thread(target=work, name="celeriac-async-task")
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
    return ended[0]


def _forget_loop() -> None:
    """A forked child must not poll its parent's selector."""
    _local.__dict__.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_loop)
