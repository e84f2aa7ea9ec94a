"""Entities: queues and exchanges that programs describe with kombu's objects, as Celeriac's own values."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeGuard

from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.message import Exchange, Queue

_MODES: Final = {"transient": 1, "persistent": 2}
_FLAGS: Final = ("durable", "exclusive", "auto_delete", "no_ack")
_OPTIONS: Final = (
    *("expires", "message_ttl", "max_length", "max_priority"),
    *("queue_arguments", "binding_arguments", "consumer_arguments", "alias"),
)


def is_queue(value: Any) -> TypeGuard[Queue]:
    """True for our own queues and for objects that describe one, as kombu's do."""
    return isinstance(value, Queue) or (
        not isinstance(value, str | Mapping) and hasattr(value, "name") and hasattr(value, "routing_key")
    )


def queue_of(value: Any) -> Queue:
    """The queue that an object describes."""
    if isinstance(value, Queue):
        return value
    if not is_queue(value) or not value.name:
        raise ImproperlyConfigured(f"{value!r} is no queue: write Queue(name, Exchange(name), routing_key=...)")
    given: dict[str, Any] = {
        name: bool(getattr(value, name, None)) for name in _FLAGS if getattr(value, name, None) is not None
    }
    said = {name: getattr(value, name, None) for name in _OPTIONS}
    return Queue(
        value.name,
        exchange_of(getattr(value, "exchange", None)),
        value.routing_key or "",
        bindings=_bindings(getattr(value, "bindings", None)),
        **given,
        **{name: option for name, option in said.items() if option is not None},
    )


def exchange_of(value: Any) -> Exchange:
    """The exchange that an object (or its name) describes; without one, the default exchange."""
    if isinstance(value, Exchange):
        return value
    if value is None or isinstance(value, str):
        return Exchange(value or "")
    mode = getattr(value, "delivery_mode", None)
    return Exchange(
        value.name or "",
        getattr(value, "type", None) or "direct",
        durable=bool(getattr(value, "durable", True)),
        auto_delete=bool(getattr(value, "auto_delete", False)),
        delivery_mode=_MODES[mode] if isinstance(mode, str) else mode,
        arguments=getattr(value, "arguments", None) or None,
    )


def _bindings(found: Iterable[Any] | None) -> tuple[tuple[Exchange, str], ...]:
    """kombu has a set of objects, we have pairs."""
    pairs = [
        (exchange_of(one[0]), one[1]) if isinstance(one, tuple) else (exchange_of(one.exchange), one.routing_key or "")
        for one in found or ()
    ]
    return tuple(sorted(pairs, key=lambda pair: (pair[0].name, pair[1])))
