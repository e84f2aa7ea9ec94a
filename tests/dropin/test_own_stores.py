"""Result stores of a program's own, written for Celery: a class with get, set and delete."""

from pathlib import Path

import pytest

from servers.redis_server import RedisServer

from .running import CELERY, python, run, worker

STORE = """
import os, pathlib
from celery.backends.base import KeyValueStoreBackend

class Folder(KeyValueStoreBackend):
    def __init__(self, url=None, *args, **kwargs):
        super().__init__(*args, url=url, **kwargs)
        self.folder = pathlib.Path(url.partition("://")[2] if url else "results")
        self.folder.mkdir(exist_ok=True)

    def get(self, key):
        file = self.folder / key.decode()
        return file.read_text() if file.exists() else None

    def set(self, key, value):
        new = self.folder / f"{key.decode()}.{os.getpid()}.new"
        new.write_text(value)
        new.replace(self.folder / key.decode())

    def delete(self, key):
        (self.folder / key.decode()).unlink(missing_ok=True)

class Broken(KeyValueStoreBackend):
    def get(self, key):
        raise ValueError("the disk is on fire")
"""
TASKS = """
from celery import Celery

app = Celery("stored", broker="BROKER", backend="BACKEND")

@app.task(name="stored.add")
def add(x, y):
    return x + y

@app.task(name="stored.fail")
def fail():
    raise KeyError("no")
"""
CALLS = """
from stored import add, app, fail
results = [add.delay(n, n) for n in range(5)]
print([result.get(timeout=30) for result in results], app.backend.as_uri())
print(repr(fail.delay().get(timeout=30, propagate=False)))
first = results[0]
app.backend.store_result(first.id, None, "FAILURE")
print(app.AsyncResult(first.id).state)
first.forget()
print(app.AsyncResult(first.id).state)
"""


@pytest.mark.parametrize("name", ["stores:Folder", "stores.Folder", "stores:Folder+folder://kept"])
def test_results_are_kept_by_the_programs_class(tmp_path: Path, redis: RedisServer, name: str) -> None:
    (tmp_path / "stores.py").write_text(STORE)
    (tmp_path / "stored.py").write_text(TASKS.replace("BROKER", redis.url).replace("BACKEND", name))
    with worker(tmp_path, "-A", "stored", "worker", "-l", "INFO", "-c", "2"):
        lines = python(tmp_path, CALLS).splitlines()
    assert lines[0].startswith("[0, 2, 4, 6, 8] ")
    assert lines[1:] == ["KeyError('no')", "SUCCESS", "PENDING"]
    folder = tmp_path / ("kept" if "kept" in name else "results")
    assert len(list(folder.glob("celery-task-meta-*"))) == 5


def test_what_the_class_raises_is_told(tmp_path: Path) -> None:
    (tmp_path / "stores.py").write_text(STORE)
    (tmp_path / "stored.py").write_text(TASKS.replace("BROKER", "memory://").replace("BACKEND", "stores:Broken"))
    program = """
from stored import app
from celery.exceptions import BackendGetMetaError, OperationalError
try:
    print(app.AsyncResult("1").state)
except (BackendGetMetaError, OperationalError) as exc:
    print(exc)
"""
    assert "the disk is on fire" in python(tmp_path, program)


@pytest.mark.parametrize(
    ("name", "told"), [("stores:Missing", "Missing"), ("json:JSONDecoder", "KeyValueStoreBackend")]
)
def test_a_class_that_is_none_is_told_before_the_worker_starts(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "stores.py").write_text(STORE)
    (tmp_path / "stored.py").write_text(TASKS.replace("BROKER", "memory://").replace("BACKEND", name))
    done = run(tmp_path, CELERY, "-A", "stored", "worker", "-c", "1", "-P", "solo")
    assert done.returncode != 0
    assert told in done.stderr
    assert "Traceback" not in done.stderr
