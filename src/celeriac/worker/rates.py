"""Rate limits: a task that may run so often is let through at that pace, without holding a slot or the other tasks up.

What may run within moments waits here, in line; all the rest goes back into the broker's delayed store, from where it
returns at a bounded pace to ask again. So a backlog of any length costs a worker no memory, and a limit that is
changed while it runs takes effect on what waits.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from celeriac.core.clock import Clock
from celeriac.core.delivery import Action, Delivery, Settlement
from celeriac.core.errors import ImproperlyConfigured
from celeriac.wire.envelope import Head

from .hands import Hands
from .plans import TaskPlan

_FORM: Final = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(?:/\s*([smh]))?\s*")
_SECONDS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}

LINE: Final = 2.0  # seconds that a task waits here at most ...
PLACES: Final = 1000  # ... and so many of one task
ALONE: Final = 60.0  # the next to run may wait longer
AGAIN: Final = 60.0  # seconds after which a task in the delayed store asks again at the latest
RETURNS: Final = 500.0  # so many a second ask again: what a long backlog may cost


def per_second(limit: Any) -> float | None:
    """`10/s`, `10/m`, `10/h` or a number of runs a second; None and 0 are no limit. Raises ValueError."""
    if limit is None or limit == "":
        return None
    if isinstance(limit, int | float) and not isinstance(limit, bool):
        number, unit = float(limit), "s"
    else:
        found = _FORM.fullmatch(limit) if isinstance(limit, str) else None
        if found is None:
            raise ValueError(f"{limit!r} is no rate limit: write 10/s, 10/m, 10/h or a number of tasks a second")
        number, unit = float(found[1]), found[2] or "s"
    if number < 0:
        raise ValueError(f"{limit!r} is no rate limit: it is negative")
    return number / _SECONDS[unit] or None


def check(tasks: Mapping[str, Any]) -> None:
    """Raises ImproperlyConfigured if a task's limit is none."""
    for name, task in tasks.items():
        try:
            per_second(task.rate_limit)
        except ValueError as exc:
            raise ImproperlyConfigured(f"rate_limit of the task {name}: {exc}") from exc


class Bucket:
    """When the next run of one task may begin. Capacity one: no burst after a pause."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._free = 0.0  # when the next run may begin, after all that are in line
        self._last_return = 0.0

    def wait(self, now: float) -> float:
        """Seconds until a newcomer could run."""
        return max(0.0, self._free - now)

    def enter(self, now: float) -> None:
        """A run begins as soon as it may."""
        self._free = max(self._free, now) + 1.0 / self.rate

    def later(self, now: float) -> float:
        """When one for whom there is no place in line should ask again, so that those who ask come evenly spread."""
        soonest = min(max(self._free, now + 1.0), now + AGAIN)
        self._last_return = max(self._last_return + 1.0 / max(RETURNS, 2 * self.rate), soonest)
        return self._last_return


class _Waiting:
    """One delivery in line."""

    def __init__(self, delivery: Delivery, task: str, timer: asyncio.TimerHandle) -> None:
        self.delivery = delivery
        self.task = task
        self.timer = timer


class Rates:
    """The step of the intake that holds tasks to their rate limits."""

    def __init__(self, hands: Hands, clock: Clock) -> None:
        self._hands = hands
        self._clock = clock
        self._buckets: dict[str, Bucket | None] = {}
        self._line: dict[str, _Waiting] = {}  # by tag
        self._in_line: dict[str, int] = {}  # by task
        self._admitted: str | None = None  # the tag whose turn has come
        self.admit: Callable[[Delivery, float], None] = lambda delivery, at: None

    def __call__(self, delivery: Delivery, head: Head, plan: TaskPlan) -> Settlement | Literal[True] | None:
        """None: it may run now. True: it waits here. Or it goes into the delayed store."""
        bucket = self._bucket(plan)
        if bucket is None or delivery.tag == self._admitted:
            return None
        now = self._clock.now()
        wait = bucket.wait(now)
        if wait == 0.0:
            bucket.enter(now)
            return None
        ahead = self._in_line.get(plan.name, 0)
        if (wait <= LINE and ahead < PLACES) or (wait <= ALONE and not ahead):
            bucket.enter(now)
            self._queue_up(delivery, plan.name, wait)
            return True
        return Settlement(delivery, Action.DEFER, due=bucket.later(now))

    def changed(self, task: str) -> list[Delivery]:
        """The task has another limit: those in line for the old one, which are to be given back."""
        self._buckets.pop(task, None)
        return [self._leave(tag) for tag, waiting in list(self._line.items()) if waiting.task == task]

    def take_back(self) -> list[Delivery]:
        """All that wait here, oldest first; nobody waits any more."""
        return [self._leave(tag) for tag in list(self._line)]

    def _bucket(self, plan: TaskPlan) -> Bucket | None:
        try:
            return self._buckets[plan.name]
        except KeyError:
            rate = per_second(plan.rate_limit)
            made = self._buckets[plan.name] = Bucket(rate) if rate else None
            return made

    def _queue_up(self, delivery: Delivery, task: str, wait: float) -> None:
        timer = asyncio.get_running_loop().call_later(wait, self._turn, delivery)
        self._line[delivery.tag] = _Waiting(delivery, task, timer)
        self._in_line[task] = self._in_line.get(task, 0) + 1
        self._hands.keep(delivery)

    def _turn(self, delivery: Delivery) -> None:
        """Its turn: through the whole intake once more, for meanwhile it may have expired or been revoked."""
        self._leave(delivery.tag)
        self._admitted = delivery.tag
        try:
            self.admit(delivery, asyncio.get_running_loop().time())
        finally:
            self._admitted = None

    def _leave(self, tag: str) -> Delivery:
        waiting = self._line.pop(tag)
        waiting.timer.cancel()
        self._in_line[waiting.task] -= 1
        self._hands.let_go(waiting.delivery)
        return waiting.delivery
