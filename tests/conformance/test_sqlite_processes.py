"""Many processes on one file: started at once, forked, and killed at any moment."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from celeriac.adapters.sqlite import SQLiteTransport
from celeriac.core.clock import ManualClock
from celeriac.core.delivery import Action, Settlement
from celeriac.core.message import Queue
from celeriac.core.ports import TransportOptions
from celeriac.testing.conformance.harness import post
from celeriac.wire import envelope

CHURN = Path(__file__).with_name("sqlite_churn.py")
KILLS = 30

PUBLISH_ONE = """
import sys
from celeriac.adapters.sqlite import SQLiteTransport
from celeriac.testing.conformance.harness import post
transport = SQLiteTransport([sys.argv[1]])
sys.stdin.read()
transport.link().run(transport.broker.publish([post(sys.argv[2])]), 60.0)
"""


def count(transport: SQLiteTransport) -> int:
    return transport.link().run(transport.broker.count(["celery"]), 60.0)["celery"]


def drained(transport: SQLiteTransport) -> list[str]:
    """Recover, claim and acknowledge all there is."""
    link, broker = transport.link(), transport.broker
    link.run(transport.lease.acquire("worker/last", "last", 600.0), 60.0)
    link.run(broker.recover(envelope.redelivered), 60.0)
    found: list[str] = []
    while deliveries := link.run(broker.claim("last", [Queue("celery")], 200), 60.0).deliveries:
        found += [envelope.decode(delivery.raw).headers["id"] for delivery in deliveries]
        settlements = [Settlement(delivery, Action.ACK) for delivery in deliveries]
        assert all(link.run(broker.settle("last", settlements), 60.0))
    return found


def test_processes_that_start_at_once_create_one_database(folder: Path) -> None:
    url = f"sqlite:///{folder}/deep/down/queue.sqlite3"
    command = [sys.executable, "-c", PUBLISH_ONE, url]
    processes = [subprocess.Popen([*command, f"n{number}"], stdin=subprocess.PIPE) for number in range(6)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()  # all are at the same line now, or will come there with the others
    assert [process.wait(200) for process in processes] == [0] * 6
    transport = SQLiteTransport([url])
    assert count(transport) == 6
    transport.link().close()


def test_threads_share_a_link(folder: Path) -> None:
    transport = SQLiteTransport([f"sqlite:///{folder}/queue.sqlite3"])

    def publish(place: int) -> None:
        for number in range(50):
            transport.link().run(transport.broker.publish([post(f"{place}-{number}")]), 60.0)

    threads = [threading.Thread(target=publish, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100.0)
    assert count(transport) == 200
    transport.link().close()


FORK = """
import os, sys
from celeriac.adapters.sqlite import SQLiteTransport
from celeriac.testing.conformance.harness import post
transport = SQLiteTransport([sys.argv[1]])
link = transport.link()

def publish(name):
    for number in range(100):
        link.run(transport.broker.publish([post(f"{name}{number}")]), 60.0)

publish("before")
ear = link.listen()
ear.add(["news"])
children = []
for number in range(3):
    child = os.fork()
    if child == 0:
        publish(f"child{number}")
        link.close()
        ear.close()
        os._exit(0)
    children.append(child)
publish("parent")
assert all(os.waitpid(child, 0)[1] == 0 for child in children)
publish("after")
link.run(transport.bus.tell("news", b"still here"), 60.0)
assert ear.next(60.0) == ("news", b"still here")
"""


def test_a_link_works_on_both_sides_of_a_fork(folder: Path) -> None:
    url = f"sqlite:///{folder}/queue.sqlite3"
    done = subprocess.run([sys.executable, "-c", FORK, url], timeout=200, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    transport = SQLiteTransport([url])
    assert count(transport) == 600
    transport.link().close()
    check = sqlite3.connect(folder / "queue.sqlite3")
    assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check.close()


def test_thirty_kills_lose_nothing_and_invent_nothing(folder: Path) -> None:
    """Every message that was published is acknowledged exactly once or still there; nothing else is."""
    url = f"sqlite:///{folder}/queue.sqlite3"
    ledger = folder / "ledger"
    command = [sys.executable, str(CHURN), url, str(ledger)]
    processes = [subprocess.Popen(command) for _ in range(3)]
    random_moments = random.Random(os.urandom(8))
    try:
        for kill in range(KILLS):
            wait_for_growth(ledger, random_moments.randint(200, 5000))
            victim = kill % 3
            processes[victim].send_signal(signal.SIGKILL)
            assert processes[victim].wait(60) == -signal.SIGKILL
            processes[victim] = subprocess.Popen(command)
    finally:
        for process in processes:
            process.kill()
            process.wait(60)
    verdict(folder, ledger, url)


def wait_for_growth(ledger: Path, size: int) -> None:
    """Until the processes have written so much more; that is progress, not time."""
    start = ledger.stat().st_size if ledger.exists() else 0
    deadline = time.monotonic() + 120.0
    while not ledger.exists() or ledger.stat().st_size < start + size:
        assert time.monotonic() < deadline, "nothing happens any more"
        time.sleep(0.001)


def verdict(folder: Path, ledger: Path, url: str) -> None:
    told: dict[str, Counter[str]] = {"try": Counter(), "ok": Counter(), "end": Counter()}
    for line in ledger.read_text().splitlines():
        word, id = line.split(" ")
        told[word][id] += 1
    later = ManualClock(time.time() + 60.0)  # by then the leases of the dead have run out
    transport = SQLiteTransport([url], TransportOptions(clock=later))
    left = Counter(drained(transport))
    ended = told["end"]
    # an acknowledgement may have happened although its process died before it could write that down
    stored = [id for id in told["ok"] if transport.link().run(transport.results.fetch([id]), 60.0) != (None,)]
    transport.link().close()
    check = sqlite3.connect(folder / "queue.sqlite3")
    rows = [check.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("messages", "ready", "held")]
    whole = check.execute("PRAGMA integrity_check").fetchone()
    check.close()
    assert len(told["ok"]) > 200, "the campaign did too little to prove anything"
    assert set(told["ok"]) - set(left) - set(stored) == set(), "lost"
    assert (set(left) | set(ended)) - set(told["try"]) == set(), "unexpected"
    assert max(left.values(), default=1) == 1, "one message twice in the queue"
    assert max(ended.values(), default=1) == 1, "acknowledged twice"
    assert set(left) & (set(ended) | set(stored)) == set(), "acknowledged and still there"
    assert (rows, whole) == ([0, 0, 0], ("ok",)), "rows without a home"
