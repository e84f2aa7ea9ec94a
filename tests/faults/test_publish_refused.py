"""Servers and files that can't take a message: delay() says so clearly, and in time."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from celeriac import Celeriac
from celeriac.core.errors import OperationalError
from patience import in_time
from servers.redis_server import RedisServer

from .conftest import HELD_UP

LIMIT = 20.0  # of which nothing is used up: they answer
AT_ONCE = 1.0 + HELD_UP
LOCKED = 2.0  # what is locked may be free in a moment


def refusal(url: str, limit: float = LIMIT, within: float = AT_ONCE) -> str:
    """What the error says; it must come in time."""
    with Celeriac("p", broker=url, publish_timeout=limit, set_as_current=False) as app:
        began = time.monotonic()
        with pytest.raises(OperationalError) as caught:
            app.send_task("x")
        assert in_time(time.monotonic() - began, within)
        return str(caught.value)


@pytest.fixture
def guarded() -> Iterator[RedisServer]:
    with RedisServer(password="right") as server:
        yield server


def test_a_wrong_password(guarded: RedisServer) -> None:
    text = refusal(f"redis://:wrong@127.0.0.1:{guarded.port}/0")
    assert "password" in text
    assert "wrong" not in text
    assert str(guarded.port) in text


def test_no_password(guarded: RedisServer) -> None:
    assert str(guarded.port) in refusal(f"redis://127.0.0.1:{guarded.port}/0")


def test_a_server_that_is_out_of_memory() -> None:
    with RedisServer("--maxmemory", "1mb", "--maxmemory-policy", "noeviction") as server, server.client() as client:
        client.config_set("maxmemory", "1")
        assert "memory" in refusal(server.url)


def test_a_read_only_replica() -> None:
    with RedisServer() as master, RedisServer("--replicaof", "127.0.0.1", str(master.port)) as replica:
        assert "replica" in refusal(replica.url)


def test_a_server_that_is_no_redis(tmp_path: Path) -> None:
    """The sentinel of all wrong ports: something that speaks HTTP."""
    import http.server
    import threading

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        server.RequestHandlerClass.log_message = lambda *args: None  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            assert str(server.server_port) in refusal(f"redis://127.0.0.1:{server.server_port}/0")
        finally:
            server.shutdown()
            thread.join()


def made(path: Path) -> str:
    """A file that was in use."""
    url = f"sqlite:///{path}"
    with Celeriac("p", broker=url, set_as_current=False) as app:
        app.send_task("x")
    return url


def test_a_locked_file(tmp_path: Path) -> None:
    url = made(tmp_path / "queue.sqlite3")
    with closing(sqlite3.connect(tmp_path / "queue.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        text = refusal(url, LOCKED, LOCKED + AT_ONCE)
        other.execute("ROLLBACK")
    assert "locked" in text
    assert "queue.sqlite3" in text


def test_a_damaged_file(tmp_path: Path) -> None:
    url = made(tmp_path / "queue.sqlite3")
    for file in tmp_path.glob("queue.sqlite3-[ws]*"):
        if file.is_file():
            file.unlink()
    (tmp_path / "queue.sqlite3").write_bytes(b"\x00garbage" * 1000)
    text = refusal(url)
    assert "queue.sqlite3" in text
    assert "not a SQLite database" in text or "damaged" in text


def test_a_file_that_is_a_directory(tmp_path: Path) -> None:
    (tmp_path / "queue.sqlite3").mkdir()
    assert "queue.sqlite3" in refusal(f"sqlite:///{tmp_path}/queue.sqlite3")


def test_a_file_of_something_else(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.sqlite3")) as other:
        other.execute("CREATE TABLE mine (a)")
        other.commit()
    assert "something else" in refusal(f"sqlite:///{tmp_path}/other.sqlite3")
