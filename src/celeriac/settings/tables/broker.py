"""Settings about reaching the broker."""

from ..declare import INERT, Setting
from ..kinds import BOOL, CLASS, DICT, INT, NUMBER, SECONDS, SSL, TEXT, URL, WHOLE, choice

TITLE = "Broker"

SETTINGS = (
    Setting(
        "broker_url",
        URL,
        None,
        "Where messages wait: a URL, several separated by `;`, or a list. None is the embedded broker, a SQLite file "
        "in `.celeriac/`. The environment's CELERIAC_BROKER_URL goes before this.",
    ),
    Setting("broker_read_url", URL, None, "The URL workers consume from; None is `broker_url`."),
    Setting("broker_write_url", URL, None, "The URL messages are sent to; None is `broker_url`."),
    Setting(
        "broker_transport",
        TEXT,
        None,
        "The scheme of the URL made from `broker_host` and its sisters where there is no `broker_url`.",
    ),
    Setting("broker_host", TEXT, None, "The host of that URL; better put it into `broker_url`."),
    Setting("broker_port", WHOLE, None, "The port of that URL."),
    Setting("broker_user", TEXT, None, "The user of that URL."),
    Setting("broker_password", TEXT, None, "The password of that URL.", secret=True),
    Setting("broker_vhost", TEXT, None, "The virtual host, or database number, of that URL."),
    Setting(
        "broker_transport_options",
        DICT,
        {},
        "Options of the broker's own kind, such as `visibility_timeout`, `global_keyprefix` or `priority_steps`.",
    ),
    Setting(
        "broker_use_ssl",
        SSL,
        False,
        "TLS to the broker: True, or a dict of options such as `ssl_ca_certs` (Redis) or `ca_certs` (RabbitMQ).",
        none=True,
    ),
    Setting("broker_connection_timeout", SECONDS, 4, "How long connecting to the broker may take.", none=True),
    Setting("broker_connection_retry", BOOL, True, "Connect again when the connection to the broker is lost."),
    Setting(
        "broker_connection_retry_on_startup",
        BOOL,
        None,
        "The same when a worker starts and finds no broker; None follows `broker_connection_retry`.",
    ),
    Setting(
        "broker_connection_max_retries",
        WHOLE,
        100,
        "How often a worker tries to connect before it gives up and exits; 0 or None is for ever.",
        none=True,
    ),
    Setting(
        "broker_channel_error_retry",
        BOOL,
        False,
        "Connect again after errors of an AMQP channel as well.",
        feature=INERT,
    ),
    Setting(
        "broker_failover_strategy",
        CLASS,
        None,
        "The order in which several URLs are tried: `round-robin` (also for None) or `shuffle`.",
    ),
    Setting(
        "broker_heartbeat",
        NUMBER,
        10,
        "Seconds between AMQP heartbeats, at most (RabbitMQ may ask for fewer); 0 is none.",
        celery=120,
        none=True,
        why="A machine that is gone is noticed within half a minute, and its tasks run elsewhere.",
    ),
    Setting(
        "broker_heartbeat_checkrate",
        NUMBER,
        3.0,
        "How often within one interval the AMQP heartbeat is checked.",
        feature=INERT,
    ),
    Setting(
        "broker_login_method",
        TEXT,
        None,
        "The way of logging in to RabbitMQ: PLAIN, AMQPLAIN or EXTERNAL (by certificate); None takes what it offers.",
    ),
    Setting(
        "broker_native_delayed_delivery_queue_type",
        choice("classic", "quorum"),
        "quorum",
        "The type of the queues in which RabbitMQ holds delayed messages.",
    ),
    Setting(
        "broker_pool_limit",
        INT,
        10,
        "How many connections to the broker a process may hold for sending; 0 or None is one per use.",
        none=True,
    ),
    Setting(
        "broker_pool_acquire_timeout",
        SECONDS,
        None,
        "How long to wait for a free connection; here `publish_timeout` bounds that wait too.",
        feature=INERT,
    ),
)
