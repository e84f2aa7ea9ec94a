"""One file tasks.py, `celery -A tasks worker`, and a shell that calls it."""

from pathlib import Path

import pytest

from dropin.running import CELERY, python, run, worker
from servers.redis_server import RedisServer

TASKS = """
from celery import Celery

broker = "redis://localhost:6379/0"
backend = "redis://localhost:6379/1"

app = Celery("tasks", broker=broker, backend=backend)

@app.task
def add(x, y):
    return x + y

@app.task(bind=True)
def debug_task(self):
    print('Request: {0!r}'.format(self.request))
    return self.request.task

@app.task
def divide(x, y):
    return x / y
"""

CALLS = """
from tasks import add, debug_task, divide

result = add.delay(4, 4)
print(result.get(timeout=60), result.ready(), result.successful(), result.state)
print(add(4, 6), repr(result).startswith('<AsyncResult: '))
t = divide.delay(1, 0)
print(repr(t.get(propagate=False, timeout=60)), t.failed(), 'ZeroDivisionError' in t.traceback)
print(debug_task.delay().get(timeout=60))
"""


def write(folder: Path, redis: RedisServer) -> None:
    (folder / "tasks.py").write_text(TASKS.replace("redis://localhost:6379", redis.url.rpartition("/")[0]))


@pytest.mark.parametrize(
    "words", [("-A", "tasks", "worker", "--loglevel=info"), ("worker", "-A", "tasks", "--loglevel=info")]
)
def test_a_worker_and_a_shell_with_both_orders_of_the_command_line(
    tmp_path: Path, redis: RedisServer, words: tuple[str, ...]
) -> None:
    write(tmp_path, redis)
    with worker(tmp_path, *words) as running:
        lines = python(tmp_path, CALLS).splitlines()
        running.wait_line(r"Task tasks\.add\[[0-9a-f-]{36}\] succeeded in [0-9.e-]+s: 8")
        running.wait_line(r"Request: <Context: \{.*'task': 'tasks.debug_task'")
        running.wait_line(r"Task tasks\.divide\[.*\] raised unexpected: ZeroDivisionError")
    assert lines == [
        "8 True True SUCCESS",
        "10 True",
        "ZeroDivisionError('division by zero') True True",
        "tasks.debug_task",
    ]


def test_the_banner_says_what_tools_and_people_look_for(tmp_path: Path, redis: RedisServer) -> None:
    write(tmp_path, redis)
    with worker(tmp_path, "-A", "tasks", "worker", "-l", "info", "-c", "3") as running:
        text = running.text
    for line in (
        "[config]",
        ".> app:         tasks:0x",
        f".> transport:   {redis.url}",
        f".> results:     {redis.url.rpartition('/')[0]}/1",
        ".> concurrency: 3 (prefork)",
        "[queues]",
        ".> celery           exchange=celery(direct) key=celery",
        "[tasks]",
        "  . tasks.add",
    ):
        assert line in text, text
    assert "celery@" in text


def test_the_command_has_celerys_name_and_its_environment(tmp_path: Path, redis: RedisServer) -> None:
    assert run(tmp_path, CELERY, "--help").stdout.startswith("Usage: celery [OPTIONS] COMMAND")
    assert "celery, version" in run(tmp_path, CELERY, "--version").stdout
    assert "celery -A proj worker -l INFO" in run(tmp_path, CELERY, "worker", "--help").stdout
    write(tmp_path, redis)
    environ = {"CELERY_APP": "tasks", "CELERY_WORKER_CONCURRENCY": "3", "CELERY_BROKER_URL": redis.url[:-1] + "5"}
    with worker(tmp_path, "worker", "-l", "info", environ=environ) as running:
        assert ".> concurrency: 3 (prefork)" in running.text
        assert f".> transport:   {redis.url[:-1]}5" in running.text


def test_celerys_own_defaults_hold(tmp_path: Path, redis: RedisServer) -> None:
    write(tmp_path, redis)
    program = "from tasks import app as a; print(a.conf.task_acks_late, a.conf.worker_prefetch_multiplier)"
    assert python(tmp_path, program) == "False 4"
