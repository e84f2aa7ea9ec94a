"""Coming in: the three answers of AMQP's handshake, from what the URL and the settings say."""

import platform
from typing import Any, Final

import msgspec
from pamqp import commands

from ...core.errors import ImproperlyConfigured
from ...version import __version__

_CAPABILITIES: Final = {
    "authentication_failure_close": True,
    "basic.nack": True,
    "connection.blocked": True,
    "consumer_cancel_notify": True,
    "publisher_confirms": True,
}
FRAME_MAX: Final = 131072
METHODS: Final = ("PLAIN", "AMQPLAIN", "EXTERNAL")


class Login(msgspec.Struct, frozen=True):
    """Who comes, to which virtual host, and what is asked for."""

    user: str = "guest"
    password: str = "guest"  # noqa: S105 - RabbitMQ's own default, which works on the server's machine only
    vhost: str = "/"
    method: str = ""  # empty: PLAIN if there is, else AMQPLAIN
    heartbeat: int = 0
    frame_max: int = FRAME_MAX
    name: str = ""  # shown in RabbitMQ's list of connections

    def start_ok(self, start: Any) -> commands.Connection.StartOk:
        offered = _text(start.mechanisms).split()
        method = self.method or next((known for known in METHODS if known in offered), "PLAIN")
        if method not in offered:
            raise ImproperlyConfigured(
                f"broker_login_method is {method}, which this server does not offer (it offers {', '.join(offered)})"
            )
        properties: Any = {
            "product": "Celeriac",
            "version": __version__,
            "platform": f"Python {platform.python_version()}",
            "capabilities": dict(_CAPABILITIES),
        }
        if self.name:
            properties["connection_name"] = self.name
        return commands.Connection.StartOk(properties, method, self._response(method), "en_US")

    def _response(self, method: str) -> str:
        if method == "EXTERNAL":
            return ""
        if method == "AMQPLAIN":
            return _amqplain(self.user, self.password)
        return f"\0{self.user}\0{self.password}"

    def tune_ok(self, tune: Any) -> commands.Connection.TuneOk:
        """The smaller of both wishes; 0 is "no limit" for frames."""
        offered = tune.frame_max or self.frame_max
        heartbeat = min(self.heartbeat, tune.heartbeat or self.heartbeat)
        return commands.Connection.TuneOk(tune.channel_max or 0, min(offered, self.frame_max), heartbeat)

    def open(self) -> commands.Connection.Open:
        opened = _Open()
        opened.virtual_host = self.vhost
        return opened


class _Open(commands.Connection.Open):
    def validate(self) -> None:
        """The server is the judge of names."""


def _amqplain(user: str, password: str) -> str:
    """A field table without its length, as text that pamqp writes as it is."""
    parts = []
    for name, value in (("LOGIN", user), ("PASSWORD", password)):
        raw = value.encode()
        parts.append(bytes((len(name),)) + name.encode() + b"S" + len(raw).to_bytes(4, "big") + raw)
    try:
        return b"".join(parts).decode()
    except UnicodeDecodeError:
        raise ImproperlyConfigured("AMQPLAIN takes no password of more than 127 bytes: use PLAIN") from None


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
