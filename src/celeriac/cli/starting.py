"""Starts a worker as the command line asks: settings, log, background, banner, and then the worker itself."""

from typing import Any, Final

import click

from celeriac.core import signals
from celeriac.worker import banner, log
from celeriac.worker.autoscale import bounds
from celeriac.worker.nodenames import fill_in, node_name
from celeriac.worker.options import WorkerOptions
from celeriac.worker.selection import pool_class, select_queues
from celeriac.worker.worker import WorkController

from . import daemon, privileges, purging, running
from .context import Session
from .daemon import DaemonOptions
from .pidfile import PidFile
from .types import cpu_budget

# Options that are settings.
_SETTINGS: Final = {
    "prefetch_multiplier": "worker_prefetch_multiplier",
    "disable_prefetch": "worker_disable_prefetch",
    "time_limit": "task_time_limit",
    "soft_time_limit": "task_soft_time_limit",
    "max_tasks_per_child": "worker_max_tasks_per_child",
    "max_memory_per_child": "worker_max_memory_per_child",
    "pool_start_method": "worker_pool_start_method",
    "task_events": "worker_send_task_events",
    "include": "include",
    "log_json": "worker_log_json",
    "health": "worker_health",
    "statedb": "worker_state_db",
}
_OWN: Final = frozenset(
    {
        *_SETTINGS,
        *(
            "hostname",
            "loglevel",
            "concurrency",
            "autoscale",
            "pool",
            "queues",
            "exclude_queues",
            "purge",
            "optimization",
        ),
        *("beat", "schedule_filename", "scheduler"),
        *("logfile", "pidfile", "uid", "gid", "umask", "executable", "detach"),
    }
)


def run_worker(mine: Session, given: dict[str, Any], overrides: list[str]) -> int:
    """Set up, start, wait; returns the exit code."""
    app = mine.app
    if overrides:
        app.config_from_cmdline(overrides, namespace="worker")
    apply_settings(app, given)
    background = daemon.read(app.conf, given)
    worker = _make(mine, app, given, background)
    pidfile = PidFile(fill_in(background.pidfile, worker.hostname) if background.pidfile else None)
    pidfile.check()
    was_detached = _go(worker, background)
    with pidfile, log.own_stdouts():
        _speak(mine, worker)
        if given["purge"]:
            purging.purge_for_worker(app)
        ended = running.run(worker)
    if ended.restart:
        daemon.start_over(background.executable, was_detached)
    return ended.code


def _make(mine: Session, app: Any, given: dict[str, Any], background: DaemonOptions) -> WorkController:
    """The worker, with its tasks imported and its queues chosen."""
    hostname = node_name(given["hostname"], app.product)
    options = worker_options(mine, given, hostname, background.logfile)
    # The modules first: what they connect to the signals below must hear them.
    app.loader.init_worker()
    app.finalize()
    worker = WorkController(app, options)
    signals.celeryd_init.send(sender=hostname, instance=worker, conf=app.conf, options=given)
    worker.options = worker_options(mine, given, hostname, background.logfile)
    worker.concurrency = worker.options.concurrency
    pool_class(options.pool)  # a pool that is not there is better known before the banner than after it
    worker.announce()
    select_queues(app, worker.hostname, worker.options.queues, worker.options.exclude_queues)
    return worker


def _go(worker: WorkController, background: DaemonOptions) -> bool:
    """Become who and where the worker is to be; True if it has left the terminal."""
    daemon.set_umask(background.umask)
    privileges.become(background.uid, background.gid)
    privileges.refuse_root_with_pickle(worker.app.conf["accept_content"])
    logfile = fill_in(background.logfile, worker.hostname) if background.logfile else None
    daemon.look_at_log(logfile)
    if background.detach:
        daemon.leave_terminal(background, logfile)
    return background.detach


def _speak(mine: Session, worker: WorkController) -> None:
    options = worker.options
    level = options.loglevel if isinstance(options.loglevel, int) else log.level_of(options.loglevel)
    is_ours = log.setup(worker.app.conf, log.LogOptions(level, options.logfile, worker.hostname, options.color))
    # Before the banner, which tells of the queues that receivers have added.
    signals.celeryd_after_setup.send(sender=worker.hostname, instance=worker, conf=worker.app.conf)
    if not mine.quiet:
        click.echo(banner.text(worker, color=mine.color))
    if is_ours:
        log.redirect_stdouts(worker.app.conf)


def apply_settings(app: Any, given: dict[str, Any]) -> None:
    """Options that are settings; a flag that was not given says nothing."""
    changes = {setting: given[option] for option, setting in _SETTINGS.items() if given[option] not in (None, False)}
    if "include" in changes:
        named = app.conf["include"] or ()
        changes["include"] = [*([named] if isinstance(named, str) else named), *changes["include"]]
    if changes:
        app.conf.update(changes)


def worker_options(mine: Session, given: dict[str, Any], hostname: str, logfile: str | None) -> WorkerOptions:
    """What the worker itself is told."""
    conf = mine.app.conf
    pool = given["pool"] or conf["worker_pool"]
    scale = bounds(given["autoscale"], pool) if given["autoscale"] else None
    concurrency = scale[1] or 1 if scale else given["concurrency"] or conf["worker_concurrency"] or cpu_budget()
    options = WorkerOptions(
        hostname=hostname,
        concurrency=int(concurrency),
        autoscale=scale,
        pool=pool,
        queues=given["queues"] or (),
        exclude_queues=given["exclude_queues"] or (),
        purge=given["purge"],
        max_tasks_per_child=given["max_tasks_per_child"],
        max_memory_per_child=given["max_memory_per_child"],
        task_events=given["task_events"] or conf["worker_send_task_events"],
        optimization=given["optimization"],
        logfile=logfile,
        loglevel=given["loglevel"],
        app_name=mine.options.get("app", ""),
        color=mine.error_color,
        beat=given["beat"],
        schedule_filename=given["schedule_filename"],
        scheduler=given["scheduler"],
        extra={name: value for name, value in given.items() if name not in _OWN},
    )
    for fresh, what in (
        (conf["worker_pool_start_method"] == "spawn", "--pool-start-method spawn"),
        (options.pool in ("gevent", "eventlet"), f"-P {options.pool}"),
    ):
        if fresh and not options.app_name:
            raise click.UsageError(f"{what} needs -A: each process loads the app by its name.")
    return options
