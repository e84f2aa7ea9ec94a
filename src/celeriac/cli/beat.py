"""`celeriac beat`: its options, its log, its pid file; what it runs is in the room beat."""

import sys
from typing import Any

import click

from celeriac.beat.program import Beat
from celeriac.beat.service import scheduler_class
from celeriac.core.errors import ImproperlyConfigured, OperationalError
from celeriac.settings import Settings
from celeriac.worker import log
from celeriac.worker.nodenames import fill_in, node_name

from . import daemon, privileges
from .context import Session, configured, program_name, session
from .daemon import daemon_options
from .pidfile import PidFile
from .reaching import EX_UNAVAILABLE
from .types import LOG_LEVEL


@click.command("beat", short_help="Send periodic tasks when they are due.")
@click.option("-s", "--schedule", help="The file of the persistent scheduler (beat_schedule_filename).")
@click.option("-S", "--scheduler", help="shared (default), persistent, another short name, or module:Class.")
@click.option("--max-interval", type=float, help="Sleep between two looks at the schedule at most so long, seconds.")
@click.option("-n", "--hostname", help="This beat's name: %h host and domain, %n host, %d domain.")
@click.option("-l", "--loglevel", type=LOG_LEVEL, default="WARNING", show_default=True, help="Log at this level.")
@daemon_options
@click.option(
    "--enable-remote-control/--no-enable-remote-control", default=None, help="Answer `inspect ping` as celerybeat@host."
)
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Send periodic tasks (beat_schedule, add_periodic_task, celeriac schedule add) when they are due.

    Any number of beats may run: one leads, the others take over when it is gone.

    \b
    celeriac -A proj beat -l INFO
    """
    try:
        with configured():
            code = run_beat(session(), given)
    except OperationalError as exc:
        click.echo(f"{program_name()}: {exc}", err=True)
        code = EX_UNAVAILABLE
    sys.exit(code)


def run_beat(mine: Session, given: dict[str, Any]) -> int:
    """Set up, run, return the exit code."""
    app = mine.app
    background = daemon.read(app.conf, given, area="beat")
    hostname = node_name(given["hostname"] or "celerybeat@%h")
    logfile = fill_in(background.logfile, hostname) if background.logfile else None
    beat = Beat(
        app=app,
        max_interval=given["max_interval"],
        schedule=given["schedule"],
        scheduler=given["scheduler"],
        loglevel=given["loglevel"],
        logfile=logfile,
        no_color=not mine.error_color,
        quiet=mine.quiet,
        hostname=hostname,
        remote_control=given["enable_remote_control"],
        setup_logging=_Logging(hostname),
    )
    pidfile = PidFile(fill_in(background.pidfile, hostname) if background.pidfile else None)
    pidfile.check()
    _look_for_scheduler(given["scheduler"] or app.conf.beat_scheduler)
    daemon.set_umask(background.umask)
    privileges.become(background.uid, background.gid)
    daemon.look_at_log(logfile)
    if background.detach:
        daemon.leave_terminal(background, logfile)
    with pidfile, log.own_stdouts():
        return beat.run()


def _look_for_scheduler(name: Any) -> None:
    """If it is not there, the terminal is told."""
    try:
        scheduler_class(name)
    except ImproperlyConfigured:
        raise
    except Exception:  # noqa: BLE001 - its module may need what the app's modules set up (Django): beat looks again
        return


class _Logging:
    """The worker's logging, for beat."""

    def __init__(self, hostname: str) -> None:
        self._hostname = hostname

    def __call__(self, conf: Settings, level: int, logfile: str | None, color: bool) -> None:
        log.name_process("Beat")
        log.setup(conf, log.LogOptions(level, logfile, self._hostname, color))
