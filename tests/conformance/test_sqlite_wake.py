"""How waiting processes are woken: sockets of the dead, long paths, full sockets, silence."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from celeriac.adapters.sqlite import SQLiteTransport
from celeriac.adapters.sqlite.alink import SQLiteBell
from celeriac.adapters.sqlite.wake import Board, Listener, queue_channel, result_channel
from celeriac.adapters.sqlite.wake.ground import ground
from celeriac.core.message import Queue
from celeriac.core.record import Record
from celeriac.testing.conformance.harness import post


@pytest.fixture
def path(folder: Path) -> Path:
    path = folder / "q"
    path.touch()
    return path


@pytest.fixture
def board(path: Path) -> Iterator[Board]:
    board = Board(path)
    yield board
    board.close()


@pytest.fixture
def listener(path: Path) -> Iterator[Listener]:
    listener = Listener(path)
    yield listener
    listener.close()


def test_a_listener_is_woken_only_for_what_it_waits_for(board: Board, listener: Listener) -> None:
    listener.add([queue_channel("mine"), result_channel("a")])
    board.wake(["other"], ["b"])
    assert listener.receive() is None
    board.wake(["mine"], ["b"])
    assert listener.receive() == []
    board.wake([], ["b", "a"])
    assert listener.receive() == [(result_channel("a"), b"")]
    assert listener.receive() is None


def test_a_listener_that_comes_later_is_found(board: Board, path: Path) -> None:
    board.wake(["mine"], [])
    for _ in range(3):
        late = Listener(path)
        late.add([queue_channel("mine")])
        board.wake(["mine"], [])
        assert late.receive() == []
        late.close()
    assert board.tell("mine", b"", None) == 0


def test_a_listener_is_rung_for_once_until_it_has_looked(board: Board, listener: Listener, path: Path) -> None:
    listener.add([queue_channel("mine"), queue_channel("other")])
    second = Board(path)
    for sender in (board, second, board):
        sender.wake(["mine"], [])
    assert listener.receive() == []
    assert listener.receive() is None
    second.wake(["other"], [])
    second.wake(["mine"], [])
    assert [listener.receive(), listener.receive(), listener.receive()] == [[], [], None]
    second.close()


def test_a_ring_that_was_never_sent_hides_no_more_than_itself(board: Board, listener: Listener) -> None:
    """Its sender was killed between the mark and the datagram."""
    listener.add([queue_channel("mine")])
    board.wake(["mine"], [])
    while listener.socket is not None and listener.socket.recv(1000) != b"q":
        pass
    board.wake(["mine"], [])  # the mark is still there: nothing is sent
    assert listener.receive() is None
    board.wake(["mine"], [])
    assert listener.receive() == []


def test_names_that_share_a_place_are_told_apart(board: Board, listener: Listener) -> None:
    listener.add(f"channel{number}" for number in range(9000))
    listener.discard(f"channel{number}" for number in range(1, 9000))
    assert board.tell("channel0", b"x", None) == 1
    assert listener.receive() == [("channel0", b"x")]


def test_a_full_socket_makes_the_listener_look_for_all_its_results(board: Board, listener: Listener) -> None:
    listener.add([result_channel("a"), result_channel("b"), "news"])
    for _ in range(5000):
        board.wake([], ["a"])
    heard = listener.receive()
    assert heard is not None
    assert sorted(heard) == [(result_channel("a"), b""), (result_channel("b"), b"")]
    while listener.receive() is not None:
        pass
    board.wake([], ["b"])
    assert listener.receive() == [(result_channel("b"), b"")]


def test_who_tells_goes_on_without_a_listener_that_does_not_read_but_counts_it(
    board: Board, listener: Listener
) -> None:
    listener.add(["news", result_channel("a")])
    for _ in range(1_000):
        assert board.tell("news", b"x" * 50_000, None) == 1
        if listener._places.overflowed:
            break
    assert listener.receive() == [(result_channel("a"), b"")]  # it knows that it has missed something
    assert board.tell("news", b"x", None) == 1


DIE_LISTENING = """
import os, signal, sys
from pathlib import Path
from celeriac.adapters.sqlite.wake import Listener, queue_channel
listener = Listener(Path(sys.argv[1]))
listener.add([queue_channel("mine"), "news"])
os.kill(os.getpid(), signal.SIGKILL)
"""


def kill_a_listener(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", DIE_LISTENING, str(path)], timeout=60)
    assert done.returncode == -signal.SIGKILL


def test_the_socket_of_a_dead_process_is_cleared_away_by_who_would_wake_it(board: Board, path: Path) -> None:
    kill_a_listener(path)
    assert len(list(board.directory.glob("*.sock"))) == 1
    board.wake(["mine"], [])
    assert list(board.directory.glob("*.sock")) == list(board.directory.glob("*.map")) == []
    assert board.tell("news", b"x", None) == 0


def test_the_socket_of_a_dead_process_is_cleared_away_by_who_comes_next(path: Path) -> None:
    kill_a_listener(path)
    listener = Listener(path)
    assert len(list(ground(path).glob("*.sock"))) == 1
    listener.close()
    assert list(ground(path).glob("*.sock")) == []


def test_a_path_too_long_for_a_socket_is_replaced_by_a_short_one(folder: Path) -> None:
    deep = folder / ("directory" * 12)
    deep.mkdir()
    transport = SQLiteTransport([f"sqlite:///{deep}/queue.sqlite3"])
    ear = transport.link().listen()
    ear.add(["news"])
    assert transport.link().run(transport.bus.tell("news", b"hello"), 60.0) == 1
    assert ear.next(60.0) == ("news", b"hello")
    ear.close()
    short = ground(deep / "queue.sqlite3")
    assert len(os.fsencode(short)) < 84
    transport.link().close()
    shutil.rmtree(short)


def test_an_ear_that_was_never_woken_looks_for_itself(folder: Path) -> None:
    transport = SQLiteTransport([f"sqlite:///{folder}/queue.sqlite3"])
    ear = transport.link().listen()
    store = transport.results.store([Record("a", "SUCCESS", b"1")])
    transport.link().run(store, 60.0)  # before it listens: as if the process that stored it died without a word
    ear.add([transport.results.channel("a")])
    assert ear.next(60.0) == (transport.results.channel("a"), b"")
    ear.close()
    transport.link().close()


async def test_a_bell_that_was_never_rung_asks_for_itself(folder: Path) -> None:
    transport = SQLiteTransport([f"sqlite:///{folder}/queue.sqlite3"])
    link = await transport.alink()
    bell = await link.bell([Queue("elsewhere")])
    waiting = asyncio.create_task(bell.wait(100.0))
    while not waiting.done():  # it rings for no datagram: the queue is another
        transport.link().run(transport.broker.publish([post("a")]), 60.0)
        await asyncio.sleep(0.05)
    assert await waiting
    await bell.close()
    await link.close()
    transport.link().close()


async def test_without_sockets_a_bell_asks_the_database(folder: Path) -> None:
    transport = SQLiteTransport([f"sqlite:///{folder}/queue.sqlite3"])
    link = await transport.alink()
    await link.run(transport.broker.publish([post("a")]), 60.0)
    bell = SQLiteBell(link, Listener(folder / "queue.sqlite3", sockets=False), [Queue("celery")])
    waiting = asyncio.create_task(bell.wait(100.0))
    while not waiting.done():
        transport.link().run(transport.broker.publish([post("a")]), 60.0)
        await asyncio.sleep(0.05)
    assert await waiting
    assert await link.run(transport.bus.tell("news", b"x"), 60.0) == 0
    await bell.close()
    await link.close()
    transport.link().close()
