"""Results as messages (rpc://): every way of reading them, what befalls connections meanwhile, what is refused."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from celeriac import Celeriac, chain, chord, group
from celeriac.exceptions import BackendStoreError, ImproperlyConfigured, OperationalError, TimeoutError
from patience import in_time
from scenarios.workers.running import Command, until, worker
from servers.rabbitmq_server import RabbitServer

PATIENCE = 40.0


def make_client(url: str, queue: str, **settings: Any) -> Celeriac:
    client = Celeriac("program", broker=url, backend="rpc://", set_as_current=False)
    client.conf.update(task_default_queue=queue, **settings)
    return client


def work_on(node: RabbitServer, home: Path, queue: str) -> Command:
    given = {
        "PROGRAM_BROKER": node.url(),
        "PROGRAM_RESULTS": "rpc://",
        "PROGRAM_NOTES": str(home / "notes"),
        "PROGRAM_QUEUE": queue,
    }
    return worker(home, "scenarios.rabbitmq.program", "-c", "2", environment=given)


@pytest.fixture(scope="module")
def url(node: RabbitServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A worker for all tests of this file."""
    with work_on(node, tmp_path_factory.mktemp("rpc"), "rpc-tasks"):
        yield node.url()


@pytest.fixture
def client(url: str) -> Iterator[Celeriac]:
    made = make_client(url, "rpc-tasks")
    yield made
    made.close()


def call(client: Celeriac, name: str, *args: Any, **options: Any) -> Any:
    return client.send_task(f"program.{name}", args, **options)


def queues(node: RabbitServer) -> str:
    return node.control("list_queues", "name", "messages")


def test_results_failures_and_states_come_back(client: Celeriac) -> None:
    assert call(client, "say", "one").get(timeout=PATIENCE) == "one"
    failed = call(client, "say", 1, 2)
    with pytest.raises(TypeError, match="say"):
        failed.get(timeout=PATIENCE)
    assert failed.state == "FAILURE"
    again = call(client, "again", 0.0)
    assert again.get(timeout=PATIENCE) == 2


def test_a_result_is_not_lost_by_looking(client: Celeriac) -> None:
    result = call(client, "say", "polled")
    until(lambda: result.ready(), PATIENCE)
    assert call(client, "say", "waited for").get(timeout=PATIENCE) == "waited for"
    other = call(client, "say", "polled right after a wait")
    until(lambda: other.ready(), PATIENCE)
    again = client.AsyncResult(result.id)
    assert (result.state, result.get(timeout=PATIENCE), again.get(timeout=PATIENCE)) == ("SUCCESS", "polled", "polled")


def test_many_results_are_dispatched_to_threads_that_wait(client: Celeriac) -> None:
    found: dict[int, Any] = {}

    def wait(number: int) -> None:
        found[number] = [call(client, "say", f"{number}-{turn}").get(timeout=PATIENCE) for turn in range(20)]

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert found == {number: [f"{number}-{turn}" for turn in range(20)] for number in range(8)}


def test_groups_and_chains_come_back_and_chords_are_refused(client: Celeriac) -> None:
    say, asay = client.signature("program.say"), client.signature("program.asay")
    many = group(say.clone((str(number),)) for number in range(500))
    assert many.apply_async().get(timeout=PATIENCE) == [str(number) for number in range(500)]
    assert chain(say.clone(("x",)), asay.clone(()), say.clone(())).apply_async().get(timeout=PATIENCE) == "x"
    broken = chain(say.clone((1, 2)), say.clone(())).apply_async()
    with pytest.raises(TypeError):
        broken.get(timeout=PATIENCE)
    with pytest.raises(NotImplementedError, match="Chords can't be had with results at rpc://"):
        chord([say.clone(("x",))], say.clone(())).apply_async()
    with pytest.raises(NotImplementedError, match="keeps no groups"):
        many.apply_async().save()


def test_async_callers_wait_in_their_loop(client: Celeriac) -> None:
    async def calls() -> list[Any]:
        sent = [await client.asend_task("program.say", (str(number),)) for number in range(50)]
        return list(await asyncio.gather(*(one.aget(timeout=PATIENCE) for one in sent)))

    assert asyncio.run(calls()) == [str(number) for number in range(50)]


@contextmanager
def somebody_waiting(client: Celeriac) -> Iterator[None]:
    """Another thread waits, by itself, for what never comes."""
    told = threading.Event()

    def wait() -> None:
        with suppress(TimeoutError):
            client.AsyncResult("nobody").get(timeout=PATIENCE, on_interval=look)

    def look() -> None:
        if told.is_set():
            raise TimeoutError("enough")

    waiting = threading.Thread(target=wait)
    waiting.start()
    try:
        yield
    finally:
        told.set()
        waiting.join(PATIENCE)


def test_what_was_received_is_acknowledged_while_somebody_waits_for_something_else(
    client: Celeriac, node: RabbitServer
) -> None:
    assert call(client, "say", "one").get(timeout=PATIENCE) == "one"
    with somebody_waiting(client):
        until(lambda: f"{client.oid}\t0" in queues(node), PATIENCE)


def test_a_reply_queue_that_is_deleted_under_who_waits_is_made_again(client: Celeriac, node: RabbitServer) -> None:
    assert call(client, "say", "one").get(timeout=PATIENCE) == "one"
    with somebody_waiting(client):
        node.control("delete_queue", client.oid)
        until(lambda: client.oid in queues(node), PATIENCE)
    assert [call(client, "say", str(number)).get(timeout=PATIENCE) for number in range(5)] == list("01234")


