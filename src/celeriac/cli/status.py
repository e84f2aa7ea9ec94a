"""`celeriac status`: which workers are there."""

import json

import click

from . import remote
from .context import session
from .reaching import reaching


@click.command("status", short_help="Show which workers are online.")
@remote.remote_options
@reaching
def command(timeout: float | None, destination: tuple[str, ...] | None, as_json: bool) -> None:
    """Show which workers are online. Exit code 69 if none is."""
    app = session().app
    replies = app.control.ping(
        destination=list(destination) if destination else None, timeout=1.0 if timeout is None else timeout
    )
    if not replies:
        remote.nobody()
    if as_json:
        click.echo(json.dumps({node: reply for some in replies for node, reply in some.items()}))
        return
    remote.show([{node: None} for some in replies for node in some])
    remote.online(len(replies))
