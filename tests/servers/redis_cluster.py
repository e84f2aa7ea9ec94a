"""Three masters of the test's own that form a cluster."""

from __future__ import annotations

import subprocess
import time
from types import TracebackType
from typing import Self

from .ports import free_port
from .redis_server import RedisServer


class RedisCluster:
    """`with RedisCluster() as cluster: cluster.url`."""

    def __init__(self) -> None:
        # The bus port would be the node's own plus 10000, which may be too high.
        self.nodes = [RedisServer("--cluster-enabled", "yes", "--cluster-port", str(free_port())) for _ in range(3)]

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def flush(self) -> None:
        for node in self.nodes:
            with node.client() as client:
                client.flushall()

    def __enter__(self) -> Self:
        for node in self.nodes:
            node.start()
        subprocess.run(
            ["redis-cli", "--cluster", "create", *(f"127.0.0.1:{node.port}" for node in self.nodes), "--cluster-yes"],
            check=True,
            capture_output=True,
        )
        deadline = time.monotonic() + 30.0
        while not all(_is_ready(node) for node in self.nodes):
            assert time.monotonic() < deadline, "the cluster did not form in time"
            time.sleep(0.02)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for node in self.nodes:
            node.__exit__(kind, error, tb)


def _is_ready(node: RedisServer) -> bool:
    with node.client() as client:
        return b"cluster_state:ok" in client.execute_command("CLUSTER", "INFO")
