"""RabbitMQ's management plugin: AMQP itself has no way to ask for bindings."""

import base64
import http.client
import json
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from celeriac.core.bindings import Binding
from celeriac.core.errors import OperationalError

PORT: Final = 15672
TIMEOUT: Final = 10.0
_PLUGIN: Final = "is the plugin on (`rabbitmq-plugins enable rabbitmq_management`), and is --management right?"


def bindings(broker: str, management: str | None) -> tuple[Binding, ...]:
    """All bindings of the virtual host in the broker's URL. Raises OperationalError."""
    url = urlsplit(broker)
    place = urlsplit(management) if management else None
    secure = place.scheme == "https" if place else False
    host = (place.hostname if place else url.hostname) or "localhost"
    port = (place.port if place else None) or PORT
    user = (place.username if place else None) or url.username or "guest"
    password = (place.password if place else None) or url.password or "guest"
    vhost = unquote(url.path[1:]) or "/"
    login = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
    path = f"{place.path.rstrip('/') if place else ''}/api/bindings/{quote(vhost, safe='')}"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    where = f"RabbitMQ's management at {host}:{port}"
    return tuple(_read(_asked(kind(host, port, timeout=TIMEOUT), path, login, where), where))


def _asked(connection: http.client.HTTPConnection, path: str, login: str, where: str) -> bytes:
    try:
        connection.request("GET", path, headers={"Authorization": f"Basic {login}"})
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as exc:
        raise OperationalError(f"{where} does not answer ({exc}): {_PLUGIN}") from exc
    finally:
        connection.close()
    if response.status == http.client.UNAUTHORIZED:
        raise OperationalError(f"{where} refuses the user: it needs the tag `management` or more, and its password")
    if response.status != http.client.OK:
        raise OperationalError(f"{where} answers {response.status} {response.reason}: {_PLUGIN}")
    return body


def _read(body: bytes, where: str) -> Iterable[Binding]:
    try:
        rows: Any = json.loads(body)
        return [
            Binding(row["source"], "", row["routing_key"], row["destination"])
            for row in rows
            if row["destination_type"] == "queue"
        ]
    except (ValueError, TypeError, KeyError) as exc:
        raise OperationalError(f"{where} answers what is no list of bindings: {_PLUGIN}") from exc
