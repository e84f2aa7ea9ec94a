"""The options a user may give for Redis, under kombu's names, checked once and turned into one value."""

from collections.abc import Mapping
from typing import Any

import msgspec

from celeriac.core.near import near

from ...core.errors import ImproperlyConfigured


class RedisOptions(msgspec.Struct, frozen=True):
    """broker_transport_options or result_backend_transport_options, as far as Redis is concerned."""

    global_keyprefix: str = ""
    priority_steps: tuple[int, ...] = (0, 3, 6, 9)
    sep: str = "\x06\x16"
    visibility_timeout: float = 3600.0
    unacked_key: str = "unacked"
    unacked_index_key: str = "unacked_index"
    unacked_restore_limit: int = 500
    fanout_prefix: bool | str = True
    fanout_patterns: bool = True
    deadletter_queue: str | None = None
    queue_order_strategy: str = "round_robin"
    max_connections: int | None = None
    socket_connect_timeout: float | None = None
    socket_keepalive: bool | None = None
    socket_keepalive_options: Mapping[int, int] | None = None
    health_check_interval: float | None = 25.0
    client_name: str | None = None
    credential_provider: Any = None
    master_name: str | None = None
    min_other_sentinels: int = 0
    sentinel_kwargs: Mapping[str, Any] | None = None
    cluster_keyprefix: str = "{celeriac}"
    result_chord_ordered: bool = True


# Accepted because programs written for Celery set them; the right column says why they do nothing here.
IGNORED = {
    "ack_emulation": "claimed messages are always kept until they are settled",
    "unacked_mutex_key": "putting messages back is one atomic script a message, so no mutex is needed",
    "unacked_mutex_expire": "see unacked_mutex_key",
    "unacked_restore_interval": "the worker decides how often it looks for messages of dead workers",
    "unacked_restore_throttle": "see unacked_restore_interval",
    "body_encoding": "bodies are always base64, which every reader understands",
    "no_ack_consumers": "",
    "socket_timeout": "every operation has a deadline of its own",
    "retry_on_timeout": "an operation that ran out of time is reported, not repeated behind the caller's back",
    "reauth_check_interval": "",
    "retry_policy": "",
    "additional_connection_errors": "every error of the connection is an OperationalError",
    "sentinel_fanout_compat": "",
    "max_retries": "",
    "interval_start": "",
    "interval_step": "",
    "interval_max": "",
    "errback": "",
    "db": "",
}

_KNOWN = frozenset(RedisOptions.__struct_fields__)


def parse_options(given: Mapping[str, Any]) -> RedisOptions:
    """The options as one value; refuses a name that means nothing here, naming the nearest that does."""
    known = {}
    for name, value in given.items():
        if name in _KNOWN:
            known[name] = value
        elif name not in IGNORED:
            raise ImproperlyConfigured(_unknown(name))
    try:
        options = msgspec.convert(_without_none(known), RedisOptions, strict=False)
    except msgspec.ValidationError as error:
        raise ImproperlyConfigured(f"A Redis transport option has the wrong type: {error}") from None
    return _checked(options)


def _without_none(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _checked(options: RedisOptions) -> RedisOptions:
    steps = options.priority_steps
    if not steps or list(steps) != sorted(set(steps)):
        raise ImproperlyConfigured(f"priority_steps must be ascending numbers, for example [0, 3, 6, 9]; got {steps!r}")
    if options.queue_order_strategy not in ("round_robin", "sorted", "priority"):
        raise ImproperlyConfigured(
            f"queue_order_strategy {options.queue_order_strategy!r} is unknown: use round_robin, sorted or priority"
        )
    return options


def _unknown(name: str) -> str:
    meant = near(name, sorted(_KNOWN | set(IGNORED)))
    hint = f"; did you mean {meant!r}?" if meant else f"; known are {', '.join(sorted(_KNOWN))}"
    return f"Unknown Redis transport option {name!r}{hint}"
