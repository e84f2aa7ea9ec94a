"""The options a user may give for RabbitMQ, under kombu's names, checked once and turned into one value."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from celeriac.core.near import near

from ...core.errors import ImproperlyConfigured
from ...core.ports import TransportOptions
from .login import FRAME_MAX, METHODS

_HEARTBEAT: Final = 10.0


class RabbitOptions(msgspec.Struct, frozen=True):
    """broker_transport_options and the broker_* settings, as far as RabbitMQ is concerned."""

    heartbeat: float = _HEARTBEAT
    login_method: str = ""
    frame_max: int = FRAME_MAX
    connect_timeout: float = 4.0
    client_name: str = ""
    queue_type_of_delays: str = "quorum"
    max_prefetch: int = 4000


# Accepted because programs written for Celery set them; the right column says why they do nothing here.
IGNORED: Final = {
    "confirm_publish": "publishes are always confirmed",
    "max_retries": "task_publish_retry_policy says how often a publish is tried",
    "interval_start": "see max_retries",
    "interval_step": "see max_retries",
    "interval_max": "see max_retries",
    "errback": "",
    "read_timeout": "every operation has a deadline of its own",
    "write_timeout": "see read_timeout",
    "socket_settings": "",
    "client_properties": "",
    "native_delayed_delivery_queue_type": "broker_native_delayed_delivery_queue_type says it",
    "additional_connection_errors": "every error of the connection is an OperationalError",
    "visibility_timeout": "the broker takes back what a worker held when its connection ends",
    "polling_interval": "the broker pushes",
    "queue_order_strategy": "",
    "priority_steps": "priorities are RabbitMQ's own: queues with max_priority",
    "global_keyprefix": "use a virtual host",
}
# the name among the options -> ours
_NAMES: Final = {
    "heartbeat": "heartbeat",
    "login_method": "login_method",
    "frame_max": "frame_max",
    "connect_timeout": "connect_timeout",
    "connection_timeout": "connect_timeout",
    "client_name": "client_name",
    "max_prefetch": "max_prefetch",
}


def parse_options(given: TransportOptions, query: Mapping[str, str]) -> RabbitOptions:
    """Settings, then the URL's parameters, then the transport options: the later has the last word."""
    settings = given.settings
    found: dict[str, Any] = {
        "heartbeat": settings.get("broker_heartbeat", _HEARTBEAT) or 0,
        "login_method": settings.get("broker_login_method"),
        "queue_type_of_delays": settings.get("broker_native_delayed_delivery_queue_type"),
        "connect_timeout": given.connect_timeout,
    }
    for source in (query, given.options):
        for name, value in source.items():
            if name in _NAMES:
                found[_NAMES[name]] = value
            elif name not in IGNORED and not _about_tls(name):
                raise ImproperlyConfigured(_unknown(name))
    try:
        options = msgspec.convert(
            {name: value for name, value in found.items() if value is not None}, RabbitOptions, strict=False
        )
    except msgspec.ValidationError as error:
        raise ImproperlyConfigured(f"A RabbitMQ transport option has the wrong type: {error}") from None
    return _checked(options)


def _about_tls(name: str) -> bool:
    return name.startswith("ssl") or name in ("cacertfile", "certfile", "keyfile", "verify")


def _checked(options: RabbitOptions) -> RabbitOptions:
    method = options.login_method.upper()
    if method and method not in METHODS:
        raise ImproperlyConfigured(f"broker_login_method {options.login_method!r} is unknown: use {', '.join(METHODS)}")
    if options.frame_max < 4096:
        raise ImproperlyConfigured(f"frame_max is {options.frame_max}: AMQP's smallest is 4096")
    if options.max_prefetch < 1:
        raise ImproperlyConfigured(f"max_prefetch is {options.max_prefetch}: it must be 1 or more")
    return msgspec.structs.replace(options, login_method=method)


def _unknown(name: str) -> str:
    meant = near(name, sorted({*_NAMES, *IGNORED}))
    hint = f"; did you mean {meant!r}?" if meant else f"; known are {', '.join(sorted(_NAMES))}"
    return f"Unknown RabbitMQ transport option {name!r}{hint}"
