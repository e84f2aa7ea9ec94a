"""`celeriac dead`: look at messages that could not be run, send them again, or delete them."""

import sys
from itertools import islice

import click
import msgspec

from .letters import all_letters, details, summary
from .printing import moment, plural, printable, table
from .reaching import LONG_DEADLINE, dead_letters, perform, reaching


@click.group("dead", short_help="Messages that could not be run: look, replay, discard.")
def command() -> None:
    """Dead letters: messages that could not be run, with the reason. Nothing is dropped unseen."""


@command.command("list")
@click.option("-n", "--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
@click.option("-q", "--queue", help="Only from this queue.")
@click.option("-t", "--task", help="Only of this task.")
@click.option("-j", "--json", "as_json", is_flag=True, help="A JSON document a line.")
@reaching
def list_letters(limit: int, queue: str | None, task: str | None, as_json: bool) -> None:
    """List them, the oldest first."""
    transport, store = dead_letters()
    found = (summary(letter) for letter in all_letters(transport, store))
    wanted = (one for one in found if queue in (None, one.queue) and task in (None, one.task))
    letters = list(islice(wanted, limit))
    if as_json:
        for letter in letters:
            click.echo(msgspec.json.encode(letter).decode())
        return
    if not letters:
        click.echo("No dead letters.")
        return
    head = ("LETTER", "DIED", "QUEUE", "TASK", "ID", "REASON")
    rows = [(one.id, moment(one.died_at), one.queue, one.task, one.task_id, one.reason) for one in letters]
    click.echo(table(head, rows))
    if len(letters) == limit and next(wanted, None) is not None:
        click.echo(f"... and more: --limit {limit * 10}", err=True)


@command.command("show")
@click.argument("letter")
@click.option("--raw", is_flag=True, help="Only the bytes as they were received, to standard output.")
@reaching
def show(letter: str, raw: bool) -> None:
    """Show all of one: reason, headers, arguments. LETTER is its id in the list, or the task's id."""
    transport, store = dead_letters()
    for found in all_letters(transport, store):
        if letter in (found.id, summary(found).task_id):
            if raw:
                sys.stdout.buffer.write(found.raw)
            else:
                click.echo(details(found))
            return
    raise click.ClickException(f"There is no dead letter {letter!r}.")


@command.command("replay")
@click.argument("letters", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All of them.")
@reaching
def replay(letters: tuple[str, ...], everything: bool) -> None:
    """Put them back into their queues, to be run again."""
    transport, store = dead_letters()
    count = perform(transport, store.replay(_chosen(letters, everything)), LONG_DEADLINE)
    _report("Replayed", count, letters)


@command.command("discard")
@click.argument("letters", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option("-f", "--force", is_flag=True, help="Don't ask.")
@reaching
def discard(letters: tuple[str, ...], everything: bool, force: bool) -> None:
    """Delete them. There is no way back."""
    transport, store = dead_letters()
    chosen = _chosen(letters, everything)
    if not force:
        click.confirm(f"Delete {plural(len(chosen), 'dead letter')} for ever?", abort=True)
    _report("Discarded", perform(transport, store.discard(chosen), LONG_DEADLINE), letters)


def _chosen(letters: tuple[str, ...], everything: bool) -> list[str]:
    """The ids of the letters meant: by their own ids or by their tasks' ids."""
    if bool(letters) == everything:
        raise click.UsageError("Name the letters (see `celeriac dead list`), or say --all.")
    transport, store = dead_letters()
    wanted = set(letters)
    return [
        letter.id
        for letter in all_letters(transport, store)
        if everything or letter.id in wanted or summary(letter).task_id in wanted
    ]


def _report(done: str, count: int, letters: tuple[str, ...]) -> None:
    if letters and not count:
        raise click.ClickException(f"There is no dead letter {', '.join(map(printable, letters))}.")
    click.echo(f"{done} {plural(count, 'dead letter')}.")
