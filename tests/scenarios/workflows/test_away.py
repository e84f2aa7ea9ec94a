"""A result store that is away while parts are counted: they are counted when it is back."""

from pathlib import Path

import pytest

from celeriac.canvas import chord
from servers.redis_server import RedisServer

from ..workers.running import until
from .stage import TIMEOUT, Stage


@pytest.mark.parametrize("early", ["", "1"])
def test_parts_that_end_while_the_store_is_away_are_counted_when_it_is_back(tmp_path: Path, early: str) -> None:
    with RedisServer(durable=True) as server:
        stage = Stage(tmp_path, f"sqlite:///{tmp_path}/queue.sqlite3", server.url)
        with stage.worker(FLOWS_EARLY=early):
            result = chord([stage.s("slow", 1, 0.6), stage.s("slow", 2, 0.6)])(stage.s("gather"))
            until(lambda: not waiting(stage), TIMEOUT)
            server.stop()
            until(lambda: len(stage.noted("slept")) == 2, TIMEOUT)  # the bodies of both are over
            server.start()
            assert result.get(TIMEOUT) == [1, 2]
            assert stage.noted("body", result.id) == [[[1, 2]]]
            stage.wait_no_keys()
        stage.app.close()


def waiting(stage: Stage) -> int:
    """Messages that nobody has claimed."""
    transport = stage.app.transports.write
    assert transport.broker is not None
    return int(transport.link().run(transport.broker.count(["celery"]), TIMEOUT)["celery"])
