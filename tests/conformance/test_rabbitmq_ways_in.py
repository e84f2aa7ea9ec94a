"""Ways into RabbitMQ: users, virtual hosts, TLS, several nodes; and errors that say what to do."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from celeriac.adapters.rabbitmq import RabbitTransport
from celeriac.core.errors import ImproperlyConfigured, OperationalError
from celeriac.core.ports import TransportOptions
from patience import in_time
from servers.ports import free_port
from servers.rabbitmq_node import RabbitNode, rabbitmq

from .rabbitmq_clients import Make, make, run, trouble

__all__ = ["make", "rabbitmq"]


def test_nobody_listening_is_said_with_the_address_and_without_the_password(make: Make) -> None:
    text = trouble(make(f"amqp://me:secret@127.0.0.1:{free_port()}//"))
    assert "can't be reached" in text and "me:**@127.0.0.1" in text and "secret" not in text


def test_a_wrong_password_is_said(make: Make, rabbitmq: RabbitNode) -> None:
    assert "refused access: check the user name, the password" in trouble(make(rabbitmq.url(password="wrong")))


def test_a_missing_virtual_host_is_said(make: Make, rabbitmq: RabbitNode) -> None:
    assert "does the virtual host in broker_url exist" in trouble(make(rabbitmq.url(vhost="nowhere")))


def test_a_user_without_permissions_is_told_so(make: Make, rabbitmq: RabbitNode) -> None:
    text = trouble(make(rabbitmq.url(user="stranger", password="secret")))
    assert "may the user use it" in text or "refused access" in text


def test_a_server_that_speaks_something_else_is_said(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(8)
                peer.sendall(b"-ERR unknown command\r\n")

        threading.Thread(target=answer, daemon=True).start()
        text = trouble(make(f"amqp://127.0.0.1:{server.getsockname()[1]}//"))
    assert "does not speak AMQP" in text and "is the port right?" in text


def test_a_server_that_says_nothing_is_left_in_time(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        transport = make(f"amqp://127.0.0.1:{server.getsockname()[1]}//", connect_timeout=0.3)
        began = time.monotonic()
        assert "did not answer in time" in trouble(transport)
    assert in_time(time.monotonic() - began, 4.0)


def test_every_login_method_that_the_server_offers_works(make: Make, rabbitmq: RabbitNode) -> None:
    for method in ("PLAIN", "AMQPLAIN"):
        transport = make(settings={"broker_login_method": method})
        assert run(transport, transport.broker.count(["nothing"])) == {"nothing": 0}


def test_a_login_method_that_the_server_lacks_is_said(make: Make) -> None:
    transport = make(settings={"broker_login_method": "EXTERNAL"})
    with pytest.raises(ImproperlyConfigured, match="which this server does not offer"):
        run(transport, transport.broker.count(["celery"]))


def test_tls_checks_the_certificate_unless_told_otherwise(make: Make, rabbitmq: RabbitNode) -> None:
    url = rabbitmq.url().replace("amqp://", "amqps://").replace(str(rabbitmq.port), str(rabbitmq.tls_port))
    assert "certificate that can't be trusted" in trouble(make(url))
    for ssl in ({"ca_certs": rabbitmq.certificate}, {"cert_reqs": "none"}):
        transport = make(url, ssl=ssl)
        assert run(transport, transport.broker.count(["nothing"])) == {"nothing": 0}


async def test_tls_works_in_async_code_too(rabbitmq: RabbitNode) -> None:
    url = rabbitmq.url().replace("amqp://", "amqps://").replace(str(rabbitmq.port), str(rabbitmq.tls_port))
    link = await RabbitTransport(
        url, TransportOptions(ssl={"ca_certs": rabbitmq.certificate}, connect_timeout=30.0)
    ).alink()
    assert await link.run(RabbitTransport(url).broker.count(["nothing"]), 60.0) == {"nothing": 0}
    await link.close()
    blind = await RabbitTransport(url).alink()
    with pytest.raises(OperationalError, match="certificate that can't be trusted"):
        await blind.run(RabbitTransport(url).broker.count(["nothing"]), 60.0)


async def test_asking_for_queues_that_are_not_there_costs_no_channels(rabbitmq: RabbitNode) -> None:
    transport = RabbitTransport(rabbitmq.url())
    link = await transport.alink()
    for _ in range(50):
        assert await link.run(transport.broker.count(["nothing", "nowhere"]), 60.0) == {"nothing": 0, "nowhere": 0}
    assert link._pipe is not None and link._pipe.number() < 15
    await link.close()


def test_a_tls_connection_may_be_idle_and_used_again(make: Make, rabbitmq: RabbitNode) -> None:
    url = rabbitmq.url().replace("amqp://", "amqps://").replace(str(rabbitmq.port), str(rabbitmq.tls_port))
    transport = make(url, ssl={"ca_certs": rabbitmq.certificate})
    for _ in range(3):
        assert run(transport, transport.broker.count(["nothing"])) == {"nothing": 0}
        time.sleep(0.05)
    assert len(transport.link()._lines._idle) == 1


def test_plain_words_to_the_tls_port_are_answered_with_advice(make: Make, rabbitmq: RabbitNode) -> None:
    text = trouble(make(rabbitmq.url().replace(str(rabbitmq.port), str(rabbitmq.tls_port))))
    assert "amqps://" in text or "can't be reached" in text


def test_of_several_nodes_the_first_that_answers_is_used(make: Make, rabbitmq: RabbitNode) -> None:
    transport = make([f"amqp://127.0.0.1:{free_port()}//", rabbitmq.url()])
    assert run(transport, transport.broker.count(["nothing"])) == {"nothing": 0}
