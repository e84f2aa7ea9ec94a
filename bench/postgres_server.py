"""A private PostgreSQL cluster with its own settings, on a free port, for as long as a `with` block."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.redis_server import free_port

START_DEADLINE = 60.0
PLACE = Path("/var/tmp")  # a disk, where /tmp may be memory; and open to the user that the server runs as
EMPTIED = ("messages", "results", "dead")


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """Where it listens, and a look into the tables."""

    url: str
    pid: int
    client: "psycopg.Connection[Any]"

    def rows(self, table: str) -> int:
        """None of them as long as nobody has made the tables."""
        if not self._there():
            return 0
        row: Any = self.client.execute(f"SELECT count(*) FROM celeriac.{table}".encode()).fetchone()
        return int(row[0])

    def empty(self) -> None:
        if self._there():
            self.client.execute(("TRUNCATE " + ", ".join(f"celeriac.{table}" for table in EMPTIED)).encode())

    def _there(self) -> bool:
        row: Any = self.client.execute("SELECT to_regclass('celeriac.messages') IS NOT NULL").fetchone()
        return bool(row[0])


def program(name: str) -> str | None:
    """Debian keeps the server's programs, of each version, away from the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    return str(found[-1]) if found else shutil.which(name)


@contextlib.contextmanager
def running() -> Iterator[PostgresServer]:
    """A server as it comes: every commit is on the disk before it is confirmed."""
    initdb, postgres = program("initdb"), program("postgres")
    if initdb is None or postgres is None:
        raise SystemExit("PostgreSQL is not installed: run `make bench`, or tools/debian.sh postgresql")
    with tempfile.TemporaryDirectory(dir=PLACE, prefix="celeriac-bench-") as folder:
        home, port = Path(folder), free_port()
        before = _unprivileged(home)
        words = ["-D", str(home / "data"), "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C"]
        subprocess.run([*before, initdb, *words], check=True, stdout=subprocess.DEVNULL, cwd=home)
        settings = [f"unix_socket_directories={home}", "listen_addresses=127.0.0.1"]
        chosen = [word for setting in settings for word in ("-c", setting)]
        log = home / "log"
        with log.open("wb") as output:
            command = [*before, postgres, "-D", str(home / "data"), "-p", str(port), *chosen]
            process = subprocess.Popen(command, stdout=output, stderr=output, cwd=home)
        try:
            with _connected(home, port, process, log) as client:
                yield PostgresServer(f"postgresql://bench@127.0.0.1:{port}/postgres", process.pid, client)
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(timeout=30)


def _unprivileged(folder: Path) -> list[str]:
    """What comes before a command: the server refuses to run as root."""
    if os.getuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _connected(home: Path, port: int, process: subprocess.Popen[bytes], log: Path) -> "psycopg.Connection[Any]":
    deadline = time.monotonic() + START_DEADLINE
    while True:
        try:
            return psycopg.connect(host=str(home), port=port, user="bench", dbname="postgres", autocommit=True)
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"PostgreSQL did not start:\n{log.read_text()}") from None
            time.sleep(0.05)
