"""Where calls go: routes, exchanges, queues that are chosen, missing or prioritized, with a real worker."""

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from celeriac import Celeriac, Queue
from celeriac.app.queues import worker_direct
from celeriac.exceptions import OperationalError, QueueNotFound

from .letters import waiting
from .notes import notes_of
from .running import Command, run, until, worker

TIMEOUT = 60


@pytest.fixture(scope="module")
def client(store: str) -> Iterator[Celeriac]:
    """The same program as the worker's, for routes are the caller's."""
    before = os.environ.get("PROGRAM_STORE")
    os.environ["PROGRAM_STORE"] = store
    app: Celeriac = import_module("scenarios.workers.routed").app
    app.close()
    app.conf.update(broker_url=store, result_backend=store)
    for part in ("transports", "backend", "publisher"):
        app.__dict__.pop(part, None)
    yield app
    app.close()
    if before is None:
        del os.environ["PROGRAM_STORE"]


@pytest.fixture(scope="module", autouse=True)
def _worker(store: str, home: Path) -> Iterator[Command]:
    queues = "celery,images,errors,all_logs,north,south,by_name,by_glob,vip,from_class"
    environment = {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(home / "notes")}
    with worker(home, "scenarios.workers.routed", "-c", "2", "-Q", queues, environment=environment) as running:
        yield running


def went(client: Celeriac, name: str, *args: Any, **options: Any) -> Any:
    return client.tasks[f"routed.{name}"].apply_async(args, **options).get(TIMEOUT)


def test_without_a_route_calls_go_to_the_default_queue(client: Celeriac) -> None:
    assert went(client, "plain") == ["", "celery"]


def test_routes_are_names_globs_patterns_functions_and_classes(client: Celeriac) -> None:
    assert went(client, "by_name") == ["", "by_name"]
    assert went(client, "glob.one") == ["", "by_glob"]
    assert went(client, "image") == ["media", "media.image"]
    assert went(client, "by_class") == ["", "from_class"]


def test_a_function_routes_by_arguments(client: Celeriac) -> None:
    result = client.send_task("routed.plain", kwargs={"vip": True})
    with pytest.raises(TypeError):
        result.get(TIMEOUT)  # it arrived, where the task does not know what to do with it


def test_the_caller_has_the_last_word(client: Celeriac) -> None:
    assert went(client, "by_name", queue="celery") == ["", "celery"]


def test_a_topic_reaches_every_queue_whose_pattern_fits(client: Celeriac, home: Path) -> None:
    both = client.send_task("routed.plain", exchange="logs", routing_key="disk.error")
    one = client.send_task("routed.plain", exchange="logs", routing_key="disk.full.warning")
    assert both.get(TIMEOUT) == ["logs", "disk.error"]
    assert one.get(TIMEOUT) == ["logs", "disk.full.warning"]
    until(lambda: notes_of(home, both.id) == ["ran", "ran"])  # for the queues errors and all_logs
    assert notes_of(home, one.id) == ["ran"]


def test_a_fanout_reaches_all_its_queues(client: Celeriac, home: Path) -> None:
    for options in ({"exchange": "news", "exchange_type": "fanout"}, {"queue": "south"}):
        result = client.send_task("routed.plain", **options)
        until(lambda result=result: notes_of(home, result.id) == ["ran", "ran"])


def test_what_no_queue_wants_is_not_sent(client: Celeriac) -> None:
    with pytest.raises(OperationalError, match="No queue is bound to exchange 'media'"):
        client.send_task("routed.plain", exchange="media", routing_key="media.sound")


def test_a_queue_that_only_the_sender_knows_of_is_made(client: Celeriac) -> None:
    client.send_task("routed.plain", exchange="media", routing_key="media.video")
    until(lambda: waiting(client, "videos") == [1])


def test_a_queue_that_nobody_consumes_keeps_its_messages(client: Celeriac) -> None:
    client.send_task("routed.plain", queue="videos")
    until(lambda: waiting(client, "videos") == [2])


def test_a_missing_queue_is_refused_if_missing_queues_are_not_made(store: str) -> None:
    with Celeriac("strict", broker=store, task_create_missing_queues=False, set_as_current=False) as app:
        app.conf.task_queues = [Queue("known")]
        with pytest.raises(QueueNotFound, match="nowhere"):
            app.send_task("x", queue="nowhere")


