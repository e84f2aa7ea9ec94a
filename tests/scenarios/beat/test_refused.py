"""What a broker refuses of one entry keeps no other back."""

import time

from celeriac import Celeriac
from celeriac.beat import SharedScheduler
from scenarios.commands import DEADLINE
from servers.redis_server import RedisServer


def test_an_entry_the_broker_refuses_is_named_and_the_others_go_on(caplog) -> None:
    with RedisServer("--proto-max-bulk-len", "1mb") as server:
        app = Celeriac("refused", broker=server.url, set_as_current=False)
        app.conf.beat_schedule = {
            "huge": {"task": "t", "schedule": 0.2, "args": ("x" * 2_000_000,)},
            **{name: {"task": "t", "schedule": 0.2, "args": (name,)} for name in ("before", "zebra")},
        }
        scheduler = SharedScheduler(app)
        with server.client() as client:
            end = time.monotonic() + DEADLINE
            while client.llen("celery") < 6:
                assert time.monotonic() < end, caplog.text
                scheduler.alarm.wait(scheduler.tick())
        scheduler.close()
        assert "huge (t) was refused" in caplog.text
        assert "before (t) was refused" not in caplog.text
        assert scheduler.app.schedules.get("huge").total_run_count == 0
        assert app.schedules.get("zebra").total_run_count >= 3
        app.close()
