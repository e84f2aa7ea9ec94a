"""Where a RabbitMQ is and how to get in: one URL (or list of them) as one value, with passwords masked for people."""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import msgspec

from ...core.errors import ImproperlyConfigured

SCHEMES: Final = {"amqp": False, "amqps": True, "pyamqp": False, "librabbitmq": False}


class Server(msgspec.Struct, frozen=True):
    """One node, and who comes to it."""

    host: str
    port: int
    user: str = "guest"
    password: str = "guest"  # noqa: S105 - RabbitMQ's own default
    vhost: str = "/"
    tls: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'amqps' if self.tls else 'amqp'}://{self.user}:**@{host}:{self.port}/{self.vhost}"


class Place(msgspec.Struct, frozen=True):
    """The nodes of one URL setting, in the order in which they are tried."""

    servers: tuple[Server, ...]
    query: Mapping[str, str] = {}

    def __str__(self) -> str:
        return ";".join(str(server) for server in self.servers)


def parse_place(urls: str | Sequence[str]) -> Place:
    """The place a URL, a `;` list or a sequence of URLs describes."""
    texts = [text.strip() for part in ([urls] if isinstance(urls, str) else urls) for text in part.split(";")]
    texts = [text for text in texts if text]
    if not texts:
        raise ImproperlyConfigured("A RabbitMQ URL is needed, for example amqp://guest:guest@localhost:5672//")
    scheme = texts[0].split("://", 1)[0] if "://" in texts[0] else "amqp"
    parts = [urlsplit(text if "://" in text else f"{scheme}://{text}") for text in texts]
    query: dict[str, str] = {}
    for part in reversed(parts):
        query.update(parse_qsl(part.query, keep_blank_values=True))
    return Place(tuple(_server(part) for part in parts), query)


def _server(parts: SplitResult) -> Server:
    if parts.scheme not in SCHEMES:
        raise ImproperlyConfigured(f"{parts.scheme}:// is no RabbitMQ URL; known are {', '.join(SCHEMES)}")
    tls = SCHEMES[parts.scheme]
    try:
        port = parts.port or (5671 if tls else 5672)
    except ValueError as error:
        raise ImproperlyConfigured(f"The RabbitMQ address {parts.hostname!r} can't be read: {error}") from None
    return Server(
        host=unquote(parts.hostname or "localhost"),
        port=port,
        user=unquote(parts.username) if parts.username else "guest",
        password=unquote(parts.password) if parts.password else "guest",
        # amqp://host, amqp://host/ and amqp://host// are all the virtual host "/", as with kombu
        vhost=unquote(parts.path[1:]) or "/",
        tls=tls,
    )
