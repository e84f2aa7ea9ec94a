"""What is stored of an entry, and back: a JSON document that every process of the app can read."""

from datetime import timedelta
from typing import Any, Final

import msgspec

from celeriac.core.errors import ImproperlyConfigured
from celeriac.schedules import BaseSchedule, crontab, from_plain, to_plain

from .entry import ScheduleEntry
from .policy import DEFAULT, Policy

PROGRAM: Final = "program"  # from beat_schedule and add_periodic_task: it goes when the program no longer has it
STORED: Final = "stored"  # added while beat runs: it stays until it is removed


class Definition(msgspec.Struct, frozen=True):
    """One entry as it is stored. `timing` is the schedule for people; `schedule` is None for one that is code."""

    task: str
    timing: str
    schedule: dict[str, Any] | None = None
    args: Any = ()
    kwargs: Any = {}
    options: Any = {}
    policy: Policy = DEFAULT
    source: str = STORED


_LONGEST: Final = 16_384  # of what is stored of a program's entry: for people, so it can be cut
_decoder = msgspec.json.Decoder(Definition)
_lenient = msgspec.json.Encoder(enc_hook=repr, order="deterministic")
_strict = msgspec.json.Encoder(order="deterministic")


def timing(schedule: Any) -> str:
    """When, in words: every 30 s; crontab: 0 4 * * * (m/h/dM/MY/d) Europe/Berlin."""
    every = getattr(schedule, "run_every", None)
    if isinstance(every, timedelta):
        rounded = ", rounded" if getattr(schedule, "relative", False) else ""
        return f"every {every.total_seconds():.15g} s{rounded}"
    words = repr(schedule).removeprefix("<").removesuffix(">")
    return f"{words} {schedule.tz}" if isinstance(schedule, crontab) else words


def definition_of(entry: Any, source: str) -> Definition:
    """What is to be stored of an entry."""
    try:
        plain = to_plain(entry.schedule) if isinstance(entry.schedule, BaseSchedule) else None
    except TypeError:  # a schedule of the program's own: its code knows it, nobody else need
        plain = None
    return Definition(
        str(entry.task),
        timing(entry.schedule),
        plain,
        list(entry.args or ()),
        dict(entry.kwargs or {}),
        dict(entry.options or {}),
        entry.policy or DEFAULT,
        source,
    )


def encoded(entry: Any, source: str) -> bytes:
    """The stored form. A program's own entry is only shown to others, so what JSON can't say is its repr there."""
    definition = definition_of(entry, source)
    if source == PROGRAM:
        return _shown(definition)
    if definition.schedule is None:
        raise ImproperlyConfigured(
            f"The periodic task {entry.name!r}: {entry.schedule!r} can't be stored; a schedule, a crontab or solar "
            "can. Others belong into beat_schedule."
        )
    try:
        return _strict.encode(definition)
    except TypeError as error:
        raise ImproperlyConfigured(
            f"The periodic task {entry.name!r}: to be stored, its arguments and options must be plain JSON: {error}"
        ) from None


def _shown(definition: Definition) -> bytes:
    data = _lenient.encode(definition)
    if len(data) <= _LONGEST:
        return data
    said = {
        name: f"({len(_lenient.encode(getattr(definition, name)))} bytes)" for name in ("args", "kwargs", "options")
    }
    return _lenient.encode(msgspec.structs.replace(definition, **said))


def decoded(data: bytes) -> Definition:
    """Raises ValueError for what no release of ours has written."""
    return _decoder.decode(data)


def entry_of(name: str, definition: Definition, app: Any) -> ScheduleEntry:
    """The entry of a stored definition. Raises ValueError if its schedule is none."""
    if definition.schedule is None:
        raise ValueError(f"its schedule {definition.timing} is code of another program")
    return ScheduleEntry(
        name=name,
        task=definition.task,
        schedule=from_plain(definition.schedule),
        args=definition.args,
        kwargs=definition.kwargs,
        options=definition.options,
        app=app,
        **msgspec.structs.asdict(definition.policy),
    )


def same_timing(one: Definition, other: Definition) -> bool:
    """True if both are due at the same times."""
    return (one.schedule, one.timing) == (other.schedule, other.timing)
