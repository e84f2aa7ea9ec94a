"""`celeriac inspect`: ask the workers something."""

import json

import click

from . import remote
from .context import session
from .reaching import reaching


@click.command("inspect", short_help="Ask the workers something.")
@click.argument("name", metavar="COMMAND")
@click.argument("words", nargs=-1, metavar="[ARGUMENTS]...")
@remote.list_option("inspect")
@remote.remote_options
@reaching
def command(
    name: str, words: tuple[str, ...], timeout: float | None, destination: tuple[str, ...] | None, as_json: bool
) -> None:
    """Ask the workers something: active, stats, ping ... (see --list).

    Exit code 69 if no worker answers.
    """
    app = session().app
    info = remote.command_named("inspect", name)
    replies = app.control.broadcast(
        name,
        arguments=remote.arguments(info, words),
        destination=list(destination) if destination else None,
        timeout=info.default_timeout if timeout is None else timeout,
        reply=True,
    )
    if not replies:
        remote.nobody()
    if as_json:
        click.echo(json.dumps({node: reply for some in replies for node, reply in some.items()}))
        return
    remote.show(replies)
    remote.online(len(replies))
