"""Messages a worker takes and refuses: serializers, compression, times, workflows, names, damage."""

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from celeriac import Celeriac
from celeriac.core.ids import uuid
from celeriac.core.message import Message, Post, Route
from celeriac.exceptions import NotRegistered, TaskRevokedError
from celeriac.wire import protocol2
from patience import in_time

from .letters import letter_of, letters, waiting
from .running import Command, until

TIMEOUT = 60


@pytest.fixture(autouse=True)
def _worker(program: Command) -> None:
    """All of these need it."""


def post(client: Celeriac, message: Message) -> None:
    """Publish a message that this client would not write."""
    transport = client.transports.write
    assert transport.broker is not None
    transport.link().run(transport.broker.publish([Post(message, Route("celery"))]), 10)


# -- what it takes


def test_json_carries_dates_decimals_and_bytes(client: Celeriac) -> None:
    given = [datetime(2024, 1, 2, 3, tzinfo=UTC), Decimal("1.10"), UUID(int=5), b"\x00\xff", "é", None, 1.5]
    assert client.send_task("program.echo", given).get(TIMEOUT) == [given, {}]


def test_yaml_is_read_where_accept_content_names_it(client: Celeriac) -> None:
    result = client.send_task("program.echo", (1, "two"), {"three": [3]}, serializer="yaml")
    assert result.get(TIMEOUT) == [[1, "two"], {"three": [3]}]


@pytest.mark.parametrize("compression", ["gzip", "bzip2", "lzma", "brotli", "zstd"])
def test_compressed_messages_are_read(client: Celeriac, compression: str) -> None:
    result = client.send_task("program.echo", ("x" * 100_000,), compression=compression)
    assert result.get(TIMEOUT) == [["x" * 100_000], {}]


def test_old_messages_of_protocol_1_are_read(client: Celeriac, store: str) -> None:
    with Celeriac("old", broker=store, backend=store, task_protocol=1, set_as_current=False) as old:
        assert old.send_task("program.add", (20, 22)).get(TIMEOUT) == 42


# -- what it refuses


@pytest.mark.parametrize("serializer", ["pickle", "msgpack"])
def test_what_accept_content_does_not_name_is_a_dead_letter(client: Celeriac, serializer: str) -> None:
    result = client.send_task("program.echo", (1,), serializer=serializer)
    with pytest.raises(Exception, match="accept_content"):
        result.get(TIMEOUT)
    assert letter_of(client, result.id).reason.startswith("ContentDisallowed: ")


def test_an_unknown_task_is_a_dead_letter_and_a_failure(client: Celeriac, program: Command) -> None:
    result = client.send_task("program.nowhere")
    with pytest.raises(NotRegistered):
        result.get(TIMEOUT)
    assert letter_of(client, result.id).reason == "no task named 'program.nowhere' is registered on this worker"
    program.wait_line(r"Received unregistered task of type 'program\.nowhere'")


@pytest.mark.parametrize("early", [False, True])
def test_a_chain_of_the_least_that_a_signature_can_say_is_followed(client: Celeriac, early: bool) -> None:
    name = "program.early" if early else "program.late"
    last = uuid()
    link = {"task": "program.echo", "args": [1], "options": {"task_id": last}}
    post(client, protocol2.build(protocol2.TaskCall(name=name, id=uuid(), args=("well",), chain=[link])))
    assert client.AsyncResult(last).get(TIMEOUT) == [["well", 1], {}]


@pytest.mark.parametrize("follower", [7, "text", {"no": "task"}, [1]])
def test_what_is_no_signature_behind_a_task_makes_it_a_failure(client: Celeriac, follower: object) -> None:
    call = protocol2.TaskCall(name="program.late", id=uuid(), args=("well",), chain=[follower])
    post(client, protocol2.build(call))
    assert isinstance(client.AsyncResult(call.id).get(TIMEOUT, propagate=False), Exception)


@pytest.mark.parametrize("body", [b"{", b"[1, 2]", b"\xff\xfe", b"[[], [], {}]"])
@pytest.mark.parametrize("name", ["program.late", "program.early"])
def test_a_damaged_body_is_a_dead_letter_and_the_worker_goes_on(client: Celeriac, name: str, body: bytes) -> None:
    task_id = f"damaged-{name}-{body!r}"
    post(client, Message({"task": name, "id": task_id}, {}, body))
    assert letter_of(client, task_id).reason.startswith("DecodeError: ")
    assert client.AsyncResult(task_id).state == "FAILURE"
    assert client.send_task("program.add", (1,)).get(TIMEOUT) == 1


# -- when it runs them


def test_a_countdown_and_an_eta_are_kept(client: Celeriac) -> None:
    begin = time.time()
    later = client.send_task("program.pid", countdown=0.7)
    at = client.send_task("program.pid", eta=datetime.now(UTC) + timedelta(seconds=0.7))
    past = client.send_task("program.pid", eta=datetime(2020, 1, 1, tzinfo=UTC))
    for result in (past, later, at):
        result.get(TIMEOUT)
    assert in_time(time.time() - begin, 20.0)
    assert min(datetime.fromisoformat(result.date_done).timestamp() for result in (later, at)) - begin > 0.65


def test_what_has_expired_is_not_run(client: Celeriac, home: Path, program: Command) -> None:
    result = client.send_task("program.bound", expires=datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(TaskRevokedError, match="expired"):
        result.get(TIMEOUT)
    assert result.state == "REVOKED"
    program.wait_line(rf"Discarding revoked task: program\.bound\[{result.id}\]")


def test_what_expires_while_it_waits_for_its_countdown_is_not_run(client: Celeriac) -> None:
    result = client.send_task("program.bound", countdown=0.5, expires=0.2)
    with pytest.raises(TaskRevokedError):
        result.get(TIMEOUT)


def test_what_does_not_expire_in_time_is_run(client: Celeriac) -> None:
    assert client.send_task("program.add", (1, 1), expires=60).get(TIMEOUT) == 2


def test_nothing_is_left_behind(client: Celeriac, program: Command) -> None:
    result = client.send_task("program.add", (1,))
    result.get(TIMEOUT)
    until(lambda: waiting(client, "celery") == [0])
    assert result.id not in letters(client)


def test_a_call_that_does_not_fit_is_refused_at_once(store: str) -> None:
    app = Celeriac("typed", broker=store, backend=store, set_as_current=False)

    @app.task
    def add(x: int, y: int) -> int:
        return x + y

    call: Any = add
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'y'"):
        call.delay(1)
    app.close()
