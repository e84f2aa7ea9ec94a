"""Events of workers, and task events that are switched on while a worker runs."""

import time

import pytest

from celeriac import Celeriac
from servers.redis_server import RedisServer

from ..workers.running import until, worker
from .conftest import APP, PATIENCE, Monitor, Start


def test_a_worker_comes_beats_is_switched_on_and_off_and_leaves(
    client: Celeriac, monitor: Monitor, start: Start
) -> None:
    name = "beats@here"
    with start("-c", "1", "-n", name, "--heartbeat-interval", "1") as running:
        online = monitor.wait_worker(name, "worker-online")
        assert (online["freq"], online["active"], online["sw_ident"]) == (1.0, 0, "py-celeriac")
        assert (online["pid"], len(online["loadavg"])) == (running.process.pid, 3)
        before = len(monitor.events)
        monitor.wait_worker(name, "worker-heartbeat")
        quiet = client.send_task("events.add", (1, 1))
        assert quiet.get(timeout=PATIENCE) == 2
        assert client.control.enable_events(reply=True, timeout=20, limit=1) == [{name: {"ok": "task events enabled"}}]
        told = client.send_task("events.add", (2, 2))
        assert monitor.wait(told.id, "task-succeeded")["result"] == "4"
        client.control.disable_events(reply=True, timeout=20, limit=1)
        again = client.send_task("events.add", (3, 3))
        assert again.get(timeout=PATIENCE) == 6
        until(lambda: monitor.processed(name) == 3)  # one that came late may have been told before
        monitor.wait(again.id, "task-sent")
        assert monitor.kinds(quiet.id) == monitor.kinds(again.id) == ["task-sent"]
        until(lambda: [worker.hostname for worker in monitor.state.alive_workers()] == [name])
        running.stop()
    monitor.wait_worker(name, "worker-offline", after=before)
    assert name not in monitor.state.workers


def test_a_result_is_shown_though_its_process_began_before_anybody_wanted_to_know(
    client: Celeriac, monitor: Monitor, start: Start
) -> None:
    with start("-c", "1", "-n", "late@here", level="ERROR"):
        client.send_task("events.add", (1, 1)).get(timeout=PATIENCE)
        client.control.enable_events(reply=True, timeout=20, limit=1)
        told = client.send_task("events.add", (20, 22))
        assert monitor.wait(told.id, "task-succeeded")["result"] == "42"


def test_without_heartbeat_nothing_is_told_of_the_worker(client: Celeriac, monitor: Monitor, start: Start) -> None:
    with start("-E", "-c", "1", "-n", "silent@here", "--without-heartbeat"):
        result = client.send_task("events.add", (1, 1))
        monitor.wait(result.id, "task-succeeded")
    kinds = {event["type"] for event in monitor.events if event["hostname"] == "silent@here"}
    assert kinds == {"task-received", "task-started", "task-succeeded"}


@pytest.mark.parametrize("store", ["redis"], indirect=True)
def test_after_the_broker_was_away_events_come_again(client: Celeriac, store: str, home, monitor: Monitor) -> None:  # type: ignore[no-untyped-def]
    with RedisServer() as server:
        environment = {"PROGRAM_STORE": server.url, "PROGRAM_NOTES": str(home / "notes")}
        with (
            Celeriac("other", broker=server.url, backend=server.url, set_as_current=False) as app,
            Monitor(app) as listening,
            worker(home, APP, "-E", "-c", "1", "-n", "back@here", environment=environment),
        ):
            listening.wait_worker("back@here", "worker-heartbeat")
            server.stop()
            server.start()
            since = time.time()
            result = app.send_task("events.add", (1, 1))
            assert result.get(timeout=PATIENCE) == 2
            until(lambda: any(one["timestamp"] > since for one in listening.beats("back@here")))
            told = app.send_task("events.add", (2, 2))
            listening.wait(told.id, "task-succeeded")


def test_a_call_counts_though_its_event_can_not_be_told(caplog: pytest.LogCaptureFixture) -> None:
    with RedisServer() as server:
        with server.client() as admin:
            admin.execute_command("ACL", "SETUSER", "quiet", "on", ">secret", "~*", "+@all", "resetchannels")
        url = server.url.replace("redis://", "redis://quiet:secret@")
        with Celeriac("quiet", broker=url, backend=url, set_as_current=False) as app:
            app.conf.task_send_sent_event = True
            assert app.send_task("events.add", (1, 1)).id
        with server.client() as admin:
            assert admin.llen("celery") == 1
    assert "Monitors are not told of calls that were sent" in caplog.text
