"""Coming into RabbitMQ by certificate: SASL's EXTERNAL, on a node that takes users' names from their certificates."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from celeriac.adapters.rabbitmq import RabbitTransport
from celeriac.core.errors import OperationalError
from celeriac.core.ports import TransportOptions
from servers.certificates import Certificate
from servers.rabbitmq_server import RabbitServer

_LINES = (
    "auth_mechanisms.1 = PLAIN",
    "auth_mechanisms.2 = EXTERNAL",
    "ssl_cert_login_from = common_name",
)


class Trusting(RabbitServer):
    """A node that trusts one authority of its own to say who somebody is."""

    def prepare(self) -> None:
        super().prepare()
        self.authority = _issued(self.folder, "authority")
        (self.folder / "plugins").write_text("[rabbitmq_auth_mechanism_ssl].")
        conf = self.folder / "rabbitmq.conf"
        told = conf.read_text().replace("verify = verify_none", "verify = verify_peer")
        own = f"ssl_options.cacertfile = {self.folder / 'cert.pem'}"
        assert own in told
        conf.write_text(told.replace(own, f"ssl_options.cacertfile = {self.authority.certificate}"))

    def transport(self, user: Certificate | None, method: str | None, name: str = "nobody") -> RabbitTransport:
        ssl = {"ca_certs": str(self.folder / "cert.pem")}
        if user is not None:
            ssl |= {"certfile": str(user.certificate), "keyfile": str(user.key)}
        settings = {"broker_login_method": method} if method else {}
        url = f"amqps://{name}:wrong@127.0.0.1:{self.tls_port}//"
        return RabbitTransport(url, TransportOptions(ssl=ssl, settings=settings, connect_timeout=30.0))


def _issued(folder: Path, name: str, authority: Certificate | None = None) -> Certificate:
    """A certificate in somebody's name; without an authority it is one."""
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    by = () if authority is None else ("-CA", str(authority.certificate), "-CAkey", str(authority.key))
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"),
            *("-addext", f"basicConstraints=critical,CA:{'FALSE' if by else 'TRUE'}", *by),
            *("-keyout", str(made.key), "-out", str(made.certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return made


@pytest.fixture(scope="module")
def node() -> Iterator[Trusting]:
    with Trusting(*_LINES) as server:
        yield server


def _count(transport: RabbitTransport) -> dict[str, int]:
    try:
        return transport.link().run(transport.broker.count(["nothing"]), 60.0)
    finally:
        transport.link().close()


def test_a_certificate_is_enough_to_come_in_whatever_name_and_password_the_url_has(node: Trusting) -> None:
    guest = _issued(node.folder, "guest", node.authority)
    assert _count(node.transport(guest, "EXTERNAL")) == {"nothing": 0}
    with pytest.raises(OperationalError, match="refused access: check the user name, the password"):
        _count(node.transport(guest, None))  # who does not ask for it is asked for a password


async def test_a_certificate_is_enough_in_async_code_too(node: Trusting) -> None:
    transport = node.transport(_issued(node.folder, "guest", node.authority), "EXTERNAL")
    link = await transport.alink()
    assert await link.run(transport.broker.count(["nothing"]), 30.0) == {"nothing": 0}
    await link.close()


def test_a_certificate_in_the_name_of_nobody_there_is_refused(node: Trusting) -> None:
    with pytest.raises(OperationalError, match="refused access"):
        _count(node.transport(_issued(node.folder, "somebody-else", node.authority), "EXTERNAL", name="guest"))


def test_a_certificate_of_another_authority_is_refused(node: Trusting) -> None:
    with pytest.raises(OperationalError):
        _count(node.transport(_issued(node.folder, "stranger", _issued(node.folder, "upstart")), "EXTERNAL"))
