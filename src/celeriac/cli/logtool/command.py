"""`celeriac logtool`: the sub-commands that read log files."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, TypeVar

import click

from celeriac.cli.printing import printable_lines

from .reading import Entry, entries
from .tally import Tally, failures, others

F = TypeVar("F", bound=Callable[..., Any])


@click.group("logtool", short_help="Read the log files of workers.")
def command() -> None:
    """Read the log files of workers: what was received, what failed, what never came to an end.

    Workers must have logged at INFO. Lines of Celeriac's and of Celery's workers are understood, and JSON (--log-json).
    FILES may be - for standard input.
    """


def _files(function: F) -> F:
    """The argument all of them take."""
    kind = click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True)
    return click.argument("files", nargs=-1, required=True, type=kind)(function)


@command.command("stats")
@_files
def stats(files: tuple[str, ...]) -> None:
    """How many tasks were received, succeeded and failed, and how many of each name."""
    tally = Tally()
    for entry in _read(files):
        tally.take(entry)
    click.echo(printable_lines(tally.report()))


@command.command("traces")
@_files
def traces(files: tuple[str, ...]) -> None:
    """The tracebacks of runs that failed."""
    for entry in failures(_read(files)):
        if entry.trace:
            _show(entry.trace)


@command.command("errors")
@_files
def errors(files: tuple[str, ...]) -> None:
    """The lines that say that a run failed."""
    for entry in failures(_read(files)):
        _show(entry.text.partition("\n")[0])


@command.command("incomplete")
@_files
def incomplete(files: tuple[str, ...]) -> None:
    """Tasks that were received and whose end is not in the files: they were lost, or still run."""
    tally = Tally()
    for entry in _read(files):
        tally.take(entry)
    for id, entry in tally.open.items():
        _show(f"'{id}': {entry.text}")


@command.command("debug")
@_files
def debug(files: tuple[str, ...]) -> None:
    """Everything that is not about a task's way: starts, warnings, what tasks themselves have logged."""
    for entry in others(_read(files)):
        _show(entry.text)


def _read(files: tuple[str, ...]) -> Iterator[Entry]:
    """The entries of all files, one file after the other."""
    for name in files:
        with ExitStack() as stack:
            yield from entries(stack.enter_context(click.open_file(name, encoding="utf-8", errors="replace")))


def _show(text: str) -> None:
    click.echo(printable_lines(text))
