"""`celeriac worker`: its options; what they do is in `starting`."""

import sys
from typing import Any

import click

from celeriac.core.errors import OperationalError

from .context import configured, program_name, session
from .daemon import daemon_options
from .reaching import EX_UNAVAILABLE
from .starting import run_worker
from .types import COMMA_LIST, CONCURRENCY, LOG_LEVEL


@click.command(
    "worker", short_help="Run a worker.", context_settings={"allow_extra_args": True, "ignore_unknown_options": False}
)
@click.option("-n", "--hostname", help="The worker's name: %h host and domain, %n host, %d domain.")
@click.option("-l", "--loglevel", type=LOG_LEVEL, default="WARNING", show_default=True, help="Log at this level.")
@click.option("--log-json", is_flag=True, help="Log JSON objects, one a line.")
@click.option("--health", metavar="[HOST:]PORT", help="Answer /live, /ready and /metrics by HTTP there.")
@click.option(
    "-c", "--concurrency", type=CONCURRENCY, help="How many tasks run at once; auto: what the CPU quota allows."
)
@click.option("-P", "--pool", help="prefork (default), threads, asyncio, gevent, eventlet, solo, or module:Class.")
@click.option("-Q", "--queues", type=COMMA_LIST, help="Consume these queues (comma separated).")
@click.option("-X", "--exclude-queues", type=COMMA_LIST, help="Consume all queues but these.")
@click.option("-I", "--include", type=COMMA_LIST, help="Import these modules too.")
@click.option("--prefetch-multiplier", type=int, help="Messages in hand per slot, at most (default: as measured).")
@click.option("--disable-prefetch", is_flag=True, help="Have no message in hand that can't run at once.")
@click.option("--time-limit", type=float, help="Hard time limit of all tasks, seconds.")
@click.option("--soft-time-limit", type=float, help="Soft time limit of all tasks, seconds.")
@click.option("--max-tasks-per-child", type=int, help="Replace a process after so many tasks.")
@click.option("--max-memory-per-child", type=int, help="Replace a process that holds more than so many KiB.")
@click.option("--pool-start-method", type=click.Choice(["fork", "spawn"]), help="How processes are made.")
@click.option("--purge", "--discard", is_flag=True, help="Delete all waiting messages first. There is no way back.")
@click.option("-E", "--task-events", "--events", is_flag=True, help="Send events that monitors can watch.")
@daemon_options
@click.option(
    "-O", "--optimization", type=click.Choice(["default", "fair"]), help="Accepted; work is always shared fairly."
)
@click.option("--without-gossip", is_flag=True, help="Do not listen for elections and other workers.")
@click.option("--without-mingle", is_flag=True, help="Do not ask other workers at the start what is revoked.")
@click.option("--without-heartbeat", is_flag=True, help="Tell monitors nothing of this worker itself.")
@click.option("--heartbeat-interval", type=int, help="Seconds between two heartbeats for monitors (default 2).")
@click.option("-B", "--beat", is_flag=True, help="Run a beat beside it; any number of workers may.")
@click.option("-s", "--schedule-filename", "--schedule", help="With -B and the persistent scheduler: its file.")
@click.option("--scheduler", help="With -B: shared (default), persistent, another short name, or module:Class.")
@click.option("-S", "--statedb", help="Keep what is revoked in this file, for brokers that do not remember it.")
@click.option("--autoscale", metavar="MAX,MIN", help="Between so many processes, as there is work (prefork).")
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Run a worker: it takes messages from queues and runs the tasks they name.

    \b
    celeriac -A proj worker -l INFO
    celeriac -A proj worker -c 8 -Q mails,images

    Settings can be given behind --: celeriac -A proj worker -- worker.lease_ttl=30

    Ctrl-C (or SIGTERM) lets running tasks end; a second Ctrl-C (or SIGQUIT) stops them and puts them back.
    """
    try:
        with configured():
            code = run_worker(session(), given, ctx.args)
    except OperationalError as exc:
        click.echo(f"{program_name()}: {exc}", err=True)
        code = EX_UNAVAILABLE
    sys.exit(code)
