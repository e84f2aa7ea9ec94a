"""Where a Redis is and how to get in: one URL (or list of them) as one value, with passwords masked for people."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import msgspec

from ...core.errors import ImproperlyConfigured


class Server(msgspec.Struct, frozen=True):
    """One address: a host and port, or the path of a UNIX socket."""

    host: str = "localhost"
    port: int = 6379
    path: str = ""

    def __str__(self) -> str:
        return self.path or (f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}")


class Place(msgspec.Struct, frozen=True):
    """Every address of one URL setting and what to say on arrival."""

    kind: str  # direct | sentinel | cluster
    scheme: str
    servers: tuple[Server, ...]
    db: int = 0
    username: str | None = None
    password: str | None = None
    tls: bool = False
    query: Mapping[str, str] = {}

    def __str__(self) -> str:
        user = self.username or ""
        secret = ":**@" if self.password else ("@" if user else "")
        separator = ";" if self.kind == "sentinel" else ","
        servers = separator.join(str(server) for server in self.servers)
        return f"{self.scheme}://{user}{secret}{servers}" + (f"/{self.db}" if self.kind != "cluster" else "")


_KINDS = {
    "redis": ("direct", False),
    "rediss": ("direct", True),
    "redis+socket": ("direct", False),
    "socket": ("direct", False),
    "unix": ("direct", False),
    "sentinel": ("sentinel", False),
    "redis+cluster": ("cluster", False),
    "rediss+cluster": ("cluster", True),
}


def parse_place(urls: str | Sequence[str]) -> Place:
    """The place a URL, a `;` list or a sequence of URLs describes; they differ in their addresses only."""
    texts = [text for part in ([urls] if isinstance(urls, str) else urls) for text in part.split(";") if text]
    if not texts:
        raise ImproperlyConfigured("A Redis URL is needed, for example redis://localhost:6379/0")
    first = texts[0]
    scheme = first.split("://", 1)[0] if "://" in first else "redis"
    places = [_parse_one(text if "://" in text else f"{scheme}://{text}") for text in texts]
    servers = tuple(dict.fromkeys(server for place in places for server in place.servers))
    return msgspec.structs.replace(_richest(places), servers=servers)


def _richest(places: list[Place]) -> Place:
    """kombu reads database and password from the last of several sentinel URLs, others write them in the first."""
    found = places[0]
    for place in places[1:]:
        found = msgspec.structs.replace(
            found,
            db=found.db or place.db,
            username=found.username or place.username,
            password=found.password or place.password,
            query={**place.query, **found.query},
        )
    return found


def _parse_one(url: str) -> Place:
    parts = urlsplit(url)
    if parts.scheme not in _KINDS:
        raise ImproperlyConfigured(f"{parts.scheme}:// is no Redis URL; known are {', '.join(_KINDS)}")
    kind, tls = _KINDS[parts.scheme]
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    unix = "socket" in parts.scheme or parts.scheme == "unix"
    return Place(
        kind=kind,
        scheme=parts.scheme,
        servers=_unix_server(parts) if unix else _tcp_servers(parts, 26379 if kind == "sentinel" else 6379),
        db=_database(query.pop("virtual_host", "") or query.pop("db", "") or ("" if unix else parts.path), url),
        username=unquote(parts.username) if parts.username else query.pop("username", "") or None,
        password=unquote(parts.password) if parts.password else query.pop("password", "") or None,
        tls=tls,
        query=query,
    )


def _unix_server(parts: SplitResult) -> tuple[Server, ...]:
    host = parts.netloc.rpartition("@")[2]
    return (Server(host="", port=0, path=unquote(host + parts.path)),)


def _tcp_servers(parts: SplitResult, default_port: int) -> tuple[Server, ...]:
    """redis+cluster://a:1,b:2 names several servers in one URL."""
    hosts = parts.netloc.rpartition("@")[2].split(",")
    return tuple(_server(host, default_port) for host in hosts)


def _server(text: str, default_port: int) -> Server:
    try:
        split = urlsplit(f"//{text}")
        return Server(split.hostname or "localhost", split.port or default_port)
    except ValueError as error:
        raise ImproperlyConfigured(f"The Redis address {text!r} can't be read: {error}") from None


def _database(text: str, url: str) -> int:
    text = text.strip("/")
    if not text:
        return 0
    if not text.isdigit():
        raise ImproperlyConfigured(f"The Redis database must be a number, not {text!r} (in {urlsplit(url).scheme}://…)")
    return int(text)


def ssl_arguments(query: Mapping[str, str], given: bool | Mapping[str, Any] | None) -> dict[str, Any]:
    """The ssl_* arguments of a connection, from the URL and the ssl setting; certificates are checked by default."""
    found: dict[str, Any] = {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
    found.update({name: value for name, value in query.items() if name.startswith("ssl_")})
    if isinstance(given, Mapping):
        found.update({name if name.startswith("ssl_") else f"ssl_{name}": value for name, value in given.items()})
    found["ssl_cert_reqs"] = _cert_reqs(found["ssl_cert_reqs"])
    if isinstance(found["ssl_check_hostname"], str):
        found["ssl_check_hostname"] = found["ssl_check_hostname"].lower() not in ("0", "false", "no", "off")
    if found["ssl_cert_reqs"] == "none":
        found["ssl_check_hostname"] = False
    return found


def _cert_reqs(value: object) -> str:
    """Accepts ssl.CERT_REQUIRED and its like, their names, and the short names."""
    name = getattr(value, "name", value)
    short = {None: "none", "0": "none", "1": "optional", "2": "required"}.get(
        None if name is None else str(name), str(name).removeprefix("CERT_").lower()
    )
    if short not in ("none", "optional", "required"):
        raise ImproperlyConfigured(f"ssl_cert_reqs {value!r} is unknown: use required, optional or none")
    return short
