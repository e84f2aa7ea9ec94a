"""Settings about the worker's log."""

from ..declare import Setting
from ..kinds import ANY, BOOL, TEXT

TITLE = "Worker: log"

SETTINGS = (
    Setting(
        "worker_hijack_root_logger",
        BOOL,
        True,
        "Remove the handlers that the root logger had.",
        old="CELERYD_HIJACK_ROOT_LOGGER",
    ),
    Setting(
        "worker_log_color",
        BOOL,
        None,
        "Colours in a log that goes to a terminal; False is never.",
        old="CELERYD_LOG_COLOR",
    ),
    Setting(
        "worker_log_format",
        TEXT,
        "[%(asctime)s: %(levelname)s/%(processName)s] %(message)s",
        "The format of log lines.",
        old="CELERYD_LOG_FORMAT",
    ),
    Setting(
        "worker_log_json",
        BOOL,
        False,
        "Log lines are JSON objects (time, level, logger, message, process, pid, task, task_id, exception, extras).",
        own=True,
    ),
    Setting("worker_log_datefmt", TEXT, None, "The format of their times, as strftime's.", old="CELERYD_LOG_DATEFMT"),
    Setting(
        "worker_task_log_format",
        TEXT,
        "[%(asctime)s: %(levelname)s/%(processName)s] %(task_name)s[%(task_id)s]: %(message)s",
        "The format of log lines written by tasks.",
        old="CELERYD_TASK_LOG_FORMAT",
    ),
    Setting(
        "worker_task_log_datefmt",
        TEXT,
        None,
        "The format of the times of lines written by tasks.",
        old="CELERYD_TASK_LOG_DATEFMT",
    ),
    Setting(
        "worker_redirect_stdouts",
        BOOL,
        True,
        "Write what is printed to the log.",
        old="CELERY_REDIRECT_STDOUTS",
    ),
    Setting(
        "worker_redirect_stdouts_level",
        ANY,
        "WARNING",
        "The log level of what is printed.",
        old="CELERY_REDIRECT_STDOUTS_LEVEL",
    ),
)
