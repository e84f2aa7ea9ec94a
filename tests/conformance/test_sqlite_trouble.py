"""What SQLite's users see when the disk, the file or another program makes trouble."""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from celeriac.adapters.sqlite import SQLiteTransport
from celeriac.adapters.sqlite.request import Write
from celeriac.core.errors import OperationalError
from celeriac.core.flow import Flow
from celeriac.core.message import Message, Post, Route
from celeriac.core.ports import TransportOptions
from celeriac.testing.conformance.harness import post
from patience import in_time


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "queue.sqlite3"


@pytest.fixture
def transport(path: Path) -> Iterator[SQLiteTransport]:
    transport = SQLiteTransport([f"sqlite:///{path}"])
    yield transport
    transport.link().close()


def publish(transport: SQLiteTransport, *posts: Post, timeout: float = 60.0) -> None:
    transport.link().run(transport.broker.publish(posts or (post("a"),)), timeout)


def count(transport: SQLiteTransport) -> int:
    return transport.link().run(transport.broker.count(["celery"]), 60.0)["celery"]


def execute(transport: SQLiteTransport, statement: str) -> Any:
    def flow() -> Flow[Any]:
        answer: Any = yield Write(lambda session: session.execute(statement).fetchall())
        return answer

    return transport.link().run(flow(), 60.0)


def test_a_full_disk_is_said_and_nothing_is_half_stored(transport: SQLiteTransport) -> None:
    publish(transport)
    pages = execute(transport, "PRAGMA page_count")[0][0]
    execute(transport, f"PRAGMA max_page_count = {pages + 4}")
    large = Post(Message({"id": "b", "task": "t"}, {}, b"x" * 100_000), Route("celery"))
    with pytest.raises(OperationalError, match=r"disk .* is full"):
        publish(transport, post("c"), large)
    assert count(transport) == 1
    execute(transport, "PRAGMA max_page_count = 100000")
    publish(transport, large)
    assert count(transport) == 2


async def test_a_full_disk_fails_all_that_were_asked_together(transport: SQLiteTransport) -> None:
    publish(transport)
    pages = execute(transport, "PRAGMA page_count")[0][0]
    execute(transport, f"PRAGMA max_page_count = {pages + 4}")
    link = await transport.alink()
    large = Post(Message({"id": "b", "task": "t"}, {}, b"x" * 100_000), Route("celery"))
    with pytest.raises(OperationalError, match=r"disk .* is full"):
        await link.run(transport.broker.publish([large]), 60.0)
    await link.close()
    assert count(transport) == 1


def test_a_file_that_is_no_database_is_named(path: Path, transport: SQLiteTransport) -> None:
    path.write_bytes(b"this is a text, and a long one: " * 100)
    with pytest.raises(OperationalError, match="is not a SQLite database"):
        publish(transport)


def test_a_damaged_file_is_said(path: Path, transport: SQLiteTransport) -> None:
    for number in range(200):
        publish(transport, post(f"n{number}"))
    transport.link().close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with pytest.raises(OperationalError, match="damaged"):
        publish(transport)


def test_a_database_of_something_else_is_left_alone(path: Path, transport: SQLiteTransport) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE users (name TEXT)")
    other.close()
    with pytest.raises(OperationalError, match="a file of its own"):
        publish(transport)


def test_a_newer_schema_asks_for_an_upgrade(path: Path, transport: SQLiteTransport) -> None:
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(OperationalError, match=r"schema 99.*upgrade"):
        publish(transport)


def test_a_lock_is_waited_for_until_the_deadline(path: Path, transport: SQLiteTransport) -> None:
    publish(transport)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    start = time.monotonic()
    with pytest.raises(OperationalError, match="stayed locked"):
        publish(transport, timeout=0.2)
    took = time.monotonic() - start
    assert took > 0.15
    assert in_time(took, 2.0)
    other.execute("ROLLBACK")
    other.close()
    publish(transport)
    assert count(transport) == 2


async def test_the_async_link_keeps_its_deadline_too(path: Path, transport: SQLiteTransport) -> None:
    publish(transport)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    link = await transport.alink()
    start = time.monotonic()
    with pytest.raises(OperationalError, match=r"stayed locked|in time"):
        await link.run(transport.broker.publish([post("b")]), 0.2)
    assert in_time(time.monotonic() - start, 2.0)
    other.execute("ROLLBACK")
    other.close()
    await link.run(transport.broker.publish([post("c")]), 60.0)
    await link.close()
    assert count(transport) == 2


def test_a_deleted_file_is_made_anew(path: Path, transport: SQLiteTransport) -> None:
    publish(transport)
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        name.unlink(missing_ok=True)
    publish(transport)
    other = SQLiteTransport([f"sqlite:///{path}"])
    assert count(other) == 1
    other.link().close()


def test_a_directory_that_can_not_be_made_is_named(folder: Path) -> None:
    (folder / "file").touch()
    transport = SQLiteTransport([f"sqlite:///{folder}/file/queue.sqlite3"])
    with pytest.raises(OperationalError, match=r"Can't create the directory"):
        publish(transport)


READ_ONLY = """
import os, sys
from celeriac.adapters.sqlite import SQLiteTransport
from celeriac.core.errors import OperationalError
from celeriac.testing.conformance.harness import post
transport = SQLiteTransport([sys.argv[1]])
message = post("a")
if os.getuid() == 0:  # who may do everything sees no such error
    os.setuid(65534)
try:
    transport.link().run(transport.broker.publish([message]), 30.0)
except OperationalError as error:
    print(error)
"""


@pytest.mark.parametrize("is_there", [True, False])
def test_a_place_that_can_not_be_written_is_named(is_there: bool) -> None:
    directory = Path(tempfile.mkdtemp(prefix="celeriac-test-"))
    try:
        path = directory / "queue.sqlite3"
        if is_there:  # but not ours to write
            owner = SQLiteTransport([f"sqlite:///{path}"])
            publish(owner)
            owner.link().close()
            path.chmod(0o444)
        directory.chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, f"sqlite:///{path}"], capture_output=True, text=True, timeout=60
        )
        assert "can't be" in done.stdout and str(path) in done.stdout, done.stdout + done.stderr
        assert "permissions" in done.stdout or "may write" in done.stdout
    finally:
        directory.chmod(0o755)
        shutil.rmtree(directory)


def test_full_durability_can_be_asked_for(path: Path) -> None:
    transport = SQLiteTransport([f"sqlite:///{path}"], TransportOptions(options={"synchronous": "full"}))
    publish(transport)
    assert execute(transport, "PRAGMA synchronous") == [(2,)]
    transport.link().close()
