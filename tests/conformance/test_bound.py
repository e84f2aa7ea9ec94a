"""Bindings are told by brokers that keep them, whoever declared them."""

from pathlib import Path

import pytest

from celeriac import Celeriac
from celeriac.core.bindings import Binding
from celeriac.core.message import Exchange, Queue
from celeriac.core.ports.bound import bound_of
from servers.redis_server import RedisServer

NEWS = Exchange("news*[x]", "topic")


def told(url: str) -> set[Binding]:
    app = Celeriac("bound", broker=url, backend="disabled://", set_as_current=False)
    with app:
        transport = app.transports.read
        assert transport.broker is not None
        queues = [Queue("mails", Exchange("mails"), "mails"), Queue("sport", NEWS, "news.#.sport")]
        transport.link().run(transport.broker.declare(queues), 30)
        bound = bound_of(transport)
        assert bound is not None
        return set(transport.link().run(bound.bindings(), 30))


@pytest.mark.parametrize("kind", ["memory", "sqlite", "redis"])
def test_a_broker_tells_all_its_bindings(kind: str, folder: Path) -> None:
    if kind == "redis":
        with RedisServer() as server:
            with server.client() as client:
                client.sadd("_kombu.bindingless", "not one of them")
            found = told(server.url)
    else:
        found = told("memory://bound" if kind == "memory" else f"sqlite:///{folder}/file")
    exchange = "" if kind == "redis" else "direct"  # which type an exchange has is kept nowhere there
    assert found == {
        Binding("mails", exchange, "mails", "mails"),
        Binding("news*[x]", "topic", "news.#.sport", "sport"),
    }
