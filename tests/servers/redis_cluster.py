"""Three masters of the test's own that form a cluster."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final, Self

from patience import until

from .ports import free_port
from .redis_server import RedisServer

_SLOTS: Final = 16_384


class RedisCluster:
    """`with RedisCluster() as cluster: cluster.url`."""

    def __init__(self) -> None:
        # The bus port would be the node's own plus 10000, which may be too high.
        self._buses = [free_port() for _ in range(3)]
        self.nodes = [RedisServer("--cluster-enabled", "yes", "--cluster-port", str(bus)) for bus in self._buses]

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
        size = -(-_SLOTS // len(self.nodes))
        for place, node in enumerate(self.nodes):
            _say(node, "ADDSLOTS", *range(place * size, min((place + 1) * size, _SLOTS)))
            _say(node, "SET-CONFIG-EPOCH", place + 1)
        for node in self.nodes[1:]:
            _say(node, "MEET", "127.0.0.1", self.nodes[0].port, self._buses[0])
        until(lambda: all(map(_is_ready, self.nodes)), 60.0, lambda: [_say(node, "INFO") for node in self.nodes])
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for node in self.nodes:
            node.__exit__(kind, error, tb)


def _is_ready(node: RedisServer) -> bool:
    """It takes commands, for it knows of every slot who has it."""
    return b"cluster_state:ok" in _say(node, "INFO")


def _say(node: RedisServer, *words: Any) -> Any:
    with node.client() as client:
        return client.execute_command("CLUSTER", *words)
