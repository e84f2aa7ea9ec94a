"""Settings about results in Redis."""

from ..declare import Setting
from ..kinds import ANY, BOOL, SECONDS, SSL, TEXT, WHOLE

TITLE = "Results in Redis"

SETTINGS = (
    Setting(
        "redis_host",
        TEXT,
        None,
        "The host used when `result_backend` is just `redis`; better write a URL there.",
        old="CELERY_REDIS_HOST",
    ),
    Setting("redis_port", WHOLE, None, "The port in that case.", old="CELERY_REDIS_PORT"),
    Setting("redis_db", WHOLE, None, "The database number in that case.", old="CELERY_REDIS_DB"),
    Setting("redis_username", TEXT, None, "The user in that case.", old="CELERY_REDIS_USERNAME"),
    Setting("redis_password", TEXT, None, "The password in that case.", old="CELERY_REDIS_PASSWORD", secret=True),
    Setting(
        "redis_backend_use_ssl",
        SSL,
        None,
        "TLS to the Redis that stores results: a dict such as `{'ssl_ca_certs': path}`.",
        old="CELERY_REDIS_BACKEND_USE_SSL",
    ),
    Setting(
        "redis_max_connections",
        WHOLE,
        None,
        "How many connections a process may hold to it.",
        old="CELERY_REDIS_MAX_CONNECTIONS",
    ),
    Setting(
        "redis_socket_timeout",
        SECONDS,
        120.0,
        "How long it may take to answer; a shorter deadline of the operation goes first.",
        old="CELERY_REDIS_SOCKET_TIMEOUT",
        none=True,
    ),
    Setting(
        "redis_socket_connect_timeout",
        SECONDS,
        None,
        "How long connecting to it may take.",
        old="CELERY_REDIS_SOCKET_CONNECT_TIMEOUT",
    ),
    Setting(
        "redis_socket_keepalive",
        BOOL,
        False,
        "Keep idle connections to it alive with TCP's keepalive.",
        old="CELERY_REDIS_SOCKET_KEEPALIVE",
    ),
    Setting(
        "redis_retry_on_timeout",
        BOOL,
        False,
        "Try once more when it did not answer in time.",
        old="CELERY_REDIS_RETRY_ON_TIMEOUT",
    ),
    Setting(
        "redis_backend_health_check_interval",
        SECONDS,
        None,
        "Seconds after which an idle connection is tested before use.",
        declared=False,
    ),
    Setting(
        "redis_backend_credential_provider",
        ANY,
        None,
        "An object, class or dotted path that gives user and password for each connection.",
        declared=False,
        secret=True,
    ),
    Setting("redis_client_name", TEXT, None, "The name by which Redis lists our connections.", declared=False),
)
