"""Raises an exception in one run while its body runs: in a thread, in the main thread, or in a coroutine."""

import asyncio
import ctypes
import threading
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Final

from celeriac.core.errors import SoftTimeLimitExceeded

# A body is a list whose last element is who runs it (a thread's number, an Interruptible, or None while it
# has not begun). Taking that element out is atomic, and only whoever took it may interrupt; the run takes it
# out itself when its body ends. So an interruption can never hit the next run.
#
# A soft limit puts it back behind a mark: it is raised once, and a hard limit or a termination may follow.
# Those are the last: whatever the body still raises, the run was stopped, and `stopped` says by what.
Body = list[Any]


class _Soft:
    """The mark of a body that the soft limit has been raised in."""


_SOFT: Final = _Soft()
STOPS: Final[dict[int, tuple[Body, BaseException]]] = {}  # by id; the entry keeps its body, so no id comes twice

_bodies: Final[dict[int, Body]] = {}  # thread -> the body it is in, or was last in (then empty)
_by_task: "Final[dict[asyncio.Task[Any], Body]]" = {}
_posted: Final[set[int]] = set()  # threads that something was raised in from another one, felt or not
_posting: Final = threading.Lock()
get_ident: Final = threading.get_ident


def enter(body: Body | None = None) -> Body:
    """The calling thread begins a body. One that was interrupted before it began is raised in at once."""
    ident = get_ident()
    if body is None:
        body = [ident]
    else:
        _take_over(body, ident)
    _bodies[ident] = body
    return body


def _take_over(body: Body, runs: Any) -> None:
    """From now on this runs the body. Raises what was meant for it while nobody did."""
    with _posting:
        if not body:
            raise STOPS[id(body)][1] if id(body) in STOPS else SoftTimeLimitExceeded()
        before, body[-1] = body[-1], runs
    if before is None and body[0] is _SOFT:
        raise SoftTimeLimitExceeded


def leave(body: Body) -> None:
    """The body has ended: from here on nothing is raised in it any more.

    An interruption on its way may be felt in here. So who catches what the body raised calls it again.
    """
    try:
        ran = body.pop()
    except IndexError:
        pass
    else:
        if not body and ran is not _SOFT:
            return
    # It was interrupted. If that was not felt yet, it must not be felt later.
    with _posting:
        body.clear()
    ident = get_ident()
    if ident in _posted:
        _raise_in_thread(ident, None)
        _posted.discard(ident)


def stopped(body: Body | None) -> BaseException | None:
    """What this body was stopped by (not: softly interrupted), whatever it made of that; tells it once."""
    if not STOPS:
        return None
    return STOPS.pop(id(body), (None, None))[1]


def body_in(thread: int) -> Body | None:
    """The body this thread is in, to be given to interrupt; None if it is in none."""
    return _bodies.get(thread) or None


def interrupt(body: Body, exc: BaseException | None = None) -> bool:
    """Raise in that body, from any other thread; False if it has ended, or was interrupted in this way before.

    A thread feels it at its next bytecode: not while it is inside a call that blocks in C.
    """
    error = SoftTimeLimitExceeded() if exc is None else exc
    with _posting:
        runs = _claim(body, error)
        if runs is _SOFT:
            return False
        if isinstance(runs, Interruptible):
            runs.interrupt_soon(error)
        elif runs is not None:
            _posted.add(runs)
            _raise_in_thread(runs, type(error))
        return True


def _claim(body: Body, error: BaseException) -> Any:
    """Who runs the body, if this error may be raised in it, else _SOFT; under `_posting`."""
    try:
        runs = body.pop()
    except IndexError:
        return _SOFT
    if runs is _SOFT:
        return _SOFT  # it has ended, and is about to say so
    if isinstance(error, SoftTimeLimitExceeded):
        felt = bool(body)
        body += [runs] if felt else [_SOFT, runs]
        return _SOFT if felt else runs
    body.clear()
    STOPS[id(body)] = body, error
    return runs


def raise_here(exc: BaseException | None = None) -> None:
    """For signal handlers: raise in the body the main thread is in; nothing if it is in none."""
    body = _bodies.get(get_ident())
    if not body:
        return
    error = SoftTimeLimitExceeded() if exc is None else exc
    runs = _claim(body, error)  # without the lock, which this very thread may hold: nobody else is asked to interrupt
    if runs is _SOFT:
        return
    if isinstance(runs, Interruptible) and not runs.is_running():
        runs.interrupt_soon(error)
        return
    raise error


def interrupt_task(task: "asyncio.Task[Any]", exc: BaseException | None = None) -> bool:
    """Raise in the body that this asyncio task (a call of Executor.arun) is in; call it in the loop's thread."""
    body = _by_task.get(task)
    return body is not None and interrupt(body, exc)


class _TakenBack(BaseException):
    """Is raised in place of what is not to be felt any more."""


def _raise_in_real_thread(thread: int, kind: type[BaseException] | None) -> None:
    if kind is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(kind))
        return
    # NULL would take it back as well, but until Python 3.13 the interpreter goes on to look for it at every call, in
    # all threads, and under a tracer (coverage, a debugger) it hangs doing so. What was felt is not looked for.
    try:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(_TakenBack))
        for _ in range(100):
            get_ident()
    except _TakenBack:
        pass


_raise_in_thread: Callable[[int, type[BaseException] | None], None] = _raise_in_real_thread


def raise_by(way: Callable[[int, type[BaseException] | None], None]) -> None:
    """How to raise in a thread, where threads are something else; None as the exception takes an earlier one back."""
    global _raise_in_thread
    _raise_in_thread = way


class Interruptible:
    """Drives a coroutine and can raise in it, at the place where it waits, what is no CancelledError."""

    __slots__ = ("_coroutine", "_error", "_loop", "_task")

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine
        self._error: BaseException | None = None
        self._task: asyncio.Task[Any] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def is_running(self) -> bool:
        """True while its code runs, not while it waits."""
        return bool(getattr(self._coroutine, "cr_running", False))

    def interrupt_soon(self, error: BaseException) -> None:
        """From any thread."""
        self._error = error
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._interrupt)

    def _interrupt(self) -> None:
        if self._error is not None and self._task is not None:
            self._task.cancel()

    def _take_error(self) -> BaseException:
        error, self._error = self._error, None
        return error or SoftTimeLimitExceeded()

    def __await__(self) -> Generator[Any, Any, Any]:
        self._task = task = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        send, throw = self._coroutine.send, self._coroutine.throw
        try:
            waits = send(None) if self._error is None else throw(self._take_error())
            while True:
                try:
                    got = yield waits
                except asyncio.CancelledError as cancelled:
                    if self._error is None:
                        waits = throw(cancelled)
                    else:
                        if task is not None:
                            task.uncancel()
                        waits = throw(self._take_error())
                except BaseException as exc:  # noqa: BLE001 - whatever it is, it is meant for the coroutine
                    waits = throw(exc)
                else:
                    waits = send(got)
        except StopIteration as end:
            return end.value
        finally:
            self._task = None


async def drive(coroutine: Coroutine[Any, Any, Any], body: Body) -> Any:
    """Await a coroutine as the body."""
    runs = Interruptible(coroutine)
    try:
        _take_over(body, runs)
    except BaseException:
        coroutine.close()
        raise
    return await runs


def register_task(body: Body) -> "asyncio.Task[Any] | None":
    """The running asyncio task is in this body until forget_task."""
    task = asyncio.current_task()
    if task is not None:
        _by_task[task] = body
    return task


def forget_task(task: "asyncio.Task[Any] | None") -> None:
    """Its run is over."""
    if task is not None:
        _by_task.pop(task, None)