def test_a_wait_that_is_interrupted_loses_no_result(client: Celeriac) -> None:
    """It may have been reading for everybody when it was."""

    class Enough(BaseException):
        pass

    def ring(number: int, frame: Any) -> None:
        raise Enough

    before = signal.signal(signal.SIGALRM, ring)
    try:
        for turn in range(5):
            results = [call(client, "say", f"{turn}.{number}") for number in range(20)]
            with pytest.raises(Enough):
                signal.setitimer(signal.ITIMER_REAL, 0.05)
                client.AsyncResult("nobody").get(timeout=PATIENCE)
            assert [result.get(timeout=PATIENCE) for result in results] == [f"{turn}.{n}" for n in range(20)]
    finally:
        signal.signal(signal.SIGALRM, before)


def test_results_that_come_while_the_client_is_cut_off_are_read_after_it(node: RabbitServer, tmp_path: Path) -> None:
    """The node lets this client in no more, then again; in between its tasks are run."""
    node.control("add_user", "rpc", "right")
    node.control("set_permissions", "-p", "/", "rpc", ".*", ".*", ".*")
    client = make_client(node.url(user="rpc", password="right"), "rpc-held", result_timeout=1.0)
    try:
        sent = [call(client, "say", str(number)) for number in range(4)]
        found: list[Any] = []
        waiting = threading.Thread(target=lambda: found.extend(one.get(timeout=2 * PATIENCE) for one in sent))
        waiting.start()
        node.control("change_password", "rpc", "wrong")
        node.control("close_all_user_connections", "rpc", "a test of ours")
        until(lambda: _refused(client), PATIENCE)
        with work_on(node, tmp_path, "rpc-held"):
            until(lambda: [client.oid, "4"] in [line.split() for line in queues(node).splitlines()], PATIENCE)
        assert waiting.is_alive()
        node.control("change_password", "rpc", "right")
        waiting.join(2 * PATIENCE)
        assert found == [str(number) for number in range(4)]
        assert [one.state for one in sent] == ["SUCCESS"] * 4
    finally:
        client.close()
        node.control("delete_user", "rpc")


def _refused(client: Celeriac) -> bool:
    """Asking for what has not come says that it can't come now."""
    try:
        return not client.AsyncResult("another").state
    except OperationalError as error:
        return "user name" in str(error)


def test_a_result_that_the_node_does_not_take_is_a_failure_that_says_so(client: Celeriac) -> None:
    large = call(client, "repeat", "x", 9 << 20)
    small = call(client, "say", "small")
    with pytest.raises(BackendStoreError, match="larger than RabbitMQ takes: raise max_message_size"):
        large.get(timeout=PATIENCE)
    assert small.get(timeout=PATIENCE) == "small"


def test_nobody_else_can_read_a_result(client: Celeriac, url: str) -> None:
    result = call(client, "say", "mine")
    assert result.get(timeout=PATIENCE) == "mine"
    other = make_client(url, "rpc-tasks")
    try:
        assert other.AsyncResult(result.id).state == "PENDING"
        with pytest.raises(TimeoutError):
            other.AsyncResult(result.id).get(timeout=0.2)
        with pytest.raises(RuntimeError, match="only the task's request knows"):
            other.backend.store_result(result.id, 1, "SUCCESS")
    finally:
        other.close()


def test_a_forked_child_has_a_queue_of_its_own(client: Celeriac) -> None:
    assert call(client, "say", "parent").get(timeout=PATIENCE) == "parent"
    child = os.fork()
    if not child:
        try:
            os._exit(0 if call(client, "say", "child").get(timeout=PATIENCE) == "child" else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert call(client, "say", "parent again").get(timeout=PATIENCE) == "parent again"


def test_the_reply_queue_goes_with_the_client_and_comes_back_if_it_is_used_again(url: str, node: RabbitServer) -> None:
    client = make_client(url, "rpc-tasks")
    assert call(client, "say", "one").get(timeout=PATIENCE) == "one"
    assert client.oid in queues(node)
    client.close()
    until(lambda: client.oid not in queues(node))
    assert call(client, "say", "two").get(timeout=PATIENCE) == "two"
    client.close()


def test_a_client_that_wants_no_results_has_no_reply_queue(url: str, node: RabbitServer) -> None:
    client = make_client(url, "rpc-tasks")
    call(client, "say", "nothing", ignore_result=True)
    assert client.oid not in queues(node)
    client.close()


def test_a_broker_that_is_away_is_an_error_in_time_and_no_end_of_waiting(tmp_path: Path) -> None:
    with ExitStack() as stack:
        client = make_client("amqp://guest:guest@127.0.0.1:1//", "nowhere", publish_timeout=1.0, result_timeout=1.0)
        stack.callback(client.close)
        began = time.monotonic()
        with pytest.raises(OperationalError, match="can't be reached"):
            call(client, "say", "lost")
        with pytest.raises(OperationalError, match="can't be reached"):
            _ = client.AsyncResult("unknown").state
        assert in_time(time.monotonic() - began, 20.0)


def test_only_rabbitmq_sends_results() -> None:
    client = make_client("redis://localhost:1", "nowhere")
    with pytest.raises(ImproperlyConfigured, match="must be RabbitMQ, not redis://"):
        _ = client.backend
