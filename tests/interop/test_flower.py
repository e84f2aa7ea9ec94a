"""Flower, as people install it, in front of our workers: what its pages' API shows of them, and what it tells them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from celeriac import Celeriac
from scenarios.workers.running import Process, until
from servers.ports import free_port
from servers.redis_server import RedisServer

from .fleet import PYTHON, environment, start_worker

NODE = "celeriac@here"
PATIENCE = 60.0
# Flower asks in a few threads of its own, and first of all everybody: who is not named is waited for so long.
INSPECT = 2000  # milliseconds
SHOWN = {"stats", "active_queues", "registered", "active", "reserved", "scheduled", "revoked", "conf"}


class Flower:
    """Its API. It answers when it has been asked long enough: what it knows comes with events."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def get(self, path: str, **query: Any) -> Any:
        """None while it does not answer, or answers that there is no such thing yet."""
        try:
            with urlopen(f"{self._url}{path}?{urlencode(query)}", timeout=PATIENCE) as answer:
                text = answer.read().decode()
        except (HTTPError, URLError, ConnectionError, TimeoutError):
            return None
        return json.loads(text) if path.startswith("/api/") else text

    def post(self, path: str, **form: Any) -> Any:
        """What it says of an order; an error is the test's end."""
        data = form.pop("body", None) or urlencode(form)
        with urlopen(Request(f"{self._url}{path}", data.encode(), method="POST"), timeout=PATIENCE) as answer:
            return json.loads(answer.read())

    def task(self, id: str) -> dict[str, Any]:
        return self.get(f"/api/task/info/{id}") or {}

    def shows(self, true: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """What the worker answers, as soon as that is so: an answer that came too late is missing, or an old one."""
        found: dict[str, Any] = {}

        def asked() -> bool:
            answer = self.get("/api/workers", refresh=1, workername=NODE) or {}
            found.update(answer.get(NODE) or {})
            return found.keys() >= SHOWN and bool(true(found))

        until(asked, PATIENCE, lambda: found)
        return found


@pytest.fixture(scope="module")
def worker(server: RedisServer, home: Path) -> Iterator[Process]:
    with start_worker("celeriac", server.url, home, "-n", NODE, "-c", "2", "-E", app="operated") as running:
        yield running


@pytest.fixture(scope="module")
def flower(server: RedisServer, home: Path, worker: Process) -> Iterator[Flower]:
    port = free_port()
    words = ("-m", "celery", "-A", "operated", "flower", "--address=127.0.0.1")  # the same program, under real Celery
    options = (f"--port={port}", f"--inspect_timeout={INSPECT}")
    given = {**environment("celery", server.url), "FLOWER_UNAUTHENTICATED_API": "true"}
    with Process((PYTHON["celery"], *words, *options), home, given) as running:
        found = Flower(port)
        until(lambda: found.get("/healthcheck") == "OK", PATIENCE, lambda: running.text)
        until(lambda: (found.get("/api/workers", status=1) or {}).get(NODE), PATIENCE, lambda: running.text)
        yield found


@pytest.fixture(scope="module")
def client(server: RedisServer) -> Iterator[Celeriac]:
    with Celeriac("client", broker=server.url, backend=server.url, set_as_current=False) as app:
        yield app


def test_it_shows_the_worker(flower: Flower) -> None:
    shown = flower.shows(lambda shown: shown["registered"])
    assert {"i.call", "i.fail", "i.sleep"} <= {line.split()[0] for line in shown["registered"]}
    assert [queue["name"] for queue in shown["active_queues"]] == ["celery"]
    assert shown["stats"]["pool"]["max-concurrency"] == 2
    assert flower.get("/api/queues/length") == {"active_queues": [{"name": "celery", "messages": 0}]}
    assert NODE in flower.get("/")


def test_it_shows_what_becomes_of_tasks(flower: Flower, client: Celeriac) -> None:
    done = client.send_task("i.call", (1, 2), {"label": "flower"})
    failed = client.send_task("i.fail")
    for result, state in ((done, "SUCCESS"), (failed, "FAILURE")):
        until(lambda r=result, s=state: flower.task(r.id).get("state") == s, PATIENCE, lambda: flower.get("/api/tasks"))
    shown = flower.task(done.id)
    assert {name: shown[name] for name in ("name", "args", "kwargs", "result", "worker")} == {
        "name": "i.call",
        "args": "(1, 2)",
        "kwargs": "{'label': 'flower'}",
        "result": "'flower(1,2)'",
        "worker": NODE,
    }
    assert shown["received"] <= shown["started"] <= shown["succeeded"]
    assert shown["runtime"] >= 0
    broken = flower.task(failed.id)
    assert broken["exception"] == "ValueError('()')"
    assert "Traceback" in broken["traceback"]
    assert {done.id, failed.id} <= set(flower.get("/api/tasks", limit=100))
    assert flower.get(f"/api/task/result/{done.id}")["result"] == "flower(1,2)"
    metrics = flower.get("/metrics")
    assert f'flower_events_total{{task="i.call",type="task-succeeded",worker="{NODE}"}} 1.0' in metrics
    assert f'flower_worker_online{{worker="{NODE}"}} 1.0' in metrics


def test_what_it_sends_runs(flower: Flower, client: Celeriac) -> None:
    sent = flower.post("/api/task/send-task/i.call", body=json.dumps({"args": [7]}))
    assert client.AsyncResult(sent["task-id"]).get(timeout=PATIENCE) == "(7)"


def test_it_ends_a_task_and_takes_back_another(flower: Flower, client: Celeriac) -> None:
    running = client.send_task("i.sleep", (600,))
    until(lambda: flower.task(running.id).get("state") == "STARTED", PATIENCE)
    flower.shows(lambda shown: [task["id"] for task in shown["active"]] == [running.id])
    waiting = client.send_task("i.sleep", (0,), countdown=600)
    flower.post(f"/api/task/revoke/{running.id}", terminate="true", signal="SIGTERM")
    flower.post(f"/api/task/revoke/{waiting.id}")
    for result in (running, waiting):
        until(lambda r=result: client.AsyncResult(r.id).state == "REVOKED", PATIENCE)
    until(lambda: flower.task(running.id).get("state") == "REVOKED", PATIENCE, lambda: flower.task(running.id))
    flower.shows(lambda shown: {running.id, waiting.id} <= set(shown["revoked"]))


def test_it_changes_what_the_worker_does(flower: Flower) -> None:
    unanswered: list[str] = []

    def said(path: str, otherwise: str, **form: Any) -> str:
        """What Flower says of it, which has waited for the worker's answer for a second."""
        try:
            return str(flower.post(path, **form)["message"])
        except HTTPError as error:
            unanswered.append(f"{path}: {error.code} {error.read().decode()}")
            return otherwise

    for order, size in (("grow", 3), ("shrink", 2)):
        assert said(f"/api/worker/pool/{order}/{NODE}", order, n=1)
        flower.shows(lambda shown, size=size: shown["stats"]["pool"]["max-concurrency"] == size)
    for order, words, queues in (
        ("add-consumer", "add consumer more", ["celery", "more"]),
        ("cancel-consumer", "no longer consuming from more", ["celery"]),
    ):
        assert words in said(f"/api/worker/queue/{order}/{NODE}", words, queue="more")
        flower.shows(lambda shown, queues=queues: [queue["name"] for queue in shown["active_queues"]] == queues)
    words = "new rate limit set"
    assert words in said("/api/task/rate-limit/i.call", words, workername=NODE, ratelimit="5/s")
    flower.shows(lambda shown: any("i.call" in line and "rate_limit=5/s" in line for line in shown["registered"]))
    words = "time limits set"
    assert words in said("/api/task/timeout/i.call", words, workername=NODE, hard=9, soft=8)
    assert len(unanswered) <= 1, unanswered  # once a worker may be held up for so long


def test_it_shuts_a_worker_down(flower: Flower, server: RedisServer, home: Path) -> None:
    name = "leaving@here"
    with start_worker("celeriac", server.url, home, "-n", name, "-c", "1", "-Q", "leaving", app="operated") as leaving:
        until(lambda: name in (flower.get("/api/workers", refresh=1, workername=name) or {}), PATIENCE)
        flower.post(f"/api/worker/shutdown/{name}")
        assert leaving.wait_end(PATIENCE) == 0
        until(lambda: (flower.get("/api/workers", status=1) or {}).get(name) is False, PATIENCE)
