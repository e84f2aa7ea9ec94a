"""`celeriac report`: what the reader of a bug report needs to know."""

import click

from .context import session
from .reaching import reaching


@click.command("report", short_help="Versions and settings, for bug reports.")
@reaching
def command() -> None:
    """Print versions, platform, addresses and changed settings (secrets masked), for bug reports."""
    click.echo(f"\n{session().app.bugreport()}\n")
