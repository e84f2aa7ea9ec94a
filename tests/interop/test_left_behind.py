"""What our last worker had put off is at once a Celery worker's."""

from pathlib import Path

from servers.redis_server import RedisServer
from watched import until

from .fleet import Client, start_worker

LATER = 4  # calls of which each waits some seconds
AFTER = 8.0
PATIENCE = 60.0  # less than the hundred seconds between the sweeps of a Celery worker


def test_delayed_calls_of_a_worker_that_leaves_are_in_its_queue_and_run_in_time_on_celery(
    server: RedisServer, home: Path
) -> None:
    with server.client() as notes:
        with start_worker("celeriac", server.url, home, app="moving") as worker:
            client = Client("celery", server.url, "moving:held", None, {"count": 0, "delayed": LATER, "after": AFTER})
            until(lambda: notes.hlen("unacked") == LATER, PATIENCE)
            assert worker.stop(PATIENCE) == 0
        assert (notes.llen("celery"), notes.exists("unacked", "unacked_index")) == (LATER, 0)
        with start_worker("celery", server.url, home, app="moving"):
            assert client.answer(PATIENCE) == []
        begun = sorted(entry.decode().split()[0] for entry in notes.lrange("interop:begun", 0, -1))
        assert begun == [f"later{n}" for n in range(LATER)]
