"""`celeriac queues`: how many messages wait in each queue."""

import json

import click

from .printing import table
from .reaching import broker, perform, queue_names, reaching
from .types import COMMA_LIST


@click.command("queues", short_help="How many messages wait in each queue.")
@click.option("-Q", "--queues", type=COMMA_LIST, help="These queues (comma separated); default: all of task_queues.")
@click.option("-j", "--json", "as_json", is_flag=True, help="As JSON.")
@reaching
def command(queues: tuple[str, ...] | None, as_json: bool) -> None:
    """Show how many messages are ready in each queue of the app (not those that wait for their time)."""
    transport = broker()
    assert transport.broker is not None
    names = queue_names(queues, None)
    counts = perform(transport, transport.broker.count(names))
    if as_json:
        click.echo(json.dumps(counts))
    else:
        click.echo(table(("QUEUE", "READY"), [(name, counts.get(name, 0)) for name in names]))
