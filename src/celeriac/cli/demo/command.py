"""`celeriac demo`: plays the acts, and says what went wrong if one fails."""

import os
import signal
import sys
import time
from typing import Any

import click

from celeriac import __version__
from celeriac.settings import mask_url

from ..context import session
from . import tasks
from .acts import ACTS, Tour
from .company import Company
from .stage import Stage

_NEXT = """\
Where to go next
  tasks.py      from celeriac import Celeriac
                app = Celeriac("tasks")

                @app.task
                def add(x, y):
                    return x + y

  the worker    celeriac -A tasks worker -l INFO
  a call        celeriac -A tasks call tasks.add -a '[2, 3]'
  from Python   from tasks import add; add.delay(2, 3).get(timeout=10)

  More: docs/getting-started.md, and `celeriac --help`."""


@click.command("demo", short_help="A tour with a real worker; needs no server.")
@click.option("-b", "--broker", help="Use this broker instead of a SQLite file of its own.")
@click.option("--result-backend", help="Use this result store (default: the broker's server).")
@click.option("-n", "--many", type=click.IntRange(1, 1_000_000), default=10_000, show_default=True, help="How many.")
@click.option("-c", "--concurrency", type=click.IntRange(1), help="Processes of the worker (default: CPUs, at most 4).")
def command(broker: str | None, result_backend: str | None, many: int, concurrency: int | None) -> None:
    """Take a tour in under a minute: a worker and a client on this machine, in a temporary folder.

    Nothing is left behind, and no server is needed.
    """
    stage = Stage(session().color)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sys.exit(_play(stage, Company(broker, result_backend, concurrency or min(4, os.cpu_count() or 1)), many))
    except KeyboardInterrupt:
        stage.say("\nStopped; the worker is gone and the folder is removed.")
        sys.exit(130)


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _play(stage: Stage, company: Company, many: int) -> int:
    began = time.monotonic()
    stage.say(f"Celeriac {__version__}: a tour. Queues and results are in {mask_url(company.broker)}.")
    with company, tasks.app:
        tour = Tour(stage, company, many)
        try:
            for act in ACTS:
                act(tour)
        except Exception as exc:  # noqa: BLE001 - told to the user, with the worker's side of it
            stage.say(
                f"\nThe demo failed: {type(exc).__name__}: {exc}\n\nThe end of the worker's log:\n{company.log()}"
            )
            return 1
    stage.say(f"\nAll as it should be, in {time.monotonic() - began:.0f} s. Nothing is left behind.\n\n{_NEXT}")
    return 0
