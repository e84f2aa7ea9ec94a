"""Settings about events and remote control."""

from ..declare import INERT, Setting
from ..kinds import ANY, BOOL, PATH, SECONDS, TEXT

TITLE = "Events and remote control"

SETTINGS = (
    Setting("event_exchange", TEXT, "celeryev", "The exchange of events.", old="CELERY_EVENT_EXCHANGE"),
    Setting("event_serializer", TEXT, "json", "How events are written.", old="CELERY_EVENT_SERIALIZER"),
    Setting(
        "event_queue_prefix",
        TEXT,
        "celeryev",
        "What the names of event queues begin with (RabbitMQ).",
        old="CELERY_EVENT_QUEUE_PREFIX",
    ),
    Setting(
        "event_queue_ttl",
        SECONDS,
        5.0,
        "How long an event waits in such a queue (RabbitMQ).",
        old="CELERY_EVENT_QUEUE_TTL",
        none=True,
    ),
    Setting(
        "event_queue_expires",
        SECONDS,
        60.0,
        "How long such a queue may be without a reader (RabbitMQ).",
        old="CELERY_EVENT_QUEUE_EXPIRES",
        none=True,
    ),
    Setting(
        "event_queue_exclusive",
        BOOL,
        True,
        "Only one connection may read such a queue.",
        old="CELERY_EVENT_QUEUE_EXCLUSIVE",
        feature=INERT,
    ),
    Setting(
        "event_queue_durable",
        BOOL,
        False,
        "Such a queue survives a restart of the broker.",
        old="CELERY_EVENT_QUEUE_DURABLE",
        feature=INERT,
    ),
    Setting("events_logfile", PATH, None, "The log file of `events`.", declared=False),
    Setting("events_pidfile", PATH, None, "The pid file of `events`.", declared=False),
    Setting("events_uid", ANY, None, "The user `events` runs as.", declared=False),
    Setting("events_gid", ANY, None, "The group `events` runs as.", declared=False),
    Setting("events_umask", ANY, None, "The umask of `events`.", declared=False),
    Setting("events_executable", PATH, None, "The Python `events` runs with.", declared=False),
    Setting(
        "control_exchange",
        TEXT,
        "celery",
        "What the names of the exchanges of remote control begin with.",
    ),
    Setting(
        "control_queue_ttl", SECONDS, 300.0, "How long a command or a reply waits to be read (RabbitMQ).", none=True
    ),
    Setting(
        "control_queue_expires",
        SECONDS,
        10.0,
        "How long a queue of commands or replies may be without a reader (RabbitMQ).",
        none=True,
    ),
    Setting("control_queue_exclusive", BOOL, True, "Only one connection may read a command queue.", feature=INERT),
    Setting(
        "control_queue_durable",
        BOOL,
        False,
        "A command queue survives a restart of the broker.",
        feature=INERT,
    ),
)
