"""How to come to one node: by TLS or without, and who one says one is. No I/O but reading certificates."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from typing import Any, Final

from ...core.errors import ImproperlyConfigured
from ...core.ports import TransportOptions
from .hearing import lifetimes
from .login import Login
from .options import RabbitOptions
from .place import Place, Server

_VERIFY: Final = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}
_TLS_NAMES: Final = {
    "ca_certs": "ca_certs",
    "cafile": "ca_certs",
    "cacertfile": "ca_certs",
    "certfile": "certfile",
    "keyfile": "keyfile",
    "keyfile_password": "password",
    "password": "password",
    "cert_reqs": "cert_reqs",
    "verify": "cert_reqs",
    "check_hostname": "check_hostname",
    "server_hostname": "server_hostname",
    "ciphers": "ciphers",
}
_ALIVE: Final = (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 4))


class Doorway:
    """Knows everything that has to be known to connect."""

    def __init__(self, place: Place, options: RabbitOptions, given: TransportOptions) -> None:
        self.place = place
        self.options = options
        self.lifetimes = lifetimes(given.settings)
        self.shuffled = given.failover == "shuffle"
        wanted = bool(given.ssl) or place.query.get("ssl", "").lower() in ("1", "true", "yes")
        self._tls = _tls_options(place.query, given.ssl)
        self._all_tls = wanted
        self._context: ssl.SSLContext | None = None

    def login(self, server: Server, heartbeat: float = 0.0) -> Login:
        return Login(
            user=server.user,
            password=server.password,
            vhost=server.vhost,
            method=self.options.login_method,
            heartbeat=int(heartbeat) or int(heartbeat > 0),
            frame_max=self.options.frame_max,
            name=self.options.client_name,
        )

    def tls(self, server: Server) -> ssl.SSLContext | None:
        """The context for this node; None where it is to be plain."""
        if not (server.tls or self._all_tls):
            return None
        if self._context is None:
            self._context = _context(self._tls)
        return self._context

    def name(self, server: Server) -> str:
        """The name that must be in the node's certificate."""
        return str(self._tls.get("server_hostname") or server.host)

    @staticmethod
    def prepare(sock: socket.socket) -> None:
        """Small writes at once, and a peer that vanished is noticed although nothing is sent."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _ALIVE:
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _tls_options(query: Mapping[str, str], given: bool | Mapping[str, Any] | None) -> dict[str, Any]:
    found = {name.removeprefix("ssl_"): value for name, value in query.items() if name.startswith("ssl_")}
    found.update(
        {name: value for name, value in query.items() if name in ("cacertfile", "certfile", "keyfile", "verify")}
    )
    if isinstance(given, Mapping):
        found.update({name.removeprefix("ssl_"): value for name, value in given.items()})
    unknown = sorted(found.keys() - _TLS_NAMES.keys())
    if unknown:
        raise ImproperlyConfigured(
            f"broker_use_ssl has no option {', '.join(unknown)} for RabbitMQ; it has {', '.join(_TLS_NAMES)}"
        )
    return {_TLS_NAMES[name]: value for name, value in found.items()}


def _context(options: Mapping[str, Any]) -> ssl.SSLContext:
    """Certificates are checked unless the user says otherwise."""
    try:
        context = ssl.create_default_context(cafile=options.get("ca_certs"))
        if options.get("certfile"):
            context.load_cert_chain(options["certfile"], options.get("keyfile"), options.get("password"))
        if options.get("ciphers"):
            context.set_ciphers(options["ciphers"])
    except (OSError, ssl.SSLError) as error:
        raise ImproperlyConfigured(f"broker_use_ssl can't be used: {error}") from error
    verify = _verify(options.get("cert_reqs", "required"))
    check = options.get("check_hostname", True)
    if isinstance(check, str):
        check = check.lower() not in ("0", "false", "no", "off")
    context.check_hostname = bool(check) and verify is not ssl.CERT_NONE
    context.verify_mode = verify
    return context


def _verify(value: object) -> ssl.VerifyMode:
    """Accepts ssl.CERT_REQUIRED and its like, their names, and the short names."""
    name = str(getattr(value, "name", value)).removeprefix("CERT_").lower()
    name = {"0": "none", "1": "optional", "2": "required", "verify_peer": "required", "verify_none": "none"}.get(
        name, name
    )
    if name not in _VERIFY:
        raise ImproperlyConfigured(f"broker_use_ssl cert_reqs {value!r} is unknown: use required, optional or none")
    return _VERIFY[name]
