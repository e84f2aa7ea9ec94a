"""Settings about how tasks run, end and are retried."""

from ..declare import Setting
from ..kinds import ANY, BOOL, SECONDS, TEXT, WHOLE

TITLE = "Tasks: running"

SETTINGS = (
    Setting(
        "task_acks_late",
        BOOL,
        True,
        "Acknowledge a message when its task has ended, not when it starts: what a dead worker ran, runs again.",
        old="CELERY_ACKS_LATE",
        celery=False,
        why="With early acknowledgement a worker that dies loses what it runs and what it holds.",
    ),
    Setting(
        "task_acks_on_failure",
        BOOL,
        None,
        "Acknowledge a task that raised (True) or refuse its message (False); None follows "
        "`task_acks_on_failure_or_timeout`.",
        old="CELERY_ACKS_ON_FAILURE",
    ),
    Setting(
        "task_acks_on_timeout",
        BOOL,
        None,
        "Acknowledge a task that met its hard time limit (True) or put it back (False); None follows "
        "`task_acks_on_failure_or_timeout`.",
        old="CELERY_ACKS_ON_TIMEOUT",
    ),
    Setting(
        "task_acks_on_failure_or_timeout",
        BOOL,
        True,
        "Both of these in one; prefer them.",
        old="CELERY_ACKS_ON_FAILURE_OR_TIMEOUT",
    ),
    Setting(
        "task_reject_on_worker_lost",
        BOOL,
        True,
        "Run a task again when the process that ran it died, at most `task_max_lost` times.",
        old="CELERY_REJECT_ON_WORKER_LOST",
        celery=None,
        why="A child that is killed (out of memory, a deploy) is no reason to lose its task; `task_max_lost` "
        "keeps a task that kills its process from doing so for ever.",
    ),
    Setting(
        "task_max_lost",
        WHOLE,
        3,
        "How often a task may lose the process that runs it before it becomes a dead letter.",
        own=True,
    ),
    Setting(
        "task_revoke_expires",
        SECONDS,
        7 * 86400.0,
        "How long the broker remembers that a task was revoked.",
        own=True,
    ),
    Setting(
        "task_revoke_most",
        WHOLE,
        100_000,
        "How many revocations it remembers; beyond that the oldest are forgotten.",
        own=True,
    ),
    Setting(
        "task_retry_on_worker_lost",
        BOOL,
        False,
        "Count a lost process as one of the task's retries: `max_retries` bounds it too.",
        old="CELERY_RETRY_ON_WORKER_LOST",
    ),
    Setting(
        "task_time_limit",
        SECONDS,
        None,
        "How long a task may run before its process is killed.",
        old="CELERYD_TASK_TIME_LIMIT",
    ),
    Setting(
        "task_soft_time_limit",
        SECONDS,
        None,
        "How long a task may run before SoftTimeLimitExceeded is raised in it.",
        old="CELERYD_TASK_SOFT_TIME_LIMIT",
    ),
    Setting(
        "task_track_started", BOOL, False, "Store the state STARTED when a task starts.", old="CELERY_TRACK_STARTED"
    ),
    Setting("task_ignore_result", BOOL, False, "Store no results.", old="CELERY_IGNORE_RESULT"),
    Setting(
        "task_store_errors_even_if_ignored",
        BOOL,
        False,
        "Store failures although results are ignored.",
        old="CELERY_STORE_ERRORS_EVEN_IF_IGNORED",
    ),
    Setting(
        "task_always_eager",
        BOOL,
        False,
        "Run tasks at once in the calling process instead of sending them.",
        old="CELERY_ALWAYS_EAGER",
    ),
    Setting(
        "task_eager_propagates",
        BOOL,
        False,
        "Raise what a task raises when it runs eagerly.",
        old="CELERY_EAGER_PROPAGATES_EXCEPTIONS",
    ),
    Setting(
        "task_store_eager_result",
        BOOL,
        False,
        "Store the results of tasks that run eagerly.",
        old="CELERY_STORE_EAGER_RESULT",
    ),
    Setting(
        "task_annotations",
        ANY,
        None,
        "Changes to tasks' attributes: a dict by task name (`*` for all), an object with `annotate`, or a list.",
        old="CELERY_ANNOTATIONS",
    ),
    Setting(
        "task_default_rate_limit",
        ANY,
        None,
        "The rate limit of tasks that set none, such as `100/m`.",
        old="CELERY_DEFAULT_RATE_LIMIT",
    ),
    Setting(
        "task_remote_tracebacks",
        BOOL,
        False,
        "Let results carry tracebacks that can be raised again (needs the extra `tblib`).",
        old="CELERY_REMOTE_TRACEBACKS",
    ),
    Setting(
        "task_chain_inline",
        WHOLE,
        100,
        "So many links of a chain travel in a message; the later ones wait in the result store. None: all travel.",
        own=True,
        none=True,
        celery=None,
        why="The messages of a long chain would be as long, together, as the square of its length; Celery's workers "
        "can't read what waits in the store.",
    ),
    Setting(
        "task_allow_error_cb_on_chord_header",
        BOOL,
        False,
        "Call a chord's error callback for each failing task of its header.",
        old="CELERY_ALLOW_ERROR_CB_ON_CHORD_HEADER",
    ),
    Setting(
        "task_serializer",
        TEXT,
        "json",
        "How arguments are written: `json`, `pickle`, `yaml`, `msgpack` or a registered one.",
        old="CELERY_TASK_SERIALIZER",
    ),
    Setting(
        "task_compression",
        TEXT,
        None,
        "How messages are compressed: `gzip`, `bzip2`, `lzma`, `brotli`, `zstd`; None is not.",
        old="CELERY_MESSAGE_COMPRESSION",
    ),
)
