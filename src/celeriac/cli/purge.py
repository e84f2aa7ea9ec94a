"""`celeriac purge`: delete all waiting messages of queues."""

import click

from .context import session
from .printing import plural
from .purging import purge
from .reaching import queue_names, reaching
from .types import COMMA_LIST


@click.command("purge", short_help="Delete all waiting messages.")
@click.option("-f", "--force", is_flag=True, help="Don't ask.")
@click.option("-Q", "--queues", type=COMMA_LIST, help="These queues (comma separated); default: all of task_queues.")
@click.option("-X", "--exclude-queues", type=COMMA_LIST, help="All queues but these.")
@reaching
def command(force: bool, queues: tuple[str, ...] | None, exclude_queues: tuple[str, ...] | None) -> None:
    """Delete all waiting messages of the app's queues. There is no way back."""
    names = queue_names(queues, exclude_queues)
    if not names:
        click.echo("No queues are left to purge.")
        return
    if not force:
        word = "queue" if len(names) == 1 else "queues"
        click.echo(
            f"WARNING: This will remove all tasks from {word}: {', '.join(names)}.\n"
            "         There is no undo for this operation!\n\n"
            "         (to skip this prompt use the -f option)\n"
        )
        click.confirm("Are you sure you want to delete all tasks?", abort=True)
    dropped = purge(session().app, names)
    where = plural(len(names), "queue")
    if dropped:
        click.echo(f"Purged {plural(dropped, 'message')} from {where}.")
    else:
        click.echo(f"No messages purged from {where}.")
