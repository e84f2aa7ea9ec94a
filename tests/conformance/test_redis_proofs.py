"""Proof on Redis that a call was taken: what is heard of its end by who listened before it was sent."""

from __future__ import annotations

import select
from collections.abc import Iterator
from threading import get_ident

import pytest

from celeriac import Celeriac
from celeriac.core.ids import coming, uuid
from celeriac.core.ports.proof import Proof
from celeriac.exceptions import TimeoutError
from patience import until
from servers.redis_server import RedisServer


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def app(server: RedisServer) -> Iterator[Celeriac]:
    app = Celeriac("proofs", broker=server.url, backend=server.url, set_as_current=False)
    yield app
    app.close()


@pytest.fixture
def other(server: RedisServer) -> Iterator[Celeriac]:
    """Somebody else, who stores the results."""
    app = Celeriac("proofs", broker=server.url, backend=server.url, set_as_current=False)
    yield app
    app.close()


def begun(app: Celeriac, task_id: str) -> Proof:
    """Of a call of a thread that waits for each result at once; the first one."""
    app.backend.waiter.ahead.threads.add(get_ident())
    proof = app.backend.waiter.ahead.begin(task_id)
    assert proof is not None
    assert given(proof) is False  # the subscription is confirmed
    return proof


def _comes(proof: Proof) -> bool:
    return bool(select.select([proof], [], [], 0.0)[0])


def given(proof: Proof) -> bool | None:
    """What is said when something has come."""
    until(lambda: _comes(proof))
    return proof.given()


def told(proof: Proof) -> bool | None:
    """What is said when more has come than what proves nothing: confirmations may come one after the other."""
    return until(lambda: [said] if (said := given(proof)) is not False else [])[0]  # type: ignore[no-any-return]


def test_the_end_of_the_task_is_proof_and_is_heard_once_more_by_who_waits(app: Celeriac, other: Celeriac) -> None:
    proof = begun(app, "a")
    assert proof.given() is False
    other.backend.store_result("a", 42, "SUCCESS")
    assert told(proof) is True
    assert app.AsyncResult("a").get(timeout=30) == 42


def test_a_failure_is_proof_too(app: Celeriac, other: Celeriac) -> None:
    proof = begun(app, "b")
    other.backend.store_result("b", KeyError("x"), "FAILURE")
    assert told(proof) is True
    with pytest.raises(KeyError):
        app.AsyncResult("b").get(timeout=30)


def test_that_it_runs_is_none_for_its_message_may_not_be_on_the_disk_yet(app: Celeriac, other: Celeriac) -> None:
    proof = begun(app, "c")
    other.backend.store_result("c", None, "STARTED")
    assert given(proof) is False
    other.backend.store_result("c", 1, "SUCCESS")
    assert told(proof) is True
    assert app.AsyncResult("c").get(timeout=30) == 1


def test_a_late_word_of_an_earlier_task_is_no_word_of_this_one(
    app: Celeriac, other: Celeriac, server: RedisServer
) -> None:
    """Its result was found in the store, and the ear that heard the word later is used again."""
    answered(app, other, "earlier")
    proof = begun(app, "f")
    with server.client() as client:
        late = app.backend.waiter._store.channel("earlier")
        assert client.publish(late, client.get(late)) == 1
    assert given(proof) is False
    other.backend.store_result("f", 1, "SUCCESS")
    assert told(proof) is True
    assert app.AsyncResult("f").get(timeout=30) == 1


def test_what_can_not_be_read_is_none_and_is_an_error_of_who_waits(app: Celeriac, server: RedisServer) -> None:
    proof = begun(app, "d")
    with server.client() as client:
        client.publish(app.backend.waiter._store.channel("d"), b"{nothing")
    assert told(proof) is None
    with pytest.raises(TimeoutError):
        app.AsyncResult("d").get(timeout=0.1)


def test_a_connection_that_broke_gives_none_and_the_result_is_found_all_the_same(
    app: Celeriac, other: Celeriac, server: RedisServer
) -> None:
    proof = begun(app, "e")
    with server.client() as client:
        client.client_kill_filter(_type="pubsub")
    assert told(proof) is None
    other.backend.store_result("e", 5, "SUCCESS")
    assert app.AsyncResult("e").get(timeout=30) == 5


def answered(app: Celeriac, other: Celeriac, task_id: str) -> None:
    """One call of such a thread, whose result comes at once."""
    app.backend.waiter.ahead.threads.add(get_ident())
    app.backend.waiter.ahead.begin(task_id)
    other.backend.store_result(task_id, 1, "SUCCESS")
    assert app.AsyncResult(task_id).get(timeout=60) == 1


def subscriptions(server: RedisServer) -> tuple[int, int]:
    """How often somebody subscribed, and how many channels there are."""
    with server.client() as client:
        said = client.info("commandstats").get("cmdstat_subscribe", {"calls": 0})
        return int(said["calls"]), len(client.pubsub_channels())


def test_who_calls_and_waits_again_and_again_rarely_subscribes(
    app: Celeriac, other: Celeriac, server: RedisServer
) -> None:
    before, _ = subscriptions(server)
    for _ in range(60):
        answered(app, other, uuid())
    after, channels = subscriptions(server)
    assert after - before < 20
    assert channels < 150


def test_ids_of_the_callers_own_cost_no_more_than_themselves(
    app: Celeriac, other: Celeriac, server: RedisServer
) -> None:
    for number in range(250):
        answered(app, other, f"own-{number}")
    assert subscriptions(server)[1] < 150


def test_the_ids_that_are_coming_are_known() -> None:
    uuid()
    expected = coming(5)
    assert [uuid() for _ in expected] == expected
    assert len(coming(1_000_000)) < 1_000
