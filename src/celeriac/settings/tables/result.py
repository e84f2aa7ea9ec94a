"""Settings about storing and reading results."""

from ..declare import INERT, Setting
from ..kinds import BACKEND, BOOL, DICT, INT, NUMBER, SECONDS, TEXT, WHOLE

TITLE = "Results"

SETTINGS = (
    Setting(
        "result_backend",
        BACKEND,
        None,
        "Where results are stored: a URL or alias. None is the embedded store if the broker is the embedded one, "
        "otherwise no results are stored; `disabled` never stores any. The environment's CELERIAC_RESULT_BACKEND "
        "goes before this.",
        old="CELERY_RESULT_BACKEND",
        why="The default is None in both, but with nothing configured at all Celeriac keeps results in its embedded "
        "store, where Celery keeps none.",
    ),
    Setting(
        "result_backend_transport_options",
        DICT,
        {},
        "Options of the store's own kind, such as `global_keyprefix`, `master_name` or `retry_policy`.",
        old="CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS",
    ),
    Setting(
        "result_serializer",
        TEXT,
        "json",
        "How results are written: `json`, `pickle`, `yaml`, `msgpack` or a registered one.",
        old="CELERY_RESULT_SERIALIZER",
    ),
    Setting(
        "result_compression",
        TEXT,
        None,
        "How stored results are compressed: `zlib`, `gzip`, `bzip2`, `lzma`, `brotli`, `zstd`; None is not.",
        old="CELERY_RESULT_COMPRESSION",
    ),
    Setting(
        "result_expires",
        SECONDS,
        86400.0,
        "How long results are kept (a day); 0 or None is for ever.",
        old="CELERY_TASK_RESULT_EXPIRES",
        none=True,
    ),
    Setting(
        "result_failure_expires",
        SECONDS,
        None,
        "How long failures are kept; None is as long as other results.",
        old="CELERY_RESULT_FAILURE_EXPIRES",
    ),
    Setting(
        "result_extended",
        BOOL,
        False,
        "Store the task's name, arguments, worker, retries and queue with its result.",
        old="CELERY_RESULT_EXTENDED",
    ),
    Setting(
        "result_cache_max",
        INT,
        -1,
        "How many results a client remembers; -1 is none, 0 or None no limit.",
        old="CELERY_MAX_CACHED_RESULTS",
        none=True,
    ),
    Setting(
        "result_backend_thread_safe",
        BOOL,
        False,
        "Share one backend object between threads; here it always is shared.",
        declared=False,
    ),
    Setting(
        "result_backend_always_retry",
        BOOL,
        False,
        "Try again when the result store fails; here `result_timeout` bounds each attempt.",
        old="CELERY_RESULT_BACKEND_ALWAYS_RETRY",
        feature=INERT,
    ),
    Setting(
        "result_backend_max_retries",
        NUMBER,
        float("inf"),
        "How often to try again.",
        old="CELERY_RESULT_BACKEND_MAX_RETRIES",
        feature=INERT,
    ),
    Setting(
        "result_backend_base_sleep_between_retries_ms",
        WHOLE,
        10,
        "Milliseconds before the first of these retries.",
        old="CELERY_RESULT_BACKEND_BASE_SLEEP_BETWEEN_RETRIES_MS",
        feature=INERT,
    ),
    Setting(
        "result_backend_max_sleep_between_retries_ms",
        WHOLE,
        10000,
        "Milliseconds between these retries at most.",
        old="CELERY_RESULT_BACKEND_MAX_SLEEP_BETWEEN_RETRIES_MS",
        feature=INERT,
    ),
    Setting(
        "result_chord_expires",
        SECONDS,
        None,
        "How long a chord waits for a sign of life of its header; None is 30 days.",
        old="CELERY_RESULT_CHORD_EXPIRES",
    ),
    Setting(
        "result_chord_join_timeout",
        SECONDS,
        3.0,
        "How long to wait for a chord's results when its body is about to run.",
        old="CELERY_RESULT_CHORD_JOIN_TIMEOUT",
        feature=INERT,
    ),
    Setting(
        "result_chord_retry_interval",
        SECONDS,
        1.0,
        "Seconds between looks at a chord on stores that can't count.",
        old="CELERY_RESULT_CHORD_RETRY_INTERVAL",
    ),
    Setting(
        "result_exchange",
        TEXT,
        "celeryresults",
        "The exchange of results that are sent as messages.",
        old="CELERY_RESULT_EXCHANGE",
        feature=INERT,
    ),
    Setting("result_exchange_type", TEXT, "direct", "Its type.", old="CELERY_RESULT_EXCHANGE_TYPE", feature=INERT),
    Setting(
        "result_persistent",
        BOOL,
        None,
        "Results sent as messages (rpc://) survive a restart of the broker; they do unless this is False.",
        old="CELERY_RESULT_PERSISTENT",
    ),
)
