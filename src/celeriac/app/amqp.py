"""AMQP: the queues and the router of one app, made from its settings and made anew when those change."""

from operator import attrgetter
from typing import Any

from celeriac.core.message import Exchange, Queue

from .queues import Queues
from .routing import Router

# Everything about routing and messages that a sender may keep while these are the same objects.
_WATCHED = attrgetter(
    "task_routes",
    "task_queues",
    "task_default_queue",
    "task_default_exchange",
    "task_default_exchange_type",
    "task_default_routing_key",
    "task_default_queue_type",
    "task_default_delivery_mode",
    "task_create_missing_queues",
    "task_create_missing_queue_type",
    "task_create_missing_queue_exchange_type",
    "task_queue_max_priority",
    "task_compression",
    "task_serializer",
    "task_protocol",
    "task_repr_maxlevels",
)


class AMQP:
    """`app.amqp`: queues, router and the defaults of both."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self._seen: tuple[Any, ...] | None = None
        self._looked_at = -1  # the generation of the settings
        self._queues: Queues | None = None
        self._router: Router | None = None
        self.version = 0

    def refresh(self) -> int:
        """Look whether settings have changed; the number that this returns changes with them."""
        conf = self.app.conf
        if conf.generation == self._looked_at:
            return self.version
        conf.finalize()
        self._looked_at = conf.generation
        now = _WATCHED(conf)
        if now != self._seen:
            self._seen = now
            self._queues = self._router = None
            self.version += 1
        return self.version

    @property
    def queues(self) -> Queues:
        """The queues this app sends to and its workers consume."""
        self.refresh()
        found = self._queues
        if found is None:
            found = self._queues = self.make_queues(self.app.conf.task_queues)
        return found

    @queues.setter
    def queues(self, queues: Any) -> None:
        self.refresh()
        self._queues = queues if isinstance(queues, Queues) else self.make_queues(queues)
        self._router = None
        self.version += 1

    @property
    def router(self) -> Router:
        """Decides where calls go."""
        self.refresh()
        found = self._router
        if found is None:
            found = self._router = self.Router()
        return found

    @router.setter
    def router(self, router: Router) -> None:
        self._router = router
        self.version += 1

    @property
    def routes(self) -> Any:
        """The routers of task_routes."""
        return self.router.routes

    def flush_routes(self) -> None:
        """Read task_routes again."""
        self._router = None
        self.version += 1

    def Router(self, queues: Queues | None = None, create_missing: bool | None = None) -> Router:  # noqa: N802
        """A router for the app's routes."""
        conf = self.app.conf
        missing = conf.task_create_missing_queues if create_missing is None else create_missing
        return Router(conf.task_routes, self.queues if queues is None else queues, bool(missing), self.app)

    @property
    def default_exchange(self) -> Exchange:
        """The exchange of queues that name none."""
        conf = self.app.conf
        return Exchange(conf.task_default_exchange or conf.task_default_queue, conf.task_default_exchange_type)

    @property
    def default_queue(self) -> Queue:
        """Where calls go that no router has an opinion on."""
        return self.queues[self.app.conf.task_default_queue]

    def make_queues(self, queues: Any, create_missing: bool | None = None) -> Queues:
        """Queues from the setting task_queues; without any, the default queue."""
        conf = self.app.conf
        missing = conf.task_create_missing_queues if create_missing is None else create_missing
        made = Queues(
            queues,
            self.default_exchange,
            bool(missing),
            conf.task_create_missing_queue_type,
            conf.task_create_missing_queue_exchange_type,
            None,
            conf.task_queue_max_priority,
            conf.task_default_routing_key or conf.task_default_queue,
        )
        if not queues:
            quorum = {"x-queue-type": "quorum"} if conf.task_default_queue_type == "quorum" else None
            made.add(Queue(conf.task_default_queue, queue_arguments=quorum))
        return made
