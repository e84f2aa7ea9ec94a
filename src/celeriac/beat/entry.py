"""ScheduleEntry: a periodic task as schedulers hold it, with Celery's names; and arguments made when it is sent."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from celeriac.core.clock import SYSTEM_CLOCK
from celeriac.current import get_current_app
from celeriac.schedules import maybe_schedule

from .policy import NAMES, Policy, policy_of
from .ticks import Interval, micros, moment, ticks_of


class SchedulingError(Exception):
    """A periodic task could not be sent; its cause says why."""


class BeatLazyFunc:
    """An argument of a periodic task that is made anew for each run: `BeatLazyFunc(function, *its, **arguments)`."""

    def __init__(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        self._func = func
        self._func_params: tuple[Any, Any] = (args, kwargs)

    def __call__(self) -> Any:
        return self.delay()

    def delay(self) -> Any:
        """What the function returns now."""
        args, kwargs = self._func_params
        return self._func(*args, **kwargs)


def evaluated(value: Any) -> Any:
    """The value to send in place of an argument."""
    return value() if isinstance(value, BeatLazyFunc) else value


class ScheduleEntry:
    """One periodic task: what to send, when, and how far it has come.

    Subclasses may keep all of this elsewhere; schedulers use `is_due`, `next(entry)`, `update`, and the attributes.
    """

    name: Any = None
    schedule: Any = None
    args: Any = None
    kwargs: Any = None
    options: Any = None
    last_run_at: datetime | None = None
    total_run_count: int = 0
    policy: Policy | None = None

    def __init__(
        self,
        name: Any = None,
        task: Any = None,
        last_run_at: datetime | None = None,
        total_run_count: int | None = None,
        schedule: Any = None,
        args: Any = (),
        kwargs: Any = None,
        options: Any = None,
        relative: bool = False,
        app: Any = None,
        **policy: Any,
    ) -> None:
        unknown = policy.keys() - set(NAMES)
        if unknown:
            raise TypeError(
                f"The periodic task {name!r}: there is no {', '.join(sorted(unknown))}; an entry has task, schedule, "
                f"args, kwargs, options, relative, {', '.join(NAMES)}"
            )
        self.app = app
        self.name = name
        self.task = task
        self.args = args
        self.kwargs = kwargs or {}
        self.options = options or {}
        self.schedule = maybe_schedule(schedule, relative, app=app or get_current_app())
        self.last_run_at = last_run_at or self.default_now()
        self.total_run_count = total_run_count or 0
        if policy:
            self.policy = policy_of(str(name), policy)

    def default_now(self) -> datetime:
        """The moment, in the schedule's or the app's zone."""
        now: datetime = self.schedule.now() if self.schedule is not None else self._own_app().now()
        return now

    _default_now = default_now

    def _own_app(self) -> Any:
        return self.app or get_current_app()

    def _next_instance(self, last_run_at: datetime | None = None) -> "ScheduleEntry":
        """This entry after one more run."""
        state: dict[str, Any] = {
            **dict(self),
            "last_run_at": last_run_at or self._ran_at(),
            "total_run_count": self.total_run_count + 1,
        }
        made = object.__new__(type(self))
        made.__dict__.update(state)
        return made

    def __next__(self, last_run_at: datetime | None = None) -> "ScheduleEntry":
        return self._next_instance(last_run_at)

    next = __next__

    def _ran_at(self) -> datetime:
        """When it ran; for intervals the time it was due at, not when somebody came to it, so that nothing drifts."""
        now = self._default_now()
        ticks = ticks_of(self.schedule, SYSTEM_CLOCK.now)
        if not isinstance(ticks, Interval) or self.last_run_at is None:
            return now
        due = ticks.passed(micros(self.last_run_at), micros(now if now.tzinfo else now.replace(tzinfo=UTC)), 1)
        return moment(due[-1]) if due else now

    def update(self, other: Any) -> None:
        """Take what can be edited (task, schedule, args, kwargs, options) from another; how far it has come stays."""
        self.__dict__.update(
            {name: getattr(other, name) for name in ("task", "schedule", "args", "kwargs", "options", "policy")}
        )

    def is_due(self) -> Any:
        """(whether it is due, in how many seconds to look again)"""
        return self.schedule.is_due(self.last_run_at)

    def editable_fields_equal(self, other: Any) -> bool:
        """True if the other would do the same at the same times."""
        return all(
            getattr(self, name) == getattr(other, name) for name in ("task", "args", "kwargs", "options", "schedule")
        )

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(vars(self).items())

    def __eq__(self, other: object) -> bool:
        """Equal in what can be edited: how far they have come does not matter."""
        return isinstance(other, ScheduleEntry) and self.editable_fields_equal(other)

    __hash__ = object.__hash__

    def __lt__(self, other: object) -> bool:
        """Any order that stays, for heaps."""
        return id(self) < id(other)

    def __gt__(self, other: object) -> bool:
        return id(self) > id(other)

    def __reduce__(self) -> tuple[Any, ...]:
        whole = (
            *(self.name, self.task, self.last_run_at, self.total_run_count),
            *(self.schedule, self.args, self.kwargs, self.options),
        )
        return type(self), whole, {"policy": self.policy}

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.name} {call_text(self.task, self.args, self.kwargs)} {self.schedule}"


def call_text(task: Any, args: Any, kwargs: Any) -> str:
    """A call as people write it: task(1, x=2)."""
    words = [repr(arg) for arg in args or ()]
    if isinstance(kwargs, Mapping):
        words += [f"{name}={value!r}" for name, value in kwargs.items()]
    return f"{task}({', '.join(words)})"


__all__ = ["BeatLazyFunc", "ScheduleEntry", "SchedulingError", "call_text", "evaluated"]
