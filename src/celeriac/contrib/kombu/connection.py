"""Connection: a broker by its URL, or an app's own, with kombu's methods."""

import socket
import time
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final, Self

from celeriac.app import Celeriac
from celeriac.app.connection import Connection as Handle
from celeriac.app.entities import queue_of
from celeriac.app.transports import as_urls
from celeriac.core.errors import OperationalError

from .consuming import Consumer, Hearing, Message
from .producing import Producer
from .simple import SimpleQueue

_TIMEOUT: Final = 10.0  # of one operation at the broker
_PAUSE: Final = 0.02  # between two looks into the queues


class Connection(Handle):
    """`Connection("redis://")`, or what `app.connection()` returns. It connects when it is used.

    One object serves as connection and channel; it may be used by several threads, its consumers by one.
    """

    connection_errors: ClassVar[tuple[type[BaseException], ...]] = (OperationalError, OSError)
    channel_errors: ClassVar[tuple[type[BaseException], ...]] = ()
    recoverable_connection_errors = connection_errors
    recoverable_channel_errors = channel_errors

    def __init__(
        self,
        hostname: Any = None,
        userid: str | None = None,
        password: str | None = None,
        virtual_host: str | None = None,
        port: int | None = None,
        ssl: Any = False,
        transport: str | None = None,
        connect_timeout: float = 5.0,
        transport_options: Any = None,
        app: Any = None,
        **kwargs: Any,
    ) -> None:
        if app is None:
            parts = (transport, userid, password, hostname, port, virtual_host)
            urls = hostname if hostname and "://" in as_urls(hostname)[0] else _url(*parts)
            app = _private_app(urls, ssl, connect_timeout, transport_options)
        self.app = app
        self._own = app.main == _MAIN
        self.heard = Hearing(self)
        super().__init__(app.transports.write)

    # -- as a channel -------------------------------------------------------------------------------

    @property
    def client(self) -> Self:
        """A channel's connection: they are one."""
        return self

    connection = client

    def channel(self) -> Self:
        """A channel of it."""
        return self

    @property
    def default_channel(self) -> Self:
        """A channel of it."""
        return self

    def declare(self, *queues: Any) -> None:
        """Make queues (and their exchanges) known to the broker."""
        assert self.transport.broker is not None
        self.run(self.transport.broker.declare([queue_of(queue) for queue in queues]))

    def purge(self, queue: str) -> int:
        """Drop what waits in a queue."""
        assert self.transport.broker is not None
        dropped: int = self.run(self.transport.broker.purge([queue]))
        return dropped

    def run(self, flow: Any) -> Any:
        """Perform an operation of the broker, with a deadline."""
        return self.transport.link().run(flow, _TIMEOUT)

    # -- what kombu's connections do ----------------------------------------------------------------

    def Producer(self, channel: Any = None, *args: Any, **kwargs: Any) -> Producer:  # noqa: N802 - kombu's name
        """A producer on it."""
        return Producer(channel or self, *args, **kwargs)

    def Consumer(self, queues: Any = None, channel: Any = None, *args: Any, **kwargs: Any) -> Consumer:  # noqa: N802
        """A consumer on it."""
        return Consumer(channel or self, queues, *args, **kwargs)

    def SimpleQueue(self, name: Any, no_ack: bool = False, **options: Any) -> SimpleQueue:  # noqa: N802
        """A queue with put and get."""
        return SimpleQueue(self, name, no_ack, **options)

    def drain_events(self, timeout: float | None = None, **kwargs: Any) -> None:
        """Wait for a message and give it to its consumer; raises TimeoutError if none comes in time."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self.heard.once():
            if end is not None and time.monotonic() >= end:
                raise TimeoutError("timed out")
            time.sleep(_PAUSE if end is None else max(0.0, min(_PAUSE, end - time.monotonic())))

    def next_of(self, queue: Any, no_ack: bool = False, accept: Iterable[str] | None = None) -> Message | None:
        """One message of a queue, if there is one."""
        return self.heard.one(queue_of(queue), no_ack, accept)

    def ensure(
        self, obj: Any, fun: Callable[..., Any], errback: Any = None, max_retries: int | None = None, **policy: Any
    ) -> Callable[..., Any]:
        """`fun`, tried again when the broker can't be reached."""

        def ensured(*args: Any, **kwargs: Any) -> Any:
            tries = 0
            while True:
                try:
                    return fun(*args, **kwargs)
                except self.connection_errors as exc:
                    tries += 1
                    if max_retries is not None and tries > max_retries:
                        raise
                    if errback is not None:
                        errback(exc, 0)
                    self.ensure_connection(max_retries=max_retries)

        return ensured

    def clone(self, **kwargs: Any) -> "Connection":
        """Another connection to the same broker."""
        return Connection(app=self.app)

    def release(self) -> None:
        """Consumers end: what they have not acknowledged goes back. An app's connection itself stays open."""
        self.heard.close()
        if self._own:
            self.app.close()

    close = release
    collect = release

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.release()


socket_timeout = socket.timeout  # what programs catch around drain_events: it is TimeoutError

_MAIN: Final = "celeriac.contrib.kombu"


def _private_app(url: Any, ssl: Any, timeout: float, options: Any) -> Celeriac:
    changes = {"broker_url": url, "broker_use_ssl": ssl or False, "broker_connection_timeout": timeout}
    if options:
        changes["broker_transport_options"] = options
    return Celeriac(_MAIN, changes=changes, backend="disabled://", set_as_current=False, fixups=())


def _url(
    transport: str | None, userid: str | None, password: str | None, host: Any, port: int | None, vhost: str | None
) -> str:
    """One URL from the parts that old programs give."""
    login = f"{userid}:{password or ''}@" if userid else ""
    place = f"{host or 'localhost'}{f':{port}' if port else ''}"
    return f"{transport or 'amqp'}://{login}{place}/{(vhost or '').lstrip('/')}"
