"""`celeriac amqp`: AMQP's methods as sub-commands, and a shell of them."""

import contextlib
import shlex
import sys
from collections.abc import Iterator
from typing import Any

import click

from celeriac.cli.printing import printable
from celeriac.cli.reaching import reached, reaching
from celeriac.core.errors import BackendError, ImproperlyConfigured, OperationalError
from celeriac.core.message import Exchange, Queue

from .desk import desk, shown

_YES: Any = {"default": False, "type": click.BOOL, "required": False}


@click.group("amqp", short_help="Exchanges, queues and messages by hand; a shell.", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Lay exchanges, queues and bindings, look at messages, publish text; without a sub-command: a shell.

    \b
    celeriac -A proj amqp queue.declare mails
    celeriac -A proj amqp
    1> basic.get mails
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(repl)


@command.command("exchange.declare")
@click.argument("exchange")
@click.argument("type", default="direct")
@click.argument("passive", **_YES)
@click.argument("durable", **_YES)
@click.argument("auto_delete", **_YES)
@reaching
def exchange_declare(exchange: str, type: str, passive: bool, durable: bool, auto_delete: bool) -> None:
    """Make an exchange; PASSIVE: only look whether it is there."""
    here = desk()
    here.perform(here.plumbing.declare_exchange(Exchange(exchange, type, durable, auto_delete), passive))
    click.echo("OK")


@command.command("exchange.delete")
@click.argument("exchange")
@click.argument("if_unused", **_YES)
@reaching
def exchange_delete(exchange: str, if_unused: bool) -> None:
    """Delete an exchange and its bindings."""
    here = desk()
    here.perform(here.plumbing.delete_exchange(exchange, if_unused))
    click.echo("OK")


@command.command("queue.declare")
@click.argument("queue")
@click.argument("passive", **_YES)
@click.argument("durable", **_YES)
@click.argument("auto_delete", **_YES)
@reaching
def queue_declare(queue: str, passive: bool, durable: bool, auto_delete: bool) -> None:
    """Make a queue; PASSIVE: only look what is in it."""
    here = desk()
    state = here.perform(here.plumbing.declare_queue(Queue(queue, durable=durable, auto_delete=auto_delete), passive))
    click.echo(f"queue:{printable(state.name)} messages:{state.messages} consumers:{state.consumers}\nOK")


@command.command("queue.bind")
@click.argument("queue")
@click.argument("exchange")
@click.argument("routing_key", default="")
@reaching
def queue_bind(queue: str, exchange: str, routing_key: str) -> None:
    """Let what is published to EXCHANGE with ROUTING_KEY come into QUEUE."""
    here = desk()
    here.perform(here.plumbing.bind(queue, exchange, routing_key))
    click.echo("OK")


@command.command("queue.delete")
@click.argument("queue")
@click.argument("if_unused", **_YES)
@click.argument("if_empty", **_YES)
@reaching
def queue_delete(queue: str, if_unused: bool, if_empty: bool) -> None:
    """Delete a queue and what is in it."""
    here = desk()
    gone = here.perform(here.plumbing.delete_queue(queue, if_unused, if_empty))
    click.echo(f"{gone} messages deleted.\nOK")


@command.command("queue.purge")
@click.argument("queue")
@reaching
def queue_purge(queue: str) -> None:
    """Delete what waits in a queue."""
    click.echo(f"{desk().purge(queue)} messages deleted.\nOK")


@command.command("basic.publish")
@click.argument("msg")
@click.argument("exchange")
@click.argument("routing_key")
@click.argument("mandatory", **_YES)
@click.argument("immediate", **_YES)
@reaching
def basic_publish(msg: str, exchange: str, routing_key: str, mandatory: bool, immediate: bool) -> None:
    """Publish MSG as plain text; "" as EXCHANGE: into the queue named ROUTING_KEY.

    MANDATORY and IMMEDIATE are accepted; what reaches no queue is always an error.
    """
    desk().publish(msg, exchange, routing_key)
    click.echo("OK")


@command.command("basic.get")
@click.argument("queue")
@click.argument("no_ack", **_YES)
@reaching
def basic_get(queue: str, no_ack: bool) -> None:
    """Take one message and show it. It goes back when the command ends, unless it is acknowledged in the shell."""
    here = desk()
    got = here.get(queue)
    if got is None:
        click.echo("No messages in queue. basic.publish something.")
        return
    click.echo(shown(got))
    if no_ack:
        here.ack(got.number)


@command.command("basic.ack")
@click.argument("delivery_tag", type=int)
@reaching
def basic_ack(delivery_tag: int) -> None:
    """In the shell: a message that was got is done with."""
    desk().ack(delivery_tag)
    click.echo("OK")


@command.command("repl")
@click.pass_context
def repl(ctx: click.Context) -> None:
    """Read sub-commands line by line; `help` shows them, `exit` ends it."""
    with reached():
        here = desk()
    click.echo(f"-> {here.transport.describe()}. `help` shows what can be said.")
    for line in _lines():
        try:
            words = shlex.split(line)
        except ValueError as exc:
            click.echo(f"Can't read that: {exc}", err=True)
            continue
        if words in (["exit"], ["quit"], [":q"]):
            break
        if words:
            _perform(ctx, words)


def _lines() -> Iterator[str]:
    number = 0
    if sys.stdin.isatty():
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401 - lines can be edited then, where it is there
    while True:
        number += 1
        try:
            yield input(f"{number}> ")
        except (EOFError, KeyboardInterrupt):
            click.echo()
            return


def _perform(ctx: click.Context, words: list[str]) -> None:
    """One line. What goes wrong is told, and the shell goes on."""
    try:
        if words[0] in ("help", "--help", "?"):
            parent = click.Context(command, info_name="", parent=None)
            click.echo(command.get_help(parent) if len(words) == 1 else _help_of(parent, words[1]))
            return
        name, found, rest = command.resolve_command(ctx, words)
        if found is None or found is repl:
            return
        with found.make_context(name, list(rest), parent=ctx) as line:
            _run(line)
    except click.exceptions.Exit:
        pass
    except click.ClickException as exc:
        exc.show()


def _help_of(parent: click.Context, name: str) -> str:
    found = command.get_command(parent, name)
    return f"There is no {name}." if found is None else found.get_help(click.Context(found, info_name=name))


def _run(line: click.Context) -> None:
    try:
        line.command.invoke(line)
    except SystemExit:
        pass  # the broker was away: it has been told, and may be back for the next line
    except (OperationalError, BackendError, ImproperlyConfigured) as exc:
        click.echo(f"Error: {exc}", err=True)
