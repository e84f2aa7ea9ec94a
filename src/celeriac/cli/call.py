"""`celeriac call NAME`: send a task from the shell."""

from typing import Any

import click

from .context import session
from .reaching import reaching
from .types import ISO_DATE, JSON_ARRAY, JSON_OBJECT, SECONDS_OR_DATE


@click.command("call", short_help="Send a task and print its id.")
@click.argument("name")
@click.option("-a", "--args", type=JSON_ARRAY, default="[]", show_default=True, help="Positional arguments, as JSON.")
@click.option("-k", "--kwargs", type=JSON_OBJECT, default="{}", show_default=True, help="Named arguments, as JSON.")
@click.option("--eta", type=ISO_DATE, help="Not before this moment (ISO 8601).")
@click.option("--countdown", type=float, help="Not before so many seconds from now.")
@click.option("--expires", type=SECONDS_OR_DATE, help="Not after so many seconds from now, or this moment.")
@click.option("--serializer", default=None, help="How the arguments are written (default: task_serializer).")
@click.option("--queue", help="Into this queue.")
@click.option("--exchange", help="Through this exchange.")
@click.option("--routing-key", help="With this routing key.")
@reaching
def command(name: str, args: list[Any], kwargs: dict[str, Any], **options: Any) -> None:
    """Send the task NAME and print its id. The task need not be known here, only to the workers."""
    said = {option: value for option, value in options.items() if value is not None}
    app = session().app
    click.echo(app.send_task(name, args=args, kwargs=kwargs, **said).id)
    if app.transports.write.describe().startswith("memory:"):
        click.echo("Warning: memory:// is within one process: no worker will ever see this call.", err=True)