def test_a_worker_asked_for_a_missing_queue_says_so(home: Path, store: str) -> None:
    (home / "strict.py").write_text(
        "from celeriac import Celeriac, Queue\n"
        f"app = Celeriac('strict', broker={store!r}, task_create_missing_queues=False, task_queues=[Queue('known')])\n"
    )
    ended = run(home, "-A", "strict", "worker", "-Q", "nowhere")
    assert ended.process.returncode != 0
    assert "nowhere: there is no such queue in task_queues (there are: known)" in ended.text
    assert "Traceback" not in ended.text


def test_excluded_queues_are_not_consumed(home: Path, store: str, client: Celeriac) -> None:
    environment = {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(home / "notes")}
    client.send_task("routed.plain", queue="unconsumed")
    options = ("-X", "celery,images,errors,all_logs,north,south,videos", "-c", "1", "-n", "other@here")
    with worker(home, "scenarios.workers.routed", *options, environment=environment) as other:
        until(lambda: waiting(client, "unconsumed") == [0])
        assert waiting(client, "videos") == [2]
        assert ".> unconsumed" in other.text
        assert ".> images" not in other.text


def test_priorities_are_served_in_the_brokers_order(home: Path, store: str) -> None:
    """On Redis 0 comes first, as in Celery; on SQLite the highest, as on RabbitMQ."""
    (home / "ranked.py").write_text(
        "from celeriac import Celeriac\n"
        f"app = Celeriac('ranked', broker={store!r}, backend={store!r}, task_default_queue='ranked')\n"
        "@app.task(name='ranked.note', bind=True)\n"
        "def note(self):\n"
        "    open('ranks', 'a').write(f\"{self.request.delivery_info['priority']} \")\n"
    )
    with Celeriac("ranked", broker=store, backend=store, task_default_queue="ranked", set_as_current=False) as app:
        results = [app.send_task("ranked.note", priority=priority) for priority in (3, 9, 0, 6)]
        with worker(home, "ranked", "-c", "1", "-P", "solo"):
            for result in results:
                result.get(TIMEOUT)
    ranks = (home / "ranks").read_text().split()
    (home / "ranks").unlink()
    assert ranks == (["0", "3", "6", "9"] if store.startswith("redis") else ["9", "6", "3", "0"])


@pytest.mark.parametrize(("strategy", "order"), [("round_robin", "abababab"), ("priority", "aaaabbbb")])
def test_queues_are_served_in_turns_unless_told_otherwise(home: Path, store: str, strategy: str, order: str) -> None:
    """A queue that is never empty does not keep the others from being served."""
    name = f"turns_{strategy}"
    (home / f"{name}.py").write_text(
        "from celeriac import Celeriac\n"
        f"app = Celeriac('turns', broker={store!r}, backend={store!r}, worker_prefetch_multiplier=1)\n"
        f"app.conf.broker_transport_options = {{'queue_order_strategy': {strategy!r}}}\n"
        "@app.task(name='turns.note', bind=True)\n"
        "def note(self):\n"
        f"    open({name!r}, 'a').write(self.request.delivery_info['routing_key'][-1])\n"
    )
    with Celeriac("turns", broker=store, backend=store, set_as_current=False) as app:
        queues = [f"{name}.{letter}" for letter in "aaaabbbb"]
        results = [app.send_task("turns.note", queue=queue) for queue in queues]
        with worker(home, name, "-c", "1", "-P", "solo", "-Q", f"{name}.a,{name}.b"):
            for result in results:
                result.get(TIMEOUT)
    served = (home / name).read_text()
    (home / name).unlink()
    assert served == order


def test_a_worker_may_be_called_by_its_name(client: Celeriac, store: str, tmp_path: Path) -> None:
    environment = {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(tmp_path / "notes")}
    options = ("-n", "me@here", "-c", "1", "--", "worker.direct=true")
    with worker(tmp_path, "scenarios.workers.routed", *options, environment=environment) as running:
        assert ".> me@here.dq2      exchange=C.dq2(direct) key=me@here" in running.text
        plain = client.tasks["routed.plain"]
        for _ in range(5):
            assert plain.apply_async(queue=worker_direct("me@here")).get(TIMEOUT) == ["", "me@here.dq2"]
        running.wait_line(r"Task routed.plain\[.*succeeded")
