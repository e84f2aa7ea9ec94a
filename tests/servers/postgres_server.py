"""A PostgreSQL of the test's own: a new cluster in a folder of its own, on a free port and a UNIX socket."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import psycopg

from .ports import free_port, wait_until

USER = "tester"
# The server of a test need not survive a power cut.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "fatal",
    "password_encryption": "md5",  # takes no time
    "max_wal_size": "256MB",
}


class PostgresServer:
    """`with PostgresServer() as server: server.url()`; everything it writes goes away with it."""

    def __init__(self, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="celeriac-postgres-"))
        self.port = free_port()
        self._data = self.folder / "data"
        self._settings = {**_SETTINGS, "unix_socket_directories": str(self.folder), **settings}
        self._as_user = _unprivileged(self.folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._desk: psycopg.Connection[Any] | None = None

    def url(self, port: int | None = None, user: str = USER, **query: str) -> str:
        words = "&".join(f"{name}={quote(value)}" for name, value in query.items())
        return f"postgresql://{user}@127.0.0.1:{port or self.port}/postgres" + (f"?{words}" if words else "")

    def client(self) -> psycopg.Connection[Any]:
        """A plain connection, over the UNIX socket."""
        return psycopg.connect(
            host=str(self.folder), port=self.port, user=USER, dbname="postgres", autocommit=True, connect_timeout=10
        )

    def execute(self, sql: str, *args: Any) -> list[tuple[Any, ...]]:
        """On a connection that is kept: new ones cost more than what tests ask."""
        if self._desk is None:
            self._desk = self.client()
        cursor = self._desk.execute(sql.encode(), args or None)
        return cursor.fetchall() if cursor.description else []

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> Self:
        if not self._data.exists():
            self._create()
        settings = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        command = [*self._as_user, _program("postgres"), "-D", str(self._data), "-p", str(self.port), *settings]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder)
        wait_until(self._answers, self._process, 150.0)
        return self

    def stop(self) -> None:
        """At once, as after a crash: every connection is cut, and the next start goes through the log."""
        if self._desk is not None:
            self._desk.close()
            self._desk = None
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(120.0)
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _create(self) -> None:
        words = ["-D", str(self._data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run(
            [*self._as_user, _program("initdb"), *words], capture_output=True, text=True, cwd=self.folder, timeout=200
        )
        if done.returncode:
            raise RuntimeError(f"initdb: {done.stdout}{done.stderr}")

    def _answers(self) -> bool:
        try:
            self.client().close()
        except psycopg.OperationalError:
            return False
        return True


def _unprivileged(folder: Path) -> list[str]:
    """What comes before a command: the server refuses to run as root."""
    if os.getuid() != 0:
        return []
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        user = pwd.getpwnam("nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _program(name: str) -> str:
    """Debian keeps the server's programs, of each version, away from the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    path = str(found[-1]) if found else shutil.which(name)
    if path is None:
        raise RuntimeError("PostgreSQL is not installed: tools/debian.sh postgresql")
    return path
