"""Settings about periodic tasks."""

from ..declare import INERT, Setting
from ..kinds import ANY, BOOL, CLASS, DICT, PATH, SECONDS, WHOLE

TITLE = "Periodic tasks"

SETTINGS = (
    Setting(
        "beat_schedule",
        DICT,
        {},
        "The periodic tasks: a dict from a name to `task`, `schedule`, `args`, `kwargs`, `options`, `relative`.",
        old="CELERYBEAT_SCHEDULE",
        feature=INERT,
    ),
    Setting(
        "beat_scheduler",
        CLASS,
        "celeriac.beat:PersistentScheduler",
        "The class that says what is due.",
        old="CELERYBEAT_SCHEDULER",
        celery="celery.beat:PersistentScheduler",
        why="The same class under our name.",
        feature=INERT,
    ),
    Setting(
        "beat_schedule_filename",
        PATH,
        "celerybeat-schedule",
        "The file in which the scheduler remembers when each task ran last.",
        old="CELERYBEAT_SCHEDULE_FILENAME",
        feature=INERT,
    ),
    Setting(
        "beat_max_loop_interval",
        SECONDS,
        0,
        "How long to sleep between looks at the schedule at most; 0 leaves it to the scheduler.",
        old="CELERYBEAT_MAX_LOOP_INTERVAL",
        feature=INERT,
    ),
    Setting(
        "beat_sync_every",
        WHOLE,
        0,
        "After how many tasks the file is written; 0 is every three minutes.",
        old="CELERYBEAT_SYNC_EVERY",
        feature=INERT,
    ),
    Setting(
        "beat_cron_starting_deadline",
        WHOLE,
        None,
        "How late a missed run of a crontab may still start, in seconds; None is always.",
        old="CELERYBEAT_CRON_STARTING_DEADLINE",
        feature=INERT,
    ),
    Setting(
        "beat_enable_remote_control",
        BOOL,
        False,
        "Let the scheduler answer `inspect ping`.",
        old="CELERYBEAT_ENABLE_REMOTE_CONTROL",
        feature=INERT,
    ),
    Setting(
        "beat_remote_control_max_tick_age",
        SECONDS,
        None,
        "Stop answering when the last look at the schedule is longer ago than this.",
        old="CELERYBEAT_REMOTE_CONTROL_MAX_TICK_AGE",
        feature=INERT,
    ),
    Setting("beat_logfile", PATH, None, "The scheduler's log file.", feature=INERT, declared=False),
    Setting("beat_pidfile", PATH, None, "The scheduler's pid file.", feature=INERT, declared=False),
    Setting("beat_uid", ANY, None, "The user the scheduler runs as.", feature=INERT, declared=False),
    Setting("beat_gid", ANY, None, "The group the scheduler runs as.", feature=INERT, declared=False),
    Setting("beat_umask", ANY, None, "The scheduler's umask.", feature=INERT, declared=False),
    Setting("beat_executable", PATH, None, "The Python the scheduler runs with.", feature=INERT, declared=False),
)
