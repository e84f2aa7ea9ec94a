"""Celery: the application class, Celeriac's with Celery's name, Celery's defaults, and kombu's connections."""

import os
import platform
from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

from celeriac import Celeriac
from celeriac.app.backend import Backend
from celeriac.app.loaders import make_loader
from celeriac.app.rooms import Rooms
from celeriac.app.symbols import symbol as lazily
from celeriac.current import Proxy, get_current_app, set_app_factory
from celeriac.settings import celery_defaults

from . import _bridge
from ._own import living  # noqa: F401 - it has to hear of workers before they start
from ._own.loaders import LOADER_ALIASES

_BACKEND: Any = Rooms.__dict__["backend"].func
_LOADERS = ("CELERIAC_LOADER", "CELERY_LOADER")


class Celery(Celeriac):
    """Celeriac as programs for Celery know it."""

    product = "celery"
    task_cls: Any = "celery.app.task:Task"
    log_cls: Any = "celery.app.log:Logging"
    loader_cls: Any = "celery.loaders.app:AppLoader"
    amqp_cls: Any = "celery.app.amqp:AMQP"
    backend_cls: Any = None
    SYSTEM = platform.system()
    IS_macOS = SYSTEM == "Darwin"
    IS_WINDOWS = SYSTEM == "Windows"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        log = kwargs.get("log")
        if log is not None:
            self.log_cls = log
        if self.backend_cls is not None:
            kwargs.setdefault("backend", self.backend_cls)
        super().__init__(*args, **kwargs)
        self.add_defaults(celery_defaults())

    def config_from_cmdline(self, argv: Sequence[str], namespace: str = "celery") -> None:
        """Settings spelt as name=value."""
        super().config_from_cmdline(argv, namespace)

    @cached_property
    def loader(self) -> Any:
        """How workers import tasks: the loader it was given, the environment's, or Celery's own."""
        named = next((os.environ[name] for name in _LOADERS if os.environ.get(name)), None)
        wanted = self._loader or named or self.loader_cls
        return make_loader(LOADER_ALIASES.get(wanted, wanted) if isinstance(wanted, str) else wanted, self)

    @cached_property
    def backend(self) -> Any:
        """Where results are kept."""
        made = _BACKEND(self)
        if isinstance(made, Backend) and made.as_uri().startswith(("redis", "sentinel")):
            made.__class__ = lazily("celery.backends.redis:RedisBackend")
        return made

    @cached_property
    def log(self) -> Any:
        """Sets logging up."""
        return lazily(self.log_cls)(self)

    @property
    def Worker(self) -> Any:  # noqa: N802 - Celery's name
        """A worker of this app, from code."""
        return partial(lazily("celery.apps.worker:Worker"), app=self)

    WorkController = Worker

    # -- kombu's connections ------------------------------------------------------------------------

    def connection_for_write(self, url: Any = None, **kwargs: Any) -> Any:
        """The connection that calls go out on."""
        connection = lazily("celeriac.contrib.kombu:Connection")
        return connection(app=self) if url is None else connection(url, **kwargs)

    def connection_for_read(self, url: Any = None, **kwargs: Any) -> Any:
        """The connection that workers consume from."""
        return self.connection_for_write(url or self.conf.broker_read_url, **kwargs)

    connection = broker_connection = connection_for_write

    @cached_property
    def pool(self) -> Any:
        """A pool of connections."""
        return lazily("celeriac.contrib.kombu.pools:Pool")(self.connection_for_write, self.conf.broker_pool_limit)

    @cached_property
    def producer_pool(self) -> Any:
        """A pool of producers."""
        made = lazily("celeriac.contrib.kombu.pools:Pool")
        return made(lambda: self.connection_for_write().Producer(), self.conf.broker_pool_limit)

    def connection_or_acquire(self, connection: Any = None, pool: bool = True, *_: Any, **__: Any) -> Any:
        """`with app.connection_or_acquire() as connection:`, where the caller may have given one."""
        lent = lazily("celeriac.contrib.kombu.pools:Lent")
        return self.pool.acquire(block=True) if connection is None else lent(connection)

    default_connection = connection_or_acquire

    def producer_or_acquire(self, producer: Any = None) -> Any:
        """`with app.producer_or_acquire() as producer:`, where the caller may have given one."""
        lent = lazily("celeriac.contrib.kombu.pools:Lent")
        return self.producer_pool.acquire(block=True) if producer is None else lent(producer)

    default_producer = producer_or_acquire


def _default_app() -> Celery:
    """The app of programs that use the current app without making one: its settings may be in celeryconfig.py."""
    return Celery("default", loader="celery.loaders.default:Loader", set_as_current=False)


default_app = Proxy(get_current_app)

set_app_factory(_default_app)
_bridge.connect()
