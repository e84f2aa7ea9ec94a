"""Routing: from the name and options of a call to the queue, exchange and routing key of its message."""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from fnmatch import translate
from typing import Any

from celeriac.core.errors import ImproperlyConfigured, QueueNotFound
from celeriac.core.message import Queue, Route

from .entities import exchange_of, is_queue, queue_of
from .queues import Queues
from .symbols import symbol

Options = dict[str, Any]
_GLOB = re.compile(r"[*?\[]")


class MapRoute:
    """A dict of task_routes: exact names first, then globs and patterns in their order."""

    def __init__(self, routes: Mapping[Any, Any] | Iterable[tuple[Any, Any]]) -> None:
        self.map: dict[str, Any] = {}
        self.patterns: OrderedDict[re.Pattern[str], Any] = OrderedDict()
        for key, target in routes.items() if isinstance(routes, Mapping) else routes:
            if isinstance(key, re.Pattern):
                self.patterns[key] = target
            elif _GLOB.search(key):
                self.patterns[re.compile(translate(key))] = target
            else:
                self.map[key] = target

    def __call__(self, name: str, *args: Any, **kwargs: Any) -> Options | None:
        target = self.map.get(name)
        if target is None:
            target = next((target for pattern, target in self.patterns.items() if pattern.match(name)), None)
        if target is None:
            return None
        return {"queue": target} if isinstance(target, str) or is_queue(target) else dict(target)

    def __repr__(self) -> str:
        return f"<MapRoute: {len(self.map) + len(self.patterns)} routes>"


def expand_router_string(router: Any) -> Callable[..., Any]:
    """A router from its dotted path; a class becomes an instance, an old router object its route_for_task."""
    router = symbol(router) if isinstance(router, str) else router
    if isinstance(router, type):
        router = router()
    found: Callable[..., Any] = getattr(router, "route_for_task", router)
    return found


def prepare(routes: Any) -> tuple[Callable[..., Any], ...]:
    """The routers that task_routes names, in their order."""
    if not routes:
        return ()
    if not isinstance(routes, (list, tuple)) or all(map(_is_pair, routes)):
        routes = (routes,)
    return tuple(_router(route) for route in routes)


def _router(route: Any) -> Callable[..., Any]:
    if isinstance(route, Mapping) or (isinstance(route, (list, tuple)) and all(map(_is_pair, route))):
        return MapRoute(route)
    router = expand_router_string(route)
    if not callable(router):
        raise ImproperlyConfigured(f"task_routes: {route!r} is no mapping, no callable and no path of one")
    return router


def _is_pair(entry: Any) -> bool:
    return isinstance(entry, (list, tuple)) and len(entry) == 2 and isinstance(entry[0], (str, re.Pattern))


def merged(preferred: Options, other: Options) -> Options:
    """`preferred` with what `other` says where it is not None: `other` (the caller) has the last word."""
    preferred.update((key, value) for key, value in other.items() if value is not None)
    return preferred


def _names_exchange(options: Options) -> bool:
    """The caller says all that is needed to leave the choice of queues to an exchange."""
    exchange = options.get("exchange")
    kind = options.get("exchange_type") or getattr(exchange, "type", "direct")
    return bool(exchange) and (kind != "direct" or bool(options.get("routing_key")))


class Router:
    """Asks the routers of task_routes, completes what they say, and falls back to the default queue."""

    def __init__(
        self, routes: Any = None, queues: Queues | None = None, create_missing: bool = False, app: Any = None
    ) -> None:
        self.app = app
        self.queues = queues if queues is not None else Queues()
        self.routes = prepare(routes)
        self.create_missing = create_missing
        # Only a map decides by the name alone, so only then may a sender keep what it decided.
        self.static = all(isinstance(route, MapRoute) for route in self.routes)

    def route(
        self, options: Options | None, name: str, args: Any = (), kwargs: Any = None, task_type: Any = None
    ) -> Options:
        """The options of a call completed with where it goes; `queue` is a Queue unless an exchange was given."""
        options = options or {}
        found = self.lookup_route(name, args, kwargs, options, task_type)
        if found is not None:
            options = merged(self.expand_destination(found), options)
        if "queue" not in options and self.app is not None and not _names_exchange(options):
            options = merged(self.expand_destination(self.app.conf.task_default_queue), options)
        return options

    def expand_destination(self, route: Any) -> Options:
        """Options from what a router returned, with the queue's name replaced by the queue."""
        named = isinstance(route, str) or is_queue(route)
        expanded: Options = {} if named else dict(route)
        queue = route if named else expanded.pop("queue", None)
        if queue:
            expanded["queue"] = self.queue(queue)
        return expanded

    def queue(self, queue: str | Queue) -> Queue:
        """The queue of this name; raises QueueNotFound where it may not be made."""
        if not isinstance(queue, str):
            return queue_of(queue)
        try:
            return self.queues[queue]
        except KeyError:
            known = ", ".join(sorted(self.queues)) or "none"
            raise QueueNotFound(
                f"Queue {queue!r} missing from task_queues (known: {known}) and task_create_missing_queues is off"
            ) from None

    def lookup_route(self, name: str, args: Any, kwargs: Any, options: Options, task_type: Any) -> Any:
        """What the first router with an opinion says."""
        for router in self.routes:
            if isinstance(router, MapRoute):
                found: Any = router(name)
            else:
                found = router(name, args or (), kwargs or {}, options, task=task_type)
            if found is not None:
                return found
        return None

    def destination(self, options: Options) -> Route:
        """The route of a message whose options `route` completed."""
        wanted = options.get("queue")
        queue = self.queue(wanted) if wanted is not None else None
        exchange: Any = options.get("exchange")
        key = options.get("routing_key")
        kind = options.get("exchange_type")
        if exchange is not None and not isinstance(exchange, str):
            exchange = exchange_of(exchange)
            exchange, kind = exchange.name, kind or exchange.type
        if queue is None and exchange:
            queue = self._on_exchange(exchange, key)
        if queue is None:
            return Route(key or "", exchange or "", kind or "direct")
        if (kind or queue.exchange.type) == "direct" and not (exchange and key):
            # A direct queue is reached by its name through the default exchange, whatever its own binding.
            return Route(queue.name, "", "direct", queue)
        return Route(key or queue.routing_key, exchange or queue.exchange.name, kind or queue.exchange.type, queue)

    def _on_exchange(self, exchange: str, key: str | None) -> Queue | None:
        """A queue of task_queues that such a message reaches, to be declared before the first one is sent."""
        bound = [queue for queue in self.queues.values() if queue.exchange.name == exchange]
        return next((queue for queue in bound if queue.exchange.type == "fanout" or queue.routing_key == key), None)
