"""`celeriac migrate`: messages from the queues of one broker into those of another."""

import sys
from typing import Any

import click

from celeriac.contrib.moving import Moved, Transfer
from celeriac.core.message import Queue
from celeriac.core.ports import Transport
from celeriac.core.ports.delayed import delayed_of

from .context import session
from .printing import plural, printable
from .reaching import perform, reaching
from .types import COMMA_LIST

_LOOKED_AT = 1000  # delayed messages that are counted


@click.command("migrate", short_help="Messages from one broker to another.")
@click.argument("source")
@click.argument("destination")
@click.option("-n", "--limit", type=click.IntRange(1), help="At most so many messages.")
@click.option(
    "-t",
    "--timeout",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="End when nothing has come for so many seconds.",
)
@click.option("-a", "--ack-messages", is_flag=True, help="Move: take from the source what has arrived.")
@click.option("-T", "--tasks", type=COMMA_LIST, help="Only these tasks (comma separated names).")
@click.option("-Q", "--queues", type=COMMA_LIST, help="These queues; from:to gives one another name there.")
@click.option("-F", "--forever", is_flag=True, help="Go on until interrupted: what still comes goes there, too.")
@reaching
def command(source: str, destination: str, **given: Any) -> None:
    """Send the messages that wait at SOURCE (a broker's URL) to DESTINATION.

    Without -a they are copied: the source has them again when the command ends. With -a a message is taken from the
    source as soon as the destination has confirmed it. Stop the workers of the source first, or they run what is
    copied, too. What waits for its time (ETA, retries) goes when it is due.

    \b
    celeriac -A proj migrate -a redis://old amqp://new
    celeriac -A proj migrate -a -Q mails,images:pictures redis:// sqlite://
    """
    transports = session().app.transports
    old, new = transports.broker(source), transports.broker(destination)
    if old.describe() == new.describe() and not any(":" in name for name in given["queues"] or ()):
        raise click.UsageError("SOURCE and DESTINATION are the same broker.")
    queues = _queues(given["queues"])
    transfer = Transfer(old, new, queues)
    transfer.copies, transfer.limit = not given["ack_messages"], given["limit"]
    transfer.tasks = given["tasks"] or ()
    transfer.wait = None if given["forever"] else given["timeout"]
    progress = _Progress(transfer.waiting())
    try:
        transfer.run(progress.tell)
    except KeyboardInterrupt:
        click.echo("Interrupted: what was not confirmed yet is at the source.", err=True)
    progress.end(transfer)
    _tell_of_delayed(old, list(queues))


def _queues(names: tuple[str, ...] | None) -> dict[str, Queue]:
    """Each queue's name at the source, and the queue it goes to, as the app describes it."""
    known = session().app.amqp.queues
    if not names:
        return dict(known.consume_from)
    pairs = (name.partition(":") for name in names)
    return {source: known[target or source] for source, _, target in pairs}


class _Progress:
    """Says how far it has come, a line for each message."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0

    def tell(self, moved: Moved) -> None:
        self._done += 1
        total = max(self._total, self._done)
        click.echo(f"Migrating task {self._done}/{total}: {printable(moved.task)}[{printable(moved.id)}]")

    def end(self, transfer: Transfer) -> None:
        verb = "copied" if transfer.copies else "moved"
        click.echo(f"{plural(self._done, 'message')} {verb}.")
        if transfer.unreadable:
            click.echo(f"{plural(transfer.unreadable, 'message')} can't be read and stayed where they were.", err=True)
            sys.exit(1)


def _tell_of_delayed(old: Transport, queues: list[str]) -> None:
    delayed = delayed_of(old)
    if delayed is None:
        return
    left = len(perform(old, delayed.waiting(queues, _LOOKED_AT)))
    if left:
        some = f"{left} or more" if left == _LOOKED_AT else str(left)
        click.echo(f"{some} delayed at the source; each goes when it is due: run this again then, or with --forever.")
