"""Wrong names that people write again and again, and names that belong to other packages or to the past."""

from types import MappingProxyType
from typing import Final

# Lower case, without CELERY_: what was written -> what was meant. Only what no general rule finds.
MEANT: Final = MappingProxyType(
    {
        "amqp_url": "broker_url",
        "backend": "result_backend",
        "backend_url": "result_backend",
        "broker": "broker_url",
        "broker_db": "broker_vhost",
        "broker_uri": "broker_url",
        "broker_username": "broker_user",
        "broker_virtual_host": "broker_vhost",
        "broker_visibility_timeout": "broker_transport_options",
        "cassandra_secure_bundle_path": "cassandra_bundle_path",
        "database_db_names": "database_table_names",
        "eager": "task_always_eager",
        "late_acks": "task_acks_late",
        "max_retries": "task_publish_retry_policy",
        "num_workers": "worker_concurrency",
        "periodic_tasks": "beat_schedule",
        "prefetch": "worker_prefetch_multiplier",
        "prefetch_count": "worker_prefetch_multiplier",
        "queue": "task_default_queue",
        "redis_url": "result_backend",
        "result_backend_url": "result_backend",
        "result_ttl": "result_expires",
        "result_url": "result_backend",
        "results_backend": "result_backend",
        "router": "task_routes",
        "routers": "task_routes",
        "schedule": "beat_schedule",
        "task_hard_time_limit": "task_time_limit",
        "task_timeout": "task_time_limit",
        "time_zone": "timezone",
        "tz": "timezone",
        "use_utc": "enable_utc",
        "visibility_timeout": "broker_transport_options",
        "worker_max_memory": "worker_max_memory_per_child",
        "worker_max_tasks": "worker_max_tasks_per_child",
        "worker_prefetch": "worker_prefetch_multiplier",
        "worker_prefetch_count": "worker_prefetch_multiplier",
        "worker_processes": "worker_concurrency",
        "workers": "worker_concurrency",
    }
)

# Patterns, lower case and without CELERY_, of what well-known companions of Celery read from the same place.
COMPANIONS: Final = (
    "redbeat_*",
    "once",
    "once_*",
    "singleton_*",
    "progress_*",
    "email_*",
    "haystack_*",
    "flower_*",
    "beat_dburi",
    "beat_engine_options",
    "beat_schema",
)

# Celery 3 read these; Celery has ignored them since 4.0, so old programs may still carry them.
RETIRED: Final = frozenset(
    {
        "BROKER_INSIST",
        "CELERYBEAT_LOG_FILE",
        "CELERYBEAT_LOG_LEVEL",
        "CELERYD_ETA_SCHEDULER",
        "CELERYD_ETA_SCHEDULER_PRECISION",
        "CELERYD_FORCE_EXECV",
        "CELERYD_LOG_FILE",
        "CELERYD_LOG_LEVEL",
        "CELERY_CHORD_PROPAGATES",
        "CELERY_FORCE_EXECV",
        "CELERY_SEND_TASK_ERROR_EMAILS",
        "CELERY_TASK_ERROR_WHITELIST",
    }
)
