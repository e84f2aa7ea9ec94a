"""What runs here and now: the current task and its request, nested as calls are, one stack per context."""

from contextvars import ContextVar
from typing import Any, Final

from .context import Context

# A frame: the task, its request, the frame around it, and what current_task is while it is on top.
# A linked list in a context variable: threads, coroutines and greenlets each see their own.
Frame = tuple[Any, Context, Any, Any]

TOP: Final[ContextVar[Frame | None]] = ContextVar("celeriac.current.frame", default=None)


def push_task(task: Any, request: Context | None = None) -> None:
    """From now on this is the current task; every push needs its pop."""
    TOP.set((task, Context() if request is None else request, TOP.get(), task))


def pop_task() -> Any:
    """Back to what was current before; the task that was, or None."""
    frame = TOP.get()
    if frame is None:
        return None
    TOP.set(frame[2])
    return frame[0]


def push_request(task: Any, request: Context) -> None:
    """Give a task a request without making it the current task."""
    outer = TOP.get()
    TOP.set((task, request, outer, None if outer is None else outer[3]))


def pop_request() -> Context | None:
    """Take the newest request away again."""
    frame = TOP.get()
    if frame is None:
        return None
    TOP.set(frame[2])
    return frame[1]


def request_of(task: Any) -> Context | None:
    """The newest request of this task here, or None if it is not running here."""
    frame = TOP.get()
    while frame is not None:
        if frame[0] is task:
            return frame[1]
        frame = frame[2]
    return None


def requests_of(task: Any) -> list[Context]:
    """All requests of this task here, the oldest first."""
    found = []
    frame = TOP.get()
    while frame is not None:
        if frame[0] is task:
            found.append(frame[1])
        frame = frame[2]
    return found[::-1]


def get_current_task() -> Any:
    """The task that runs here, however it was called, or None."""
    frame = TOP.get()
    return None if frame is None else frame[3]


def get_current_request() -> Context | None:
    """The newest request here, whatever task it belongs to."""
    frame = TOP.get()
    return None if frame is None else frame[1]


def get_current_worker_task() -> Any:
    """The task that a worker (or apply) runs here: not one that another task called like a function."""
    frame = TOP.get()
    while frame is not None:
        if frame[3] is frame[0] and not frame[1].called_directly:
            return frame[0]
        frame = frame[2]
    return None
