"""`celeriac schedule`: look at periodic tasks and change them while beats run."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click
import msgspec

from celeriac.beat.policy import MISSED, OVERLAP
from celeriac.beat.service import scheduler_class
from celeriac.beat.shared import SharedScheduler
from celeriac.beat.timetable import Planned, Schedules, UnknownEntry
from celeriac.schedules import crontab, solar

from .context import session
from .printing import moment, printable, table
from .reaching import reaching
from .types import JSON_ARRAY, JSON_OBJECT

P = ParamSpec("P")
T = TypeVar("T")


@click.group("schedule", short_help="Periodic tasks: look, add, pause, resume, run, remove.")
def command() -> None:
    """Periodic tasks, as they are in the broker's store. The leading beat sees changes at once."""


def _mine() -> Schedules:
    app = session().app
    app.loader.import_default_modules()
    cls = scheduler_class(app.conf.beat_scheduler)
    if not (isinstance(cls, type) and issubclass(cls, SharedScheduler)):
        raise click.UsageError(f"beat_scheduler is {app.conf.beat_scheduler}: its schedule is not kept in the broker.")
    found: Schedules = app.schedules
    return found


def _answering(run: Callable[P, T]) -> Callable[P, T]:
    """What can't be done is told in a sentence."""

    @reaching
    @wraps(run)
    def inner(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return run(*args, **kwargs)
        except (UnknownEntry, ValueError, TypeError) as exc:
            raise click.ClickException(str(exc)) from exc

    return inner


@command.command("list")
@click.option("-j", "--json", "as_json", is_flag=True, help="A JSON document a line.")
@_answering
def list_entries(as_json: bool) -> None:
    """All periodic tasks: when each runs, ran last, and how often it ran."""
    entries = _mine().list()
    if as_json:
        for entry in entries:
            click.echo(msgspec.json.encode(entry, enc_hook=repr).decode())
        return
    if not entries:
        click.echo("There are no periodic tasks: see beat_schedule, or `celeriac schedule add --help`.")
        return
    click.echo(table(("NAME", "TASK", "SCHEDULE", "NEXT", "LAST", "RUNS", "FROM", "NOTE"), map(_row, entries)))


def _row(entry: Planned) -> Sequence[object]:
    following = "paused" if entry.paused else _when(entry.next_run_at)
    last = _when(entry.last_run_at) if entry.last_run_at else "never"
    return entry.name, entry.task, entry.timing, following, last, entry.total_run_count, entry.source, entry.note


def _when(time: datetime | None) -> str:
    return "-" if time is None else moment(time.timestamp())


@command.command("add")
@click.argument("name")
@click.argument("task")
@click.option("--every", type=float, metavar="SECONDS", help="Again and again after so many seconds.")
@click.option("--cron", metavar="'M H DOM MON DOW'", help="At the minutes a crontab line matches.")
@click.option("--tz", help="The time zone --cron goes by (default: the app's).")
@click.option("--solar", "sun", metavar="EVENT,LAT,LON", help="With the sun: sunrise,-37.8,145.0")
@click.option("-a", "--args", type=JSON_ARRAY, default="[]", help="Positional arguments.")
@click.option("-k", "--kwargs", type=JSON_OBJECT, default="{}", help="Keyword arguments.")
@click.option("-o", "--options", type=JSON_OBJECT, default="{}", help='Options of the call: \'{"queue": "reports"}\'.')
@click.option("--missed", type=click.Choice(MISSED), help="What becomes of ticks no beat was there for.")
@click.option("--missed-limit", type=int, help="With --missed all: at most so many.")
@click.option("--overlap", type=click.Choice(OVERLAP), help="What if the run before has not ended.")
@click.option("--replace", is_flag=True, help="Replace one of this name that was added before.")
@_answering
def add(name: str, task: str, args: list[Any], kwargs: dict[str, Any], options: dict[str, Any], **given: Any) -> None:
    """Add a periodic task.

    \b
    celeriac -A proj schedule add heartbeat proj.tasks.beat --every 30
    celeriac -A proj schedule add report proj.tasks.report --cron '0 7 * * mon-fri' --tz Europe/Berlin
    """
    more = {key: given[key] for key in ("missed", "missed_limit", "overlap") if given[key] is not None}
    added = _mine().add(name, task, _schedule(given), args, kwargs, options=options, replace=given["replace"], **more)
    click.echo(f"Added {printable(name)}; first run: {_when(added.next_run_at)}.")


def _schedule(given: dict[str, Any]) -> Any:
    said = [key for key in ("every", "cron", "sun") if given[key] is not None]
    if len(said) != 1:
        raise click.UsageError("Say when: one of --every, --cron or --solar.")
    if said == ["every"]:
        if given["every"] <= 0:
            raise click.UsageError("--every must be more than 0 seconds.")
        return given["every"]
    if said == ["cron"]:
        found = crontab.from_string(given["cron"])
        if given["tz"]:
            found.tz = given["tz"]
        return found
    event, _, place = given["sun"].partition(",")
    latitude, _, longitude = place.partition(",")
    return solar(event, float(latitude), float(longitude))


def _change(verb: str, done: str, about: str, act: Callable[[Schedules, str], object]) -> None:
    """A command that does one thing to one entry and says so."""

    @command.command(verb, help=about)
    @click.argument("name")
    @_answering
    def change(name: str) -> None:
        act(_mine(), name)
        click.echo(f"{done} {printable(name)}.")


_change("pause", "Paused", "Run it no more until it is resumed.", Schedules.pause)
_change("resume", "Resumed", "Run it again, counting from now.", Schedules.resume)
_change("remove", "Removed", "Remove one that was added with `schedule add` or app.schedules.", Schedules.remove)


@command.command("run")
@click.argument("name")
@_answering
def run(name: str) -> None:
    """Run it now, once, whatever its schedule says; prints the task's id."""
    click.echo(_mine().run(name).id)


@command.command("next")
@click.argument("name")
@click.option("-n", "--count", type=click.IntRange(1, 1000), default=5, show_default=True, help="So many.")
@_answering
def following(name: str, count: int) -> None:
    """The next times it will run, in local time."""
    for time in _mine().next(name, count):
        click.echo(time.astimezone().isoformat())
