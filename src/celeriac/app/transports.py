"""Transports: from the URLs in the settings to the transports of one app, each made once."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from celeriac.core.clock import SYSTEM_CLOCK
from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.ports import Transport, TransportOptions

from .moments import seconds_of
from .own_stores import own_store
from .plugins import entry_points, load

# The file that holds queues and results when no broker is configured.
EMBEDDED_URL = "sqlite://"
_BROKER_SETTINGS = (
    *("broker_heartbeat", "broker_login_method", "broker_native_delayed_delivery_queue_type"),
    *("control_queue_ttl", "control_queue_expires", "event_queue_ttl", "event_queue_expires", "event_queue_prefix"),
)
_RPC_SETTINGS = ("result_persistent", "result_serializer")
DISABLED = frozenset({"disabled", "disabled://"})


T = TypeVar("T")


def as_urls(value: Any) -> tuple[str, ...]:
    """The URLs of a setting that may be one, several separated by ";", or a list."""
    if isinstance(value, str):
        return tuple(url.strip() for url in value.split(";") if url.strip())
    return tuple(value)


def scheme_of(url: str) -> str:
    """The scheme of a URL; a bare alias ("redis") is its own scheme."""
    return url.partition("://")[0] if "://" in url else url.partition(":")[0]


class Transports:
    """The transports of one app. Making them does no I/O; links connect when they are used."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._made: dict[Any, Transport] = {}
        self._lock = threading.Lock()
        self._resolved: dict[str, Any] = {}

    @property
    def write(self) -> Transport:
        """Where this process publishes."""
        return self._resolve("write", lambda: self.broker(self.write_url))

    @property
    def read(self) -> Transport:
        """Where a worker consumes."""
        return self._resolve("read", lambda: self.broker(self.read_url))

    @property
    def results(self) -> Transport | None:
        """Where results are kept; None where they are disabled."""
        return self._resolve("results", self._results)

    @property
    def replies(self) -> Any:
        """What receives results, where they are sent to whoever sent the task (rpc://); else None."""
        return self._resolve("replies", lambda: self.results.replies if self._sends_results() else None)  # type: ignore[union-attr]

    def _sends_results(self) -> bool:
        url = self.results_url
        return isinstance(url, str) and scheme_of(url) == "rpc"

    def _resolve(self, name: str, make: Callable[[], T]) -> T:
        try:
            found: T = self._resolved[name]
        except KeyError:
            found = self._resolved[name] = make()
        return found

    @property
    def broker_url(self) -> Any:
        return self._app.conf.broker_url or EMBEDDED_URL

    @property
    def write_url(self) -> Any:
        return self._app.conf.broker_write_url or self.broker_url

    @property
    def read_url(self) -> Any:
        return self._app.conf.broker_read_url or self.broker_url

    @property
    def results_url(self) -> Any:
        """The result store's URL; the broker's where that is an embedded file and nothing was said."""
        found = self._app.conf.result_backend
        if found is None:
            broker = as_urls(self.write_url)[0]
            return broker if scheme_of(broker) == "sqlite" else "disabled://"
        return found

    def _results(self) -> Transport | None:
        url = self.results_url
        if isinstance(url, str) and url in DISABLED:
            return None
        return self.store(url)

    def broker(self, url: Any) -> Transport:
        """The transport of a broker URL."""
        conf = self._app.conf
        transport = self._make(
            "celeriac.brokers", as_urls(url), conf.broker_transport_options, conf.broker_use_ssl or None
        )
        if transport.broker is None:
            raise ImproperlyConfigured(f"broker_url: {transport.describe()} can hold results but no queues")
        return transport

    def store(self, url: Any) -> Transport:
        """The transport of a result store URL."""
        own = own_store(self._app, url)
        if own is not None:
            return own
        conf = self._app.conf
        urls = as_urls(url)
        if scheme_of(urls[0]) == "rpc":
            broker, options = as_urls(self.write_url), conf.broker_transport_options
            return self._make("celeriac.backends", broker, options, conf.broker_use_ssl or None, "rpc")
        if urls == as_urls(self.write_url) and not conf.result_backend_transport_options:
            return self.write  # one server: results and acknowledgements can be one step
        ssl = conf.get("redis_backend_use_ssl") if scheme_of(urls[0]).startswith(("redis", "sentinel")) else None
        transport = self._make("celeriac.backends", urls, conf.result_backend_transport_options, ssl or None)
        if transport.results is None:
            raise ImproperlyConfigured(f"result_backend: {transport.describe()} can't hold results")
        return transport

    def _make(
        self, group: str, urls: tuple[str, ...], options: Mapping[str, Any], ssl: Any, scheme: str = ""
    ) -> Transport:
        """The adapter is that of the first URL's scheme, or of the one given."""
        scheme = scheme or scheme_of(urls[0])
        key = (group, scheme, urls, repr(sorted(options.items())), repr(ssl))
        with self._lock:
            found = self._made.get(key)
            if found is None:
                found = self._made[key] = self._build((group, scheme), urls, options, ssl)
        return found

    def _build(self, kind: tuple[str, str], urls: tuple[str, ...], options: Mapping[str, Any], ssl: Any) -> Transport:
        conf = self._app.conf
        group, scheme = kind
        setting = "broker_url" if group == "celeriac.brokers" else "result_backend"
        if "://" not in urls[0] and scheme not in entry_points(group):
            # The address itself is not shown: it may hold a password.
            raise ImproperlyConfigured(f"{setting} has no scheme: write it as in redis://localhost:6379/0")
        factory = load(group, scheme, f"{setting} {scheme}://")
        made: Transport = factory(
            tuple(url if ":" in url else f"{url}://" for url in urls),
            TransportOptions(
                options=dict(options),
                ssl=ssl,
                connect_timeout=conf.broker_connection_timeout or 4.0,
                pool_limit=conf.broker_pool_limit,
                failover=conf.broker_failover_strategy,
                app_name=self._app.main or "",
                settings=_store_settings(conf, scheme) if group == "celeriac.backends" else _broker_settings(conf),
                clock=SYSTEM_CLOCK,
            ),
        )
        return made

    def close(self) -> None:
        """Close every link; they reconnect if they are used again."""
        with self._lock:
            for transport in self._made.values():
                transport.link().close()


def _broker_settings(conf: Any) -> dict[str, Any]:
    """The settings that describe connections to an AMQP broker."""
    return {name: conf[name] for name in _BROKER_SETTINGS}


def _store_settings(conf: Any, scheme: str) -> dict[str, Any]:
    """The settings that describe a result store of this kind: they say nothing about brokers."""
    if scheme == "rpc":
        kept = {"result_expires": seconds_of(conf.result_expires)}
        return {**_broker_settings(conf), **kept, **{name: conf[name] for name in _RPC_SETTINGS}}
    prefix = "redis_" if "redis" in scheme or scheme == "sentinel" else f"{scheme.partition('+')[0]}_"
    return {name: conf[name] for name in conf if name.startswith(prefix) and conf[name] is not None}
