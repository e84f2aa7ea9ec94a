"""`celeriac graph`: a worker's steps, or the workers there are, for Graphviz."""

import sys

import click

from celeriac.cli import remote
from celeriac.cli.context import session
from celeriac.cli.reaching import reaching
from celeriac.settings import mask_url

from . import bootsteps as steps
from . import workers as fleet


@click.group("graph", short_help="Drawings of steps and workers, for Graphviz.")
def command() -> None:
    """Write a drawing in DOT to standard output.

    \b
    celeriac -A proj graph bootsteps | dot -Tsvg > steps.svg
    celeriac -A proj graph workers | dot -Tsvg > workers.svg
    """


@command.command("bootsteps")
@reaching
def bootsteps() -> None:
    """The steps of a worker, the app's own among them, and what each needs."""
    app = session().app
    app.loader.import_default_modules()
    steps.graph(app).to_dot(sys.stdout)


@command.command("workers")
@click.argument("words", nargs=-1, metavar="[nodes:A,B] [threads:N,M] [...]")
@click.option("-t", "--timeout", type=float, default=1.0, show_default=True, help="Seconds to wait for replies.")
@reaching
def workers(words: tuple[str, ...], timeout: float) -> None:
    """The workers that answer, with their processes, broker and result store.

    \b
    nodes:a@x,b@y   these instead of those that answer
    threads:4,8     so many processes, node by node
    broker:URL      another label for the broker; backend:URL for the result store
    wmax:4 tmax:4   at most so many boxes for workers, and for the processes of each
    generic         Worker and Thread instead of names; enumerate: with numbers
    """
    wanted = fleet.asked(words)
    app = session().app
    found = fleet.imagined(wanted) if wanted.nodes else fleet.living(app, timeout)
    if not found:
        remote.nobody()
    results = app.transports.results
    backend = mask_url(results.describe()) if results is not None else ""
    fleet.graph(found, wanted, app.transports.read.describe(), backend).to_dot(sys.stdout)
