"""Settings about how task messages are written, routed and sent."""

from ..declare import Setting
from ..kinds import ANY, BOOL, DELIVERY_MODE, DICT, INT, QUEUES, TEXT, WHOLE, choice

TITLE = "Tasks: sending and routing"

SETTINGS = (
    Setting(
        "task_protocol",
        INT,
        2,
        "The version of the task message that is sent; both 1 and 2 are read.",
        old="CELERY_TASK_PROTOCOL",
    ),
    Setting(
        "task_publish_retry",
        BOOL,
        True,
        "Try again when a message could not be sent, until `publish_timeout` has passed.",
        old="CELERY_TASK_PUBLISH_RETRY",
    ),
    Setting(
        "task_publish_retry_policy",
        DICT,
        {"max_retries": 3, "interval_start": 0, "interval_max": 1, "interval_step": 0.2},
        "How often and at what intervals: `max_retries`, `interval_start`, `interval_step`, `interval_max`.",
        old="CELERY_TASK_PUBLISH_RETRY_POLICY",
    ),
    Setting(
        "task_repr_maxlevels",
        WHOLE,
        3,
        "How deep nested arguments are shown in a message's `argsrepr` and `kwargsrepr`.",
        old="CELERY_REPR_MAXLEVELS",
    ),
    Setting(
        "task_send_sent_event",
        BOOL,
        False,
        "Send a `task-sent` event for every message.",
        old="CELERY_SEND_TASK_SENT_EVENT",
    ),
    Setting(
        "task_routes",
        ANY,
        None,
        "Which task goes where: a dict by task name, pattern or regular expression, a function, or a list of these.",
        old="CELERY_ROUTES",
    ),
    Setting(
        "task_queues",
        QUEUES,
        None,
        "The queues workers consume from; None is the one named `task_default_queue`.",
        old="CELERY_QUEUES",
    ),
    Setting(
        "task_create_missing_queues",
        BOOL,
        True,
        "Make queues that are not in `task_queues` when they are named; else that raises QueueNotFound.",
        old="CELERY_CREATE_MISSING_QUEUES",
    ),
    Setting(
        "task_create_missing_queue_type",
        choice("classic", "quorum"),
        "classic",
        "The RabbitMQ type of queues made so.",
        old="CELERY_CREATE_MISSING_QUEUE_TYPE",
    ),
    Setting(
        "task_create_missing_queue_exchange_type",
        TEXT,
        None,
        "The exchange type of queues made so; None is `task_default_exchange_type`.",
        old="CELERY_CREATE_MISSING_QUEUE_EXCHANGE_TYPE",
    ),
    Setting(
        "task_default_queue",
        TEXT,
        "celery",
        "The queue of tasks that nothing routes elsewhere; the name is Celery's so that both can share a broker.",
        old="CELERY_DEFAULT_QUEUE",
    ),
    Setting(
        "task_default_queue_type",
        choice("classic", "quorum"),
        "classic",
        "The RabbitMQ type of the default queue.",
        old="CELERY_DEFAULT_QUEUE_TYPE",
    ),
    Setting(
        "task_default_exchange",
        TEXT,
        None,
        "The exchange of queues that name none; None is `task_default_queue`.",
        old="CELERY_DEFAULT_EXCHANGE",
    ),
    Setting(
        "task_default_exchange_type",
        TEXT,
        "direct",
        "The type of that exchange: `direct`, `topic`, `fanout` or `headers`.",
        old="CELERY_DEFAULT_EXCHANGE_TYPE",
    ),
    Setting(
        "task_default_routing_key",
        TEXT,
        None,
        "The routing key of queues that name none; None is `task_default_queue`.",
        old="CELERY_DEFAULT_ROUTING_KEY",
    ),
    Setting(
        "task_default_delivery_mode",
        DELIVERY_MODE,
        2,
        "2: messages survive a restart of the broker; 1: they may not.",
        old="CELERY_DEFAULT_DELIVERY_MODE",
    ),
    Setting(
        "task_default_priority",
        WHOLE,
        None,
        "The priority of messages that name none; on Redis lower goes first, elsewhere higher.",
        old="CELERY_DEFAULT_PRIORITY",
    ),
    Setting(
        "task_queue_max_priority",
        WHOLE,
        None,
        "The highest priority of queues that name none (`x-max-priority` on RabbitMQ).",
        old="CELERY_QUEUE_MAX_PRIORITY",
    ),
    Setting(
        "task_inherit_parent_priority",
        BOOL,
        False,
        "Tasks sent by a task have its priority.",
        old="CELERY_INHERIT_PARENT_PRIORITY",
    ),
)
