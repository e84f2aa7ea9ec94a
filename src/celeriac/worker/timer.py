"""Timers of a worker's parts: call a function later, or again and again, in a thread of their own."""

import heapq
import itertools
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from time import monotonic
from typing import Any, Final

logger = logging.getLogger("celeriac.worker.timer")

_LONGEST_SLEEP: Final = 3600.0  # a wait without end can't be interrupted on every system
_END_WITHIN: Final = 5.0


def to_timestamp(d: Any, default_timezone: Any = None, time: Callable[[], float] = monotonic) -> float:
    """A moment on the timer's clock; numbers are such moments already."""
    if not isinstance(d, datetime):
        return float(d)
    if d.tzinfo is None and default_timezone is not None:
        d = d.replace(tzinfo=default_timezone)
    now = datetime.now(d.tzinfo)
    left: float = (d - now).total_seconds()
    return max(left, 0.0) + time()


class Entry:
    """A call that is to be made; cancel it, and it is not."""

    __slots__ = ("args", "canceled", "fun", "kwargs", "tref")

    def __init__(self, fun: Callable[..., Any], args: Sequence[Any] | None = None, kwargs: Any = None) -> None:
        self.fun = fun
        self.args = args or ()
        self.kwargs: Mapping[str, Any] = kwargs or {}
        self.tref = self
        self.canceled = False

    def __call__(self) -> Any:
        return self.fun(*self.args, **self.kwargs)

    def cancel(self) -> None:
        self.canceled = True

    @property
    def cancelled(self) -> bool:
        return self.canceled

    def __repr__(self) -> str:
        state = "canceled " if self.canceled else ""
        return f"<TimerEntry: {state}{getattr(self.fun, '__name__', self.fun)}(*{self.args!r}, **{self.kwargs!r})>"


class Schedule:
    """Entries by the moment they are due, and within one moment by priority."""

    def __init__(self, on_error: Callable[[BaseException], Any] | None = None, **_: Any) -> None:
        self.on_error = on_error
        self._heap: list[tuple[float, int, int, Entry]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()

    def enter_at(self, entry: Entry, eta: Any = None, priority: int = 0, time: Any = monotonic) -> Entry:
        """Call it then; without a moment, at once."""
        due = time() if eta is None else to_timestamp(eta)
        with self._changed:
            heapq.heappush(self._heap, (due, priority, next(self._numbers), entry))
            self._changed.notify()
        return entry

    def enter_after(self, secs: float, entry: Entry, priority: int = 0, time: Any = monotonic) -> Entry:
        """Call it after so many seconds."""
        return self.enter_at(entry, time() + float(secs), priority)

    def call_at(self, eta: Any, fun: Any, args: Any = (), kwargs: Any = None, priority: int = 0) -> Entry:
        return self.enter_at(Entry(fun, args, kwargs), eta, priority)

    def call_after(self, secs: float, fun: Any, args: Any = (), kwargs: Any = None, priority: int = 0) -> Entry:
        return self.enter_after(secs, Entry(fun, args, kwargs), priority)

    def call_repeatedly(self, secs: float, fun: Any, args: Any = (), kwargs: Any = None, priority: int = 0) -> Entry:
        """Again and again, until the entry that this returns is cancelled. Its runs do not overlap."""
        pause = float(secs)

        def again(*given: Any, **named: Any) -> None:
            try:
                fun(*given, **named)
            finally:
                if not entry.canceled:
                    self.enter_after(pause, entry, priority)

        entry = Entry(again, args, kwargs)
        return self.enter_after(pause, entry, priority)

    def cancel(self, tref: Entry) -> None:
        tref.cancel()

    def clear(self) -> None:
        """Forget all of them."""
        with self._changed:
            self._heap.clear()

    def empty(self) -> bool:
        return not self._heap

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def queue(self) -> list[tuple[float, int, Entry]]:
        """What is to be called: (moment, priority, entry), the next one first."""
        with self._changed:
            return [(due, priority, entry) for due, priority, _, entry in sorted(self._heap, key=lambda one: one[:3])]

    def apply_entry(self, entry: Entry) -> None:
        """Call it; what it raises is told, and ends nothing."""
        try:
            entry()
        except Exception as exc:
            if self.on_error is not None:
                self.on_error(exc)
            else:
                logger.exception("Error in timer: %r", exc)

    def next_due(self, over: threading.Event) -> Entry | None:
        """Waits for the next entry and takes it out; None when it is over."""
        with self._changed:
            while not over.is_set():
                wait = self._heap[0][0] - monotonic() if self._heap else _LONGEST_SLEEP
                if wait <= 0:
                    entry = heapq.heappop(self._heap)[3]
                    if not entry.canceled:
                        return entry
                else:
                    self._changed.wait(min(wait, _LONGEST_SLEEP))
        return None

    def wake(self) -> None:
        """Whoever waits looks again whether it is over."""
        with self._changed:
            self._changed.notify_all()


class Timer:
    """A schedule and its thread, which is there as soon as something is to be called."""

    def __init__(self, schedule: Schedule | None = None, on_error: Any = None, on_tick: Any = None, **_: Any) -> None:
        self.schedule = schedule or Schedule(on_error=on_error)
        self.on_tick: Callable[[float], Any] | None = on_tick
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def _entered(self, method: str, *args: Any, **kwargs: Any) -> Entry:
        self.ensure_started()
        made: Entry = getattr(self.schedule, method)(*args, **kwargs)
        return made

    def call_at(self, *args: Any, **kwargs: Any) -> Entry:
        """Call a function at a moment: timer.call_at(eta, fun, args, kwargs)."""
        return self._entered("call_at", *args, **kwargs)

    def call_after(self, *args: Any, **kwargs: Any) -> Entry:
        """Call a function after some seconds: timer.call_after(secs, fun, args, kwargs)."""
        return self._entered("call_after", *args, **kwargs)

    def call_repeatedly(self, *args: Any, **kwargs: Any) -> Entry:
        """Call a function every so many seconds: timer.call_repeatedly(secs, fun, args, kwargs)."""
        return self._entered("call_repeatedly", *args, **kwargs)

    def enter(self, entry: Entry, eta: Any, priority: int | None = None) -> Entry:
        return self._entered("enter_at", entry, eta, priority or 0)

    def enter_after(self, *args: Any, **kwargs: Any) -> Entry:
        return self._entered("enter_after", *args, **kwargs)

    def cancel(self, tref: Entry) -> None:
        tref.cancel()

    def clear(self) -> None:
        self.schedule.clear()

    def empty(self) -> bool:
        return self.schedule.empty()

    @property
    def queue(self) -> list[tuple[float, int, Entry]]:
        return self.schedule.queue

    def is_alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def ensure_started(self) -> None:
        """Have a thread, unless it is over."""
        with self._lock:
            if not self._over.is_set() and not self.is_alive():
                self._thread = threading.Thread(target=self._run, name="celeriac-timer", daemon=True)
                self._thread.start()

    start = ensure_started

    def stop(self) -> None:
        """Nothing is called any more when this returns, unless the call that runs takes longer than some seconds."""
        self._over.set()
        self.schedule.wake()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_END_WITHIN)

    def _run(self) -> None:
        while (entry := self.schedule.next_due(self._over)) is not None:
            self.schedule.apply_entry(entry)
            if self.on_tick is not None:
                self.on_tick(0.0)


# Where programs of Celery look for them.
Timer.Entry, Timer.Schedule = Entry, Schedule  # type: ignore[attr-defined]
