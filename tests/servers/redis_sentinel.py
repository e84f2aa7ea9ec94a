"""A master, a replica and a sentinel of the test's own; a failover is when a test asks for it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import redis

from patience import until

from .ports import free_port, wait_until
from .redis_server import RedisServer

NAME = "mymaster"
_AT_ONCE = ("--repl-diskless-sync-delay", "0")  # else replicas wait for five seconds for others like them


class RedisSentinel:
    """`with RedisSentinel() as sentinel: sentinel.url`, `sentinel.fail_over()`."""

    def __init__(self) -> None:
        self.master = RedisServer(*_AT_ONCE)
        self.replica = RedisServer(*_AT_ONCE, "--replicaof", "127.0.0.1", str(self.master.port))
        self.port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="celeriac-sentinel-")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"sentinel://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        """A plain client of the sentinel itself."""
        return redis.Redis(port=self.port, protocol=2, socket_timeout=60)

    def current_master_port(self) -> int:
        with self.client() as client:
            return int(client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)[1])

    def current_master(self) -> RedisServer:
        return self.master if self.current_master_port() == self.master.port else self.replica

    def fail_over(self) -> None:
        """Returns when the other server is master and this one follows it; nothing that was written is lost."""
        old = self.current_master()
        new = self.replica if old is self.master else self.master
        written = old.client().info("replication")["master_repl_offset"]
        # Redis replicates behind the client's back: what has not arrived would be gone with the old master.
        _until(lambda: new.client().info("replication")["slave_repl_offset"] >= written)
        _until(self._starts_failover)
        _until(lambda: self.current_master_port() != old.port)
        _until(lambda: old.client().role()[0] == b"slave")

    def __enter__(self) -> Self:
        self.master.start()
        self.replica.start()
        _until(lambda: self.replica.client().info("replication")["master_link_status"] == "up")
        config = Path(self._folder.name) / "sentinel.conf"
        config.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {self._folder.name}\n"
            f"sentinel monitor {NAME} 127.0.0.1 {self.master.port} 1\n"
            # Only what a test asks for is a failover: a server that stands still for a while is not given up.
            f"sentinel down-after-milliseconds {NAME} 300000\nsentinel failover-timeout {NAME} 300000\n"
        )
        with (Path(self._folder.name) / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["redis-server", str(config), "--sentinel"], stdout=log, stderr=subprocess.STDOUT
            )
        wait_until(self._knows_replica, self._process)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self.replica.__exit__(kind, error, tb)
        self.master.__exit__(kind, error, tb)
        self._folder.cleanup()

    def _starts_failover(self) -> bool:
        """A sentinel that has seen the replica only once does not trust it yet."""
        try:
            with self.client() as client:
                client.execute_command("SENTINEL", "FAILOVER", NAME)
        except redis.ResponseError as error:
            if "NOGOODSLAVE" in str(error):
                return False
            raise
        return True

    def _knows_replica(self) -> bool:
        try:
            with self.client() as client:
                reply = client.execute_command("SENTINEL", "REPLICAS", NAME)
        except redis.RedisError:
            return False
        return bool(reply) and b"slave" in str(reply).encode()


def _until(reached: Callable[[], bool]) -> None:
    until(reached, 100.0, lambda: "the failover did not happen in time", every=0.02)
