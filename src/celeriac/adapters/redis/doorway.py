"""Makes connections to one place in either colour: which class, which arguments; knows no pool and does no I/O."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from ...core.errors import ImproperlyConfigured
from ...core.ports import TransportOptions
from .connections import ASYNC, SYNC, AsyncConnection, SyncConnection
from .options import RedisOptions
from .place import Place, Server, ssl_arguments

# Settings that say the same as a transport option or a part of the URL.
_SETTINGS = {
    "redis_username": "username",
    "redis_password": "password",
    "redis_client_name": "client_name",
    "redis_socket_keepalive": "socket_keepalive",
    "redis_backend_credential_provider": "credential_provider",
}


class Doorway:
    """Turns a Server of the place into an unconnected connection."""

    def __init__(self, place: Place, options: RedisOptions, given: TransportOptions) -> None:
        self.place = place
        self.options = options
        asked = options.socket_connect_timeout or given.settings.get("redis_socket_connect_timeout")
        self.connect_timeout: float = asked or given.connect_timeout
        self._given = given
        self._shuffled = _is_shuffled(given.failover)
        tls = place.tls or bool(given.ssl)
        self._way = "tls" if tls else "tcp"
        self._arguments = _arguments(place, options, given.settings)
        self._tls = ssl_arguments(place.query, given.ssl) if tls else {}

    def turns(self, last: int | None) -> list[int]:
        """The servers of a failover list by number, in the order to try them: the last one reached comes first."""
        number = len(self.place.servers)
        if not self._shuffled:
            return [((last or 0) + turn) % number for turn in range(number)]
        shuffled = random.sample(range(number), number)
        return shuffled if last is None else [last, *(other for other in shuffled if other != last)]

    def sync(self, server: Server) -> SyncConnection:
        way, arguments = self._entry(server)
        made: SyncConnection = SYNC[way](**arguments)
        return made

    def aio(self, server: Server) -> AsyncConnection:
        way, arguments = self._entry(server)
        made: AsyncConnection = ASYNC[way](**arguments)
        return made

    def to(self, servers: tuple[Server, ...]) -> Doorway:
        """The same way in to other servers: one node of a cluster."""
        other = object.__new__(Doorway)
        other.__dict__.update(self.__dict__, place=_at(self.place, servers))
        return other

    def to_sentinels(self) -> Doorway:
        """The way in to the sentinels themselves, which have credentials of their own or none."""
        options = dict(self.options.sentinel_kwargs or {})
        tls = {name: value for name, value in options.items() if name.startswith("ssl_")}
        place = Place(
            kind="direct",
            scheme="sentinel",
            servers=self.place.servers,
            username=options.get("username"),
            password=options.get("password"),
            tls=bool(options.get("ssl")),
        )
        given = TransportOptions(ssl=tls or None, connect_timeout=self.connect_timeout)
        return Doorway(place, RedisOptions(), given)

    def _entry(self, server: Server) -> tuple[str, dict[str, Any]]:
        if not server.path:
            return self._way, {"host": server.host, "port": server.port, **self._arguments, **self._tls}
        # A UNIX socket has no keepalive.
        rest = {name: value for name, value in self._arguments.items() if not name.startswith("socket_keepalive")}
        return "unix", {"path": server.path, **rest}


def _is_shuffled(failover: str | None) -> bool:
    if failover not in (None, "round-robin", "shuffle"):
        raise ImproperlyConfigured(
            f"broker_failover_strategy is {failover!r}: it is 'round-robin' (or None) or 'shuffle'."
        )
    return failover == "shuffle"


def _at(place: Place, servers: tuple[Server, ...]) -> Place:
    return Place(
        kind=place.kind,
        scheme=place.scheme,
        servers=servers,
        username=place.username,
        password=place.password,
        tls=place.tls,
        query=place.query,
    )


def _arguments(place: Place, options: RedisOptions, settings: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "db": place.db,
        "username": place.username,
        "password": place.password,
        "client_name": options.client_name,
        "credential_provider": options.credential_provider,
        # RESP 2 on purpose: every server and proxy knows it, and nothing arrives that was not asked for.
        "protocol": 2,
        # No CLIENT SETINFO: two round trips less for each new connection.
        "driver_info": None,
        "socket_read_size": 1 << 17,
        "socket_timeout": None,
        "socket_connect_timeout": None,
    }
    if options.socket_keepalive is not None:
        found["socket_keepalive"] = options.socket_keepalive
    if options.socket_keepalive_options is not None:
        found["socket_keepalive_options"] = options.socket_keepalive_options
    for setting, name in _SETTINGS.items():
        if settings.get(setting) is not None and found.get(name) is None:
            found[name] = settings[setting]
    if found["credential_provider"] is not None and (found["username"] or found["password"]):
        raise ImproperlyConfigured("Give Redis either a credential_provider or a user name and password, not both")
    return found
