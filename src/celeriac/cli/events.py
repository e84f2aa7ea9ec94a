"""`celeriac events`: what workers and clients tell monitors, as lines, as a screen, or through a camera."""

import sys
from typing import Any

import click

from celeriac.app.symbols import symbol, working_directory_importable
from celeriac.events.dumper import evdump
from celeriac.events.snapshot import evcam
from celeriac.worker import log

from . import daemon, privileges
from .context import session
from .daemon import DaemonOptions, daemon_options
from .pidfile import PidFile
from .reaching import reaching
from .types import LOG_LEVEL


@click.command("events", short_help="Watch the events of workers and clients.")
@click.option("-d", "--dump", is_flag=True, help="Print every event as a line.")
@click.option("-c", "--camera", help="Take snapshots with this class: module:Class.")
@click.option("-F", "--frequency", "--freq", type=float, default=1.0, show_default=True, help="Seconds between them.")
@click.option("-r", "--maxrate", help="At most so many: 10/s, 10/m or 10/h.")
@click.option("-l", "--loglevel", type=LOG_LEVEL, default="WARNING", show_default=True, help="Log at this level.")
@daemon_options
@reaching
def command(**given: Any) -> None:
    """Watch the events of workers and clients: a screen of the newest tasks, or, with --dump, lines.

    Workers tell of tasks with -E, or after `celeriac control enable_events`.
    """
    app = session().app
    background = daemon.read(app.conf, given, area="events")
    if not given["camera"] and not given["dump"]:
        _screen(app)
        return
    pidfile = PidFile(background.pidfile)
    pidfile.check()
    with working_directory_importable():
        camera = symbol(given["camera"]) if given["camera"] else None
    _into_background(background)
    log.setup(app.conf, log.LogOptions(given["loglevel"], background.logfile, "events", session().error_color))
    with pidfile:
        if camera is not None:
            evcam(camera, given["frequency"], given["maxrate"], app=app)
        else:
            evdump(app)


def _screen(app: Any) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("The screen needs a terminal. Try --dump, or --camera.")
    try:
        from celeriac.events.monitor import evtop  # not everywhere is there curses
    except ImportError as exc:
        raise click.UsageError(f"There is no screen here ({exc}). Try --dump.") from exc
    evtop(app)


def _into_background(background: DaemonOptions) -> None:
    daemon.set_umask(background.umask)
    privileges.become(background.uid, background.gid)
    daemon.look_at_log(background.logfile)
    if background.detach:
        daemon.leave_terminal(background, background.logfile)
