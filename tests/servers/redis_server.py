"""A redis-server of the test's own: plain, with a password, TLS, a UNIX socket, as sentinel or cluster node."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis

from telling import remember, tail

from .ports import free_port, wait_until


class RedisServer:
    """`with RedisServer("--requirepass", "x") as server: server.url`; everything it writes goes away with it."""

    def __init__(self, *arguments: str, password: str | None = None, durable: bool = False, tls: Any = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="celeriac-redis-"))
        self.port = free_port()
        self.socket = self.folder / "redis.sock"
        self.password = password
        self.tls = tls
        self._arguments = [
            *("--dir", str(self.folder), "--unixsocket", str(self.socket), "--save", ""),
            *("--appendonly", "yes" if durable else "no", "--bind", "127.0.0.1"),
            # Written before it is answered, so that a kill loses nothing: a server that is to sync every second keeps
            # back what it has answered already, for as long as the disk is slow to.
            *("--appendfsync", "no"),
            *(("--requirepass", password) if password else ()),
            *self._ports(),
            *arguments,
        ]
        self._process: subprocess.Popen[bytes] | None = None
        self._last_words: Sequence[str] = ()
        remember(self)

    @property
    def lives(self) -> bool:
        return self._process is not None

    def last_words(self) -> tuple[str, Sequence[str]]:
        return f"redis-server on {self.port}", tail(self.folder / "log") or self._last_words

    def _ports(self) -> tuple[str, ...]:
        if self.tls is None:
            return ("--port", str(self.port))
        files = ("--tls-cert-file", str(self.tls.certificate), "--tls-key-file", str(self.tls.key))
        return ("--port", "0", "--tls-port", str(self.port), *files, "--tls-auth-clients", "no")

    @property
    def url(self) -> str:
        scheme = "rediss" if self.tls else "redis"
        secret = f":{self.password}@" if self.password else ""
        return f"{scheme}://{secret}127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def client(self, db: int = 0) -> redis.Redis:
        """A plain redis-py client, over the UNIX socket."""
        return redis.Redis(unix_socket_path=str(self.socket), password=self.password, db=db, protocol=2)

    def flush(self) -> None:
        with self.client() as client:
            client.flushall()

    def start(self) -> Self:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(["redis-server", *self._arguments], stdout=log, stderr=subprocess.STDOUT)
        wait_until(self._answers, self._process)
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()
        self._last_words = tail(self.folder / "log")[-20:]
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        client = self.client()
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()
