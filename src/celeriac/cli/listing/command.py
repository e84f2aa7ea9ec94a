"""`celeriac list bindings`: which queues messages reach, by exchange and routing key."""

from typing import Any

import click
import msgspec

from celeriac.app.transports import as_urls, scheme_of
from celeriac.cli.context import session
from celeriac.cli.printing import table
from celeriac.cli.reaching import LONG_DEADLINE, perform, reaching
from celeriac.core.bindings import Binding
from celeriac.core.ports import Transport
from celeriac.core.ports.bound import bound_of

from . import management

_AMQP = ("amqp", "amqps", "pyamqp", "librabbitmq")


@click.group("list", short_help="Bindings at the broker.")
def command() -> None:
    """Show what the broker knows."""


@command.command("bindings")
@click.option("-j", "--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--management", metavar="URL", help="RabbitMQ: where its management plugin is (http://broker:15672).")
@reaching
def bindings(as_json: bool, management: str | None) -> None:
    """List the bindings of the broker: queue, exchange, routing key.

    RabbitMQ tells them only by its management plugin.
    """
    found = sorted(_bindings(management), key=lambda one: (one.queue, one.exchange, one.key))
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    click.echo(
        table(
            ("Queue", "Exchange", "Routing Key"),
            [("-" * 16,) * 3, *((one.queue, one.exchange, one.key) for one in found)],
        )
    )


def _bindings(place: str | None) -> tuple[Binding, ...]:
    app: Any = session().app
    transport: Transport = app.transports.read
    bound = bound_of(transport)
    if bound is not None:
        return perform(transport, bound.bindings(), LONG_DEADLINE)
    url = as_urls(app.transports.read_url)[0]
    if scheme_of(url) in _AMQP:
        return management.bindings(url, place)
    raise click.UsageError(f"{transport.describe()} can't tell its bindings.")
