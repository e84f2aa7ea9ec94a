"""Settings about periodic tasks."""

from ..declare import Setting
from ..kinds import ANY, BOOL, CLASS, DICT, PATH, SECONDS, TEXT, WHOLE, choice

TITLE = "Periodic tasks"

SETTINGS = (
    Setting(
        "beat_schedule",
        DICT,
        {},
        "The periodic tasks: a dict from a name to `task`, `schedule`, `args`, `kwargs`, `options`, `relative`, "
        "`missed`, `missed_limit`, `overlap`, `overlap_timeout`.",
        old="CELERYBEAT_SCHEDULE",
    ),
    Setting(
        "beat_scheduler",
        CLASS,
        "celeriac.beat:SharedScheduler",
        "The class that says what is due: `shared`, `persistent`, another short name, or a path. Where neither the "
        "broker nor the result store can hold schedules, the default is `persistent`.",
        old="CELERYBEAT_SCHEDULER",
        celery="celery.beat:PersistentScheduler",
        why="Any number of beats may run: one leads, and the others take over within seconds.",
    ),
    Setting(
        "beat_schedule_filename",
        PATH,
        "celerybeat-schedule",
        "The file in which the persistent scheduler remembers when each task ran last.",
        old="CELERYBEAT_SCHEDULE_FILENAME",
    ),
    Setting(
        "beat_max_loop_interval",
        SECONDS,
        0,
        "How long to sleep between looks at the schedule at most; 0 leaves it to the scheduler.",
        old="CELERYBEAT_MAX_LOOP_INTERVAL",
    ),
    Setting(
        "beat_sync_every",
        WHOLE,
        0,
        "After how many tasks the scheduler writes down what it knows, at the latest; 0 leaves it to the scheduler.",
        old="CELERYBEAT_SYNC_EVERY",
    ),
    Setting(
        "beat_cron_starting_deadline",
        WHOLE,
        None,
        "How late a missed run of a crontab may still start, in seconds; None is always.",
        old="CELERYBEAT_CRON_STARTING_DEADLINE",
    ),
    Setting(
        "beat_name",
        TEXT,
        None,
        "The name of the schedule in the broker's store; None is the app's name. Programs that share a broker need "
        "different ones.",
        own=True,
    ),
    Setting(
        "beat_store",
        choice("broker", "results"),
        None,
        "Where schedule and state are kept: in the broker, which is what None means, too, or in the result store, if "
        "that can hold them (Redis, PostgreSQL, SQLite).",
        own=True,
    ),
    Setting(
        "beat_lease_ttl",
        SECONDS,
        6.0,
        "How long after its death (or after it was cut off) a leading beat is replaced, in seconds.",
        own=True,
    ),
    Setting(
        "beat_enable_remote_control",
        BOOL,
        False,
        "Let beat answer `inspect ping`, as the node celerybeat@host.",
        old="CELERYBEAT_ENABLE_REMOTE_CONTROL",
    ),
    Setting(
        "beat_remote_control_max_tick_age",
        SECONDS,
        None,
        "Answer no ping when the last look at the schedule is longer ago than this, in seconds.",
        old="CELERYBEAT_REMOTE_CONTROL_MAX_TICK_AGE",
    ),
    Setting("beat_logfile", PATH, None, "The scheduler's log file.", declared=False),
    Setting("beat_pidfile", PATH, None, "The scheduler's pid file.", declared=False),
    Setting("beat_uid", ANY, None, "The user the scheduler runs as.", declared=False),
    Setting("beat_gid", ANY, None, "The group the scheduler runs as.", declared=False),
    Setting("beat_umask", ANY, None, "The scheduler's umask.", declared=False),
    Setting("beat_executable", PATH, None, "The Python the scheduler runs with.", declared=False),
)
