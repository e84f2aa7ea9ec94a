"""`app.schedules`: look at the periodic tasks and change them while beats run."""

import itertools
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from celeriac.core.clock import SYSTEM_CLOCK, Clock
from celeriac.core.ports.plans import Change, Mark, Plan

from .calls import send
from .defaults import default_entries
from .entry import ScheduleEntry
from .installing import source_of
from .judging import check_entry
from .places import register_of
from .plan import PROGRAM, STORED, Definition, decoded, definition_of, encoded, entry_of
from .ticks import SECOND, moment, ticks_of


class UnknownEntry(KeyError):
    """There is no periodic task of this name."""

    def __str__(self) -> str:
        return str(self.args[0])


class Planned(msgspec.Struct, frozen=True):
    """One periodic task as it stands."""

    name: str
    task: str
    timing: str  # the schedule, for people
    args: Any
    kwargs: Any
    options: Any
    source: str  # program: from beat_schedule and add_periodic_task; stored: added here
    paused: bool
    last_run_at: datetime | None
    total_run_count: int
    next_run_at: datetime | None  # None: paused, never again, or only its own code knows
    task_id: str = ""  # of the last run
    note: str = ""  # what is wrong with it


class Schedules:
    """Everything here is one or two round trips to the broker's store. The leading beat sees changes at once."""

    def __init__(self, app: Any, clock: Clock = SYSTEM_CLOCK) -> None:
        self._app = app
        self._clock = clock
        self._register = register_of(app)

    def _now(self) -> int:
        return int(self._clock.now() * SECOND)

    # -- looking

    def list(self) -> Sequence[Planned]:
        """All of them: those of the program, and those in the store."""
        stored = {plan.name: plan for plan in self._register.load().plans}
        program = self._program()
        return [self._planned(name, stored.get(name), program.get(name)) for name in sorted({*stored, *program})]

    def get(self, name: str) -> Planned:
        """One of them. Raises UnknownEntry, with the names there are."""
        found = next((one for one in self.list() if one.name == name), None)
        if found is None:
            raise self._unknown(name)
        return found

    def next(self, name: str, count: int = 5) -> Sequence[datetime]:
        """The next times it will run (paused or not), in UTC."""
        plan, entry = self._find(name)
        ticks = ticks_of(entry.schedule, self._clock.now)
        if ticks.polled:
            return []
        now = self._now()
        passed = ticks.passed(plan.mark.last, now, 1) if plan is not None and plan.mark is not None else []
        tick: int | None = (
            passed[-1] if passed else plan.mark.last if plan is not None and plan.mark is not None else now
        )
        found: list[datetime] = []
        while len(found) < count:
            tick = None if tick is None else ticks.next(tick)
            if tick is None:
                break
            found.append(moment(tick))
        return found

    # -- changing

    def add(
        self,
        name: str,
        task: Any,
        schedule: Any,
        args: Iterable[Any] = (),
        kwargs: dict[str, Any] | None = None,
        **more: Any,
    ) -> Planned:
        """Add one, or replace one that was added here. `more`: options=, relative=, missed=, overlap= ... as in
        beat_schedule; replace=True to replace."""
        replace = more.pop("replace", False)
        named = task if isinstance(task, str) else task.name
        entry = ScheduleEntry(
            name=name, task=named, schedule=schedule, args=[*args], kwargs=kwargs, app=self._app, **more
        )
        check_entry(self._app, name, entry)
        data, now = encoded(entry, STORED), self._now()
        if ticks_of(entry.schedule, self._clock.now).next(now) is None:
            raise ValueError(f"The periodic task {name!r} would never run: {entry.schedule!r}")
        self._check_free(name, replace)
        self._register.change([Change(name, definition=data, start=now, restart=now)])
        return self._planned(name, Plan(name, data, mark=Mark(now)), None)

    def _check_free(self, name: str, replace: bool) -> None:
        stored = {plan.name: plan for plan in self._register.load().plans}
        if name in self._program() or (name in stored and source_of(stored[name].definition) == PROGRAM):
            raise ValueError(f"{name!r} belongs to the program (beat_schedule): change it there")
        if name in stored and not replace:
            raise ValueError(f"There is a periodic task {name!r} already: remove it, or replace it")

    def remove(self, name: str) -> None:
        """Remove one that was added here. One of the program can only be paused."""
        plan = next((plan for plan in self._register.load().plans if plan.name == name), None)
        program = name in self._program()
        if plan is None and not program:
            raise self._unknown(name)
        if program or plan is None or source_of(plan.definition) == PROGRAM:
            raise ValueError(f"{name!r} belongs to the program (beat_schedule): remove it there, or pause it here")
        self._register.change([Change(name, remove=True)])

    def pause(self, name: str) -> None:
        """Run it no more, until it is resumed."""
        self._set_paused(name, True)

    def resume(self, name: str) -> None:
        """Run it again, counting from now: what it would have run meanwhile is not made up for."""
        self._set_paused(name, False)

    def _set_paused(self, name: str, paused: bool) -> None:
        plan, entry = self._find(name)
        now = self._now()
        data = encoded(entry, PROGRAM) if plan is None else None  # no beat has come to write it yet
        restart = now if not paused and plan is not None and plan.paused else None
        self._register.change([Change(name, definition=data, paused=paused, start=now, restart=restart)])

    def run(self, name: str) -> Any:
        """Run it now, once, whatever its schedule says; returns its AsyncResult."""
        _, entry = self._find(name)
        return send(self._app, entry, self._app.send_task)

    # -- within

    def _program(self) -> dict[str, Any]:
        """The entries of the program; those that are none are left to beat's log."""
        self._app.finalize()
        found = {}
        for name, given in itertools.chain(default_entries(self._app).items(), self._app.conf.beat_schedule.items()):
            if isinstance(given, ScheduleEntry):
                found[name] = given
                continue
            try:
                found[name] = ScheduleEntry(**{**given, "name": name, "app": self._app})
            except (TypeError, ValueError, AttributeError):
                continue
        return found

    def _find(self, name: str) -> tuple[Plan | None, Any]:
        plan = next((plan for plan in self._register.load().plans if plan.name == name), None)
        program = self._program().get(name)
        if plan is None and program is None:
            raise self._unknown(name)
        return plan, program if program is not None or plan is None else entry_of(name, _definition(plan), self._app)

    def _unknown(self, name: str) -> UnknownEntry:
        names = ", ".join(sorted({*self._program(), *(plan.name for plan in self._register.load().plans)}))
        return UnknownEntry(f"There is no periodic task {name!r}; there are: {names or 'none'}")

    def _planned(self, name: str, plan: Plan | None, program: Any) -> Planned:
        note = "" if plan is not None else "no beat has seen it yet"
        entry, definition = program, None
        try:
            definition = definition_of(program, PROGRAM) if plan is None else _definition(plan)
            if entry is None:
                entry = entry_of(name, definition, self._app)
        except ValueError as error:
            note = str(error)
        shown = definition or Definition("?", "?")
        mark = plan.mark if plan is not None else None
        paused = plan is not None and plan.paused
        return Planned(
            *(name, shown.task, shown.timing, shown.args, shown.kwargs, shown.options, shown.source, paused),
            last_run_at=moment(mark.ran) if mark is not None and mark.ran else None,
            total_run_count=mark.runs if mark is not None else 0,
            next_run_at=None if paused or entry is None else self._next(entry, mark),
            task_id=mark.task_id if mark is not None else "",
            note=note,
        )

    def _next(self, entry: Any, mark: Mark | None) -> datetime | None:
        ticks = ticks_of(entry.schedule, self._clock.now)
        tick = None if ticks.polled else ticks.next(mark.last if mark is not None else self._now())
        return None if tick is None else moment(tick).astimezone(UTC)


def _definition(plan: Plan) -> Definition:
    try:
        return decoded(plan.definition)
    except ValueError as error:
        raise ValueError(f"what is stored of {plan.name!r} can't be read: {error}") from error
