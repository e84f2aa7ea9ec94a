"""The rig: private server, working folder and sizes of one benchmark run; starts workers and clients on them."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import messages, postgres_server, processes, rabbitmq_server, redis_server
from bench.apps import counter
from bench.messages import Mould
from bench.systems import CELERIAC, CELERY, RABBIT, ROOT, RPC, System

CLIENT_DEADLINE = 180.0
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything; a slow system gets fewer messages, since only its rate matters."""

    rounds: int
    many: int  # no-op messages for systems that drain tens of thousands a second
    few: int  # no-op messages for the others
    naps: int
    warm: int  # before memory and idle CPU are read
    delays: int
    bulk: int
    trips: int
    embedded: int
    delayed: int  # messages that are not due yet
    group: int
    chord: int  # the smaller of two
    chain: int
    idle: float  # seconds


FULL = Sizes(
    rounds=3,
    many=200_000,
    few=10_000,
    naps=500,
    warm=2_000,
    delays=5_000,
    bulk=10_000,
    trips=1_000,
    embedded=50_000,
    delayed=1_000_000,
    group=10_000,
    chord=1_000,
    chain=500,
    idle=10,
)
QUICK = Sizes(
    rounds=1,
    many=50_000,
    few=1_000,
    naps=100,
    warm=300,
    delays=1_000,
    bulk=2_000,
    trips=200,
    embedded=10_000,
    delayed=50_000,
    group=1_000,
    chord=250,
    chain=100,
    idle=2,
)


@dataclass(frozen=True, slots=True)
class Mode:
    """How the app is configured for one measure."""

    results: bool = True
    late: bool = True
    events: bool = False  # of tasks, those that clients tell among them


@dataclass(frozen=True, slots=True)
class Job:
    """A running worker, with what tells how far it is."""

    rig: "Rig"
    system: System
    program: processes.Program
    cells: memoryview

    def ran(self) -> int:
        return sum(self.cells)

    def settled(self) -> bool:
        """True when no message waits or is claimed."""
        return self.rig.held(self.system) == 0


