"""Rooms: the parts of an app, each made when it is first used."""

from functools import cached_property, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from .amqp import AMQP
from .backend import Backend, DisabledBackend
from .connection import Connection
from .identity import Identity
from .loaders import make_loader
from .publishing import Publisher
from .sending import Sender
from .symbols import symbol
from .transports import Transports

if TYPE_CHECKING:
    from .asynchronous import Asynchronous


PURGE_TIMEOUT: Final = 60.0  # a queue may hold millions


class Rooms:
    """The part of an app that holds its parts."""

    amqp_cls: Any = AMQP
    control_cls: Any = "celeriac.control:Control"
    events_cls: Any = "celeriac.events:Events"
    loader_cls: Any = None
    _loader: Any = None

    @cached_property
    def amqp(self) -> AMQP:
        """Queues and routes."""
        made: AMQP = symbol(self.amqp_cls)(self)
        return made

    @cached_property
    def loader(self) -> Any:
        """How workers import tasks."""
        return make_loader(self._loader or self.loader_cls, self)

    @cached_property
    def events(self) -> Any:
        """Events of workers and clients: receivers, dispatchers, and what a monitor remembers."""
        return symbol(self.events_cls)(self)

    @cached_property
    def transports(self) -> Transports:
        """Connections to broker and result store."""
        return Transports(self)

    @cached_property
    def sender(self) -> Sender:
        """Makes messages."""
        return Sender(self)

    @cached_property
    def publisher(self) -> Publisher:
        """Publishes messages."""
        return Publisher(self)

    @cached_property
    def identity(self) -> Identity:
        """Who this process is in messages."""
        return Identity(self)

    @cached_property
    def asynchronous(self) -> "Asynchronous":
        """What the app does in event loops."""
        # Imported when it is needed: programs without an event loop need not pay for asyncio.
        made: Asynchronous = import_module("celeriac.app.asynchronous").Asynchronous(self)
        return made

    @cached_property
    def eager(self) -> Any:
        """Runs tasks here and now. Imported when it is needed: most programs only send."""
        return import_module("celeriac.app.eager")

    @cached_property
    def control(self) -> Any:
        """Commands to workers. Imported when it is needed, as its async twin."""
        return symbol(self.control_cls)(self)

    @cached_property
    def acontrol(self) -> Any:
        """The same commands, to be awaited."""
        return import_module("celeriac.control").AsyncControl(self)

    @cached_property
    def canvas(self) -> Any:
        """Signatures and workflows. Imported when they are needed, too."""
        return import_module("celeriac.canvas")

    @cached_property
    def schedules(self) -> Any:
        """The periodic tasks as they are in the broker's store: list, add, pause, resume, run, remove, next."""
        # A storey above: looked up when it is used.
        return import_module("celeriac.beat.timetable").Schedules(self)

    @cached_property
    def Beat(self) -> Any:  # noqa: N802 - Celery's name
        """`app.Beat(...).run()` is `celeriac beat` in this process."""
        return partial(import_module("celeriac.beat.program").Beat, app=self)

    @cached_property
    def backend(self) -> Any:
        """Where results are kept."""
        app: Any = self
        transport = self.transports.results
        return DisabledBackend(app) if transport is None else Backend(app, transport)

    @property
    def oid(self) -> str:
        """Stands for this process."""
        return self.identity.oid

    @property
    def thread_oid(self) -> str:
        """Stands for this thread."""
        return self.identity.thread_oid

    def select_queues(self, queues: Any = None) -> None:
        """Consume from these queues only."""
        self.amqp.queues.select(queues)

    def purge_queues(self, queues: Any = None) -> int:
        """Drop what waits in these queues (else in all that workers consume); returns how many messages."""
        names = list(queues or self.amqp.queues.consume_from)
        transport = self.transports.read
        assert transport.broker is not None
        return transport.link().run(transport.broker.purge(names), PURGE_TIMEOUT)

    def connection_for_read(self, url: Any = None, **kwargs: Any) -> Connection:
        """The connection that workers consume from."""
        return Connection(self.transports.read if url is None else self.transports.broker(url))

    def connection_for_write(self, url: Any = None, **kwargs: Any) -> Connection:
        """The connection that calls go out on."""
        return Connection(self.transports.write if url is None else self.transports.broker(url))

    connection = broker_connection = connection_for_write
