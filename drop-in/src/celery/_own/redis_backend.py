"""celery.backends.redis: app.backend where results are in Redis; programs borrow its connection."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from celeriac.app.backend import Backend
from celeriac.app.transports import as_urls


class RedisBackend(Backend):
    """`app.backend.client` is a redis-py client of the results' server, for what a program wants of it."""

    task_keyprefix = "celery-task-meta-"
    group_keyprefix = "celery-taskset-meta-"
    app: Any

    @cached_property
    def client(self) -> Any:
        """A client of its own connections: nothing that is done with it disturbs waiting for results."""
        import redis

        url = as_urls(self.app.transports.results_url)[0]
        return redis.Redis.from_url(url if "://" in url else f"{url}://")

    def get_key_for_task(self, task_id: str, key: str = "") -> bytes:
        """Under which key a result lies."""
        return f"{self._prefix}{self.task_keyprefix}{task_id}{key}".encode()

    def get_key_for_group(self, group_id: str, key: str = "") -> bytes:
        """Under which key a saved group lies."""
        return f"{self._prefix}{self.group_keyprefix}{group_id}{key}".encode()

    @property
    def _prefix(self) -> str:
        return str(self.app.conf.result_backend_transport_options.get("global_keyprefix", ""))

    def get(self, key: Any) -> Any:
        """A value of the server."""
        return self.client.get(key)

    def mget(self, keys: Sequence[Any]) -> Any:
        """Several."""
        return self.client.mget(keys)

    def set(self, key: Any, value: Any, **retry_policy: Any) -> Any:
        """Keep a value, and tell who listens."""
        with self.client.pipeline() as pipe:
            pipe.set(key, value, ex=int(self.expires) if self.expires else None)
            pipe.publish(key, value)
            return pipe.execute()

    def delete(self, key: Any) -> Any:
        """Forget it."""
        return self.client.delete(key)

    def expire(self, key: Any, value: Any) -> Any:
        """Forget it after so many seconds."""
        return self.client.expire(key, value)

    def incr(self, key: Any) -> Any:
        """Count."""
        return self.client.incr(key)

    def close(self) -> None:
        """Close what is open; it may be used again."""
        if "client" in self.__dict__:
            self.__dict__.pop("client").close()
        super().close()