class Rig:
    """Everything a measure needs."""

    def __init__(self, server: redis_server.RedisServer, folder: Path, sizes: Sizes) -> None:
        self.server = server
        self.folder = folder
        self.sizes = sizes
        self._moulds: dict[bool, Mould] = {}
        self._rabbit: rabbitmq_server.RabbitServer | None = None
        self._postgres: postgres_server.PostgresServer | None = None
        self._replies = ""  # the queue to which the results of the messages that were filled in go
        self.servers = contextlib.ExitStack()  # those that are started when they are first needed

    @property
    def rabbit(self) -> rabbitmq_server.RabbitServer:
        if self._rabbit is None:
            self._rabbit = self.servers.enter_context(rabbitmq_server.running(self.folder))
        return self._rabbit

    @property
    def postgres(self) -> postgres_server.PostgresServer:
        if self._postgres is None:
            self._postgres = self.servers.enter_context(postgres_server.running())
        return self._postgres

    def pids(self) -> list[int]:
        """Of the servers that run."""
        started = [server.pid for server in (self._rabbit, self._postgres) if server is not None]
        return [self.server.pid, *started]

    def fresh(self, system: System) -> None:
        """An empty server or file, whatever ran before."""
        self.server.client.flushall()
        if system.rabbit:
            self.rabbit.empty("bench")
        if system.postgres:
            self.postgres.empty()
        for file in self.folder.glob("embedded.sqlite3*"):
            if file.is_file():
                file.unlink()
        counter.create(self._tally)

    def env(self, system: System, mode: Mode) -> dict[str, str]:
        """The whole environment of a measured program: nothing leaks in from ours."""
        passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        return passed | {
            "BENCH_BROKER": self._broker(system),
            "BENCH_BACKEND": self._backend(system),
            "BENCH_RESULTS": str(int(mode.results)),
            "BENCH_LATE": str(int(mode.late)),
            "BENCH_EVENTS": str(int(mode.events)),
            "BENCH_TALLY": str(self._tally),
            "BENCH_HEARD": str(self._heard),
            "BENCH_MOULD": str(self.folder / f"mould-{int(mode.results)}"),
            **system.env,
        }

    def _broker(self, system: System) -> str:
        if system.rabbit:
            return self.rabbit.url
        return self._backend(system)

    def _backend(self, system: System) -> str:
        if system.postgres:
            return self.postgres.url
        return f"sqlite:///{self._file}" if system.embedded else self.server.url

    @contextlib.contextmanager
    def worker(self, system: System, mode: Mode) -> Iterator[Job]:
        """A worker of the system; it gets its counters afresh."""
        counter.create(self._tally)
        log = self.folder / f"{system.key}.log"
        with processes.started(
            f"{system.title} worker", system.worker, self.env(system, mode), system.cwd, log
        ) as program:
            yield Job(self, system, program, counter.view(self._tally))

    @contextlib.contextmanager
    def warm_worker(self, system: System) -> Iterator[Job]:
        """A worker that has run some tasks, and has nothing left to do."""
        mould = self.mould(Mode())
        self.fresh(system)
        warm = self.sizes.warm
        self.fill(system, Mode(), mould, warm)
        with self.worker(system, Mode()) as job:
            processes.wait_until(job.program, lambda: job.ran() >= warm, CLIENT_DEADLINE, 0.01, "the warm-up")
            processes.wait_until(job.program, job.settled, CLIENT_DEADLINE, 0.01, "the last acknowledgement")
            yield job

    @contextlib.contextmanager
    def listener(self, system: System, mode: Mode) -> Iterator[memoryview]:
        """A monitor of the system's own, in a process of its own, and the counters of the events it has heard."""
        counter.create(self._heard)
        command = (*system.client, "listen", "0")
        log = self.folder / f"{system.key}-listener.log"
        with processes.started(f"{system.title} monitor", command, self.env(system, mode), system.cwd, log) as program:
            cells = counter.view(self._heard)
            # It counts one when it listens.
            processes.wait_until(program, lambda: sum(cells) == 1, CLIENT_DEADLINE, 0.01, "its first word")
            yield cells

    @contextlib.contextmanager
    def sink(self) -> Iterator[memoryview]:
        """What hears events and drops them; once it has ended, its second counter is how many there were."""
        counter.create(self._heard)
        port = self.server.client.connection_pool.connection_kwargs["port"]
        command = (sys.executable, "-m", "bench.sink", str(port), str(self._heard))
        cells = counter.view(self._heard)
        with processes.started("sink", command, self.env(CELERIAC, Mode()), ROOT, self.folder / "sink.log") as program:
            processes.wait_until(program, lambda: cells[0] == 1, CLIENT_DEADLINE, 0.01, "its first word")
            yield cells

    def client(self, system: System, mode: Mode, measure: str, n: int) -> dict[str, Any]:
        """Runs the system's client program and returns what it printed."""
        command = [*system.client, measure, str(n)]
        done = subprocess.run(
            command,
            env=self.env(system, mode),
            cwd=system.cwd,
            capture_output=True,
            text=True,
            timeout=CLIENT_DEADLINE,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{system.title} client, {measure}: code {done.returncode}\n{done.stderr[-3000:]}")
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer

    def mould(self, mode: Mode) -> Mould:
        """A message as Celery publishes it, taken from the queue of a real Celery client once."""
        if mode.results not in self._moulds:
            self.fresh(CELERY)
            self.client(CELERY, mode, "delay", 1)
            raw: Any = self.server.client.lindex("bench", 0)
            self.fresh(CELERY)
            self._moulds[mode.results] = Mould(raw)
            (self.folder / f"mould-{int(mode.results)}").write_bytes(raw)
        return self._moulds[mode.results]

    def fill(self, system: System, mode: Mode, mould: Mould, n: int) -> None:
        """Puts n messages into the queue: the same bytes for every system on Redis."""
        if system.rpc:
            self._replies = self.client(RPC, mode, "left", n)["queue"]
        elif system.embedded or system.rabbit or system.postgres:
            self.client(RABBIT if system.rabbit else system, mode, "bulk", n - 1)  # it sends one to warm up
        else:
            messages.fill(self.server.client, mould, n)

    def held(self, system: System) -> int:
        """Messages that wait or are claimed and not yet acknowledged."""
        if system.embedded:
            return embedded_rows(self._file, "messages")
        if system.postgres:
            return self.postgres.rows("messages")
        if system.rabbit:
            return self.rabbit.ready("bench")
        pipe: Any = self.server.client.pipeline(transaction=False)
        pipe.llen("bench")
        pipe.hlen("unacked")
        return int(sum(pipe.execute()))

    def results(self, system: System) -> int:
        """How many results are stored, or have been sent."""
        if system.rpc:
            return self.rabbit.ready(self._replies)
        if system.embedded:
            return embedded_rows(self._file, "results")
        if system.postgres:
            return self.postgres.rows("results")
        return sum(1 for _ in self.server.client.scan_iter("celery-task-meta-*", count=10_000))

    @property
    def _tally(self) -> Path:
        return self.folder / "tally"

    @property
    def _heard(self) -> Path:
        return self.folder / "heard"

    @property
    def _file(self) -> Path:
        return self.folder / "embedded.sqlite3"


def embedded_rows(file: Path, table: str) -> int:
    """Rows of one table of the embedded store."""
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
