"""Call options: what a caller may ask of one call, and what that makes of the message."""

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from celeriac.core.near import near
from celeriac.wire.task_message import TaskCall

from .moments import after, moment, seconds_of, zone_of

logger = logging.getLogger("celeriac.app")

Options = dict[str, Any]

# Options that are fields of the call under the same name.
_SAME: Final = (
    "shadow",
    "group_id",
    "group_index",
    "time_limit",
    "soft_time_limit",
    "root_id",
    "parent_id",
    "argsrepr",
    "kwargsrepr",
    "origin",
    "headers",
    "reply_to",
    "correlation_id",
    "priority",
    "compression",
)
_WITH_DEFAULT: Final = ("retries", "replaced_task_nesting")  # None means the default, too
# Read elsewhere, or without meaning here (connections belong to the app).
_ELSEWHERE: Final = frozenset(
    [
        "task_id",
        "eta",
        "countdown",
        "expires",
        "expiration",
        "link",
        "link_error",
        "chain",
        "chord",
        "ignore_result",
        "serializer",
        "delivery_mode",
        "stamped_headers",
        "queue",
        "exchange",
        "exchange_type",
        "routing_key",
        "add_to_parent",
        "retry",
        "retry_policy",
        "producer",
        "publisher",
        "connection",
        "route_name",
        "router",
        "result_cls",
        "task_type",
        "declare",
        "mandatory",
        "immediate",
        "timeout",
        "confirm_timeout",
        "event_dispatcher",
        "args",
        "kwargs",
        "task",
        "typing",
        "group",
        "chord_size",
        "visitor",
    ]
)
KNOWN: Final = frozenset(_SAME) | frozenset(_WITH_DEFAULT) | _ELSEWHERE


def call_from(app: Any, name: str, task_id: str, args: Any, kwargs: Any, options: Options) -> tuple[TaskCall, Any]:
    """The call that the options describe, and the Unix time before which it must not start (or None)."""
    fields: Options = {key: options[key] for key in _SAME if options.get(key) is not None}
    for key in _WITH_DEFAULT:
        if options.get(key):
            fields[key] = options[key]
    _followers(app, options, fields)
    _limits(fields)
    stamped = options.get("stamped_headers")
    if stamped:
        fields["stamped_headers"] = stamped
        fields["stamps"] = {stamp: options.get(stamp) for stamp in stamped}
    extra = options.keys() - KNOWN
    if extra:
        fields["properties"] = _properties(extra.difference(stamped or ()), options)
    due = _times(app, name, options, fields)
    conf = app.conf
    mode = options.get("delivery_mode")
    return (
        TaskCall(
            name=name,
            id=task_id,
            args=args,
            kwargs=kwargs,
            ignore_result=None if (ignored := options.get("ignore_result")) is None else bool(ignored),
            serializer=options.get("serializer") or conf.task_serializer,
            delivery_mode=_mode(conf.task_default_delivery_mode if mode is None else mode),
            repr_levels=conf.task_repr_maxlevels,
            **fields,
        ),
        due,
    )


def _followers(app: Any, options: Options, fields: Options) -> None:
    """What is to follow the task; one callback may stand for a list of one."""
    for option, field in (("link", "callbacks"), ("link_error", "errbacks"), ("chain", "chain")):
        value = options.get(option)
        if value:
            fields[field] = [value] if isinstance(value, Mapping) else value
    if options.get("chord"):
        fields["chord"] = options["chord"]
    if "chain" in fields and app.conf.task_protocol == 1:
        fields["callbacks"] = [*fields.get("callbacks", ()), _as_callback(fields.pop("chain"))]


def _as_callback(chain: Iterable[Mapping[str, Any]]) -> Options:
    """Protocol 1 has no place for the rest of a chain: each of its links (the last one first) calls back the next."""
    made: Options = {}
    for link in chain:
        options = dict(link.get("options") or {})
        if made:
            own = options.get("link") or []
            options["link"] = [*([own] if isinstance(own, Mapping) else own), made]
        made = {**link, "options": options}
    return made


def _limits(fields: Options) -> None:
    hard, soft = fields.get("time_limit"), fields.get("soft_time_limit")
    if hard and soft and soft > hard:
        raise ValueError(f"soft_time_limit ({soft}) must be less than or equal to time_limit ({hard})")


def _times(app: Any, name: str, options: Options, fields: Options) -> float | None:
    """Put eta, expires and expiration into the fields; the eta as Unix time."""
    eta, countdown, expires = options.get("eta"), options.get("countdown"), options.get("expires")
    due = None
    if eta is None and countdown is None and expires is None:
        if options.get("expiration") is not None:
            fields["expiration"] = options["expiration"]
        return None
    conf = app.conf
    zone = zone_of(conf)
    now = datetime.now(UTC)
    written = UTC if conf.enable_utc else zone
    if countdown is not None:
        wait = seconds_of(countdown)
        if wait is None:
            raise TypeError(f"countdown={countdown!r} must be a number of seconds")
        eta = after(now, wait, "countdown")
    if eta is not None:
        at = moment(eta, zone, "eta")
        due = at.timestamp()
        fields["eta"] = at.astimezone(written)
    if expires is not None:
        at, left = _expiry(expires, now, zone)
        if left < 0:
            logger.warning("Task %s is sent with an expires that is %.1f seconds in the past", name, -left)
        fields["expires"], fields["expiration"] = at.astimezone(written), max(left, 0)
    if options.get("expiration") is not None:
        fields["expiration"] = options["expiration"]
    return due


def _expiry(expires: Any, now: datetime, zone: Any) -> tuple[datetime, float]:
    """When the call expires, and how many seconds from now that is."""
    left = seconds_of(expires)
    if left is not None:
        return after(now, left, "expires"), left
    at = moment(expires, zone, "expires")
    return at, (at - now).total_seconds()


def _properties(names: Any, options: Options) -> Options:
    """Any other option is a property of the message, unless it looks like a misspelt option."""
    found = {name: options[name] for name in names if options[name] is not None}
    for name in found:
        meant = near(name, KNOWN, 0.85)
        if meant:
            raise TypeError(f"there is no call option {name!r}: did you mean {meant!r}?")
    return found


def _mode(mode: Any) -> int:
    names = {"transient": 1, "persistent": 2}
    return names[mode] if mode in names else int(mode)
