"""Where a task is, as far as the result store and the broker know; and what is said when they can't know."""

import pytest

from celeriac import Celeriac
from celeriac.adapters.memory import MemoryTransport
from celeriac.core.errors import OperationalError
from celeriac.core.whereabouts import Whereabouts


def client(name: str, **settings: str) -> Celeriac:
    urls = {"broker": f"memory://{name}", "backend": f"memory://{name}-results", **settings}
    return Celeriac(name, set_as_current=False, **urls)


def test_what_is_stored_and_not_an_end_does_not_hide_where_the_message_is() -> None:
    app = client("where-started")
    sent = app.send_task("t")
    app.backend.store_result(sent.id, {"done": 1}, "PROGRESS")
    assert sent.where() is Whereabouts.QUEUED
    app.backend.store_result(sent.id, 1, "SUCCESS")
    assert sent.where() is Whereabouts.STORED


def test_a_state_whose_message_is_gone_is_stored() -> None:
    app = client("where-gone")
    app.backend.store_result("x", None, "MINE")
    assert app.AsyncResult("x").where() is Whereabouts.STORED
    assert app.AsyncResult("y").where() is Whereabouts.UNKNOWN


def test_without_a_result_store_the_broker_is_asked_all_the_same() -> None:
    app = client("where-disabled", backend="disabled://")
    assert app.send_task("t").where() is Whereabouts.QUEUED
    assert app.AsyncResult("y").where() is Whereabouts.UNKNOWN


def test_queues_that_the_app_does_not_know_are_named() -> None:
    app = client("where-queues")
    sent = app.send_task("t", queue="elsewhere")
    assert sent.where(["elsewhere"]) is Whereabouts.QUEUED


async def test_what_takes_too_long_says_what_to_do() -> None:
    app = client("where-busy")
    sent = app.send_task("t")
    store = MemoryTransport("memory://where-busy").store
    with store.lock, pytest.raises(OperationalError, match=r"could not be looked through .* within 0\.01 s .*longer"):
        sent.where(timeout=0.01)
    with store.lock, pytest.raises(OperationalError, match=r"could not be looked through"):
        await sent.awhere(timeout=0.01)
    await app.aclose()


def test_a_broker_that_can_not_be_looked_through_says_so() -> None:
    app = client("where-blind", broker="amqp://127.0.0.1:1//")
    with pytest.raises(NotImplementedError, match=r"can't be looked through without consuming"):
        app.AsyncResult("x").where()
