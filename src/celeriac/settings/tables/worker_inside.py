"""Settings that exchange parts of the worker, and those about its events, remote control and process."""

from ..declare import INERT, Setting
from ..kinds import ANY, BOOL, CLASS, NAMES, PATH, SECONDS, TEXT

TITLE = "Worker: parts and process"

SETTINGS = (
    Setting("worker_agent", CLASS, None, "A class to run beside the worker.", old="CELERYD_AGENT", feature=INERT),
    Setting(
        "worker_autoscaler",
        CLASS,
        "celeriac.worker.autoscale:Autoscaler",
        "The class that adapts the number of child processes.",
        old="CELERYD_AUTOSCALER",
        celery="celery.worker.autoscale:Autoscaler",
        why="The same class under our name.",
    ),
    Setting(
        "worker_health",
        TEXT,
        None,
        "Where the worker answers `/live`, `/ready` and `/metrics` by HTTP: `PORT` on all addresses, or `HOST:PORT`.",
        own=True,
    ),
    Setting(
        "worker_consumer",
        CLASS,
        "celeriac.worker.consumer:Consumer",
        "The class that consumes messages.",
        old="CELERYD_CONSUMER",
        celery="celery.worker.consumer:Consumer",
        why="The same class under our name.",
        feature=INERT,
    ),
    Setting("worker_timer", CLASS, None, "The class of the worker's timer.", old="CELERYD_TIMER", feature=INERT),
    Setting(
        "worker_timer_precision",
        SECONDS,
        1.0,
        "How long that timer may sleep between looks.",
        old="CELERYD_TIMER_PRECISION",
        feature=INERT,
    ),
    Setting(
        "worker_pool_putlocks",
        BOOL,
        True,
        "Guard the pool with a semaphore.",
        old="CELERYD_POOL_PUTLOCKS",
        feature=INERT,
    ),
    Setting(
        "worker_pool_restarts",
        BOOL,
        False,
        "Allow remote control to restart the pool.",
        old="CELERYD_POOL_RESTARTS",
    ),
    Setting(
        "worker_enable_remote_control",
        BOOL,
        True,
        "Listen to remote control commands.",
        old="CELERY_ENABLE_REMOTE_CONTROL",
    ),
    Setting(
        "worker_refused_commands",
        NAMES,
        (),
        "Remote control commands that this worker does not carry out, such as `shutdown` or `terminate`.",
        own=True,
    ),
    Setting(
        "worker_send_task_events",
        BOOL,
        False,
        "Send events about tasks (`worker -E`).",
        old="CELERY_SEND_EVENTS",
    ),
    Setting("worker_logfile", PATH, None, "The log file when the command line names none.", declared=False),
    Setting("worker_pidfile", PATH, None, "The pid file when the command line names none.", declared=False),
    Setting("worker_uid", ANY, None, "The user to run as.", declared=False),
    Setting("worker_gid", ANY, None, "The group to run as.", declared=False),
    Setting("worker_umask", ANY, None, "The umask to run with, octal if it is a string.", declared=False),
    Setting("worker_executable", PATH, None, "The Python to run with.", declared=False),
)
