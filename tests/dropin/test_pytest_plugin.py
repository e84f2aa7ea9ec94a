"""Celery's pytest fixtures, and Celeriac's own beside them, in a project's own test run."""

from pathlib import Path

from .running import PYTHON, run

CONFTEST = """
import pytest

pytest_plugins = ("celery.contrib.pytest",)

@pytest.fixture(scope="session")
def celery_config():
    return {"broker_url": "memory://", "result_backend": "cache+memory://", "task_default_queue": "of_tests"}

@pytest.fixture(scope="session")
def celery_includes():
    return ["included"]

@pytest.fixture(scope="session")
def celery_worker_parameters():
    return {"queues": ("of_tests",), "perform_ping_check": True}

@pytest.fixture(scope="session")
def celery_class_tasks():
    return [ClassTask]

import celery

class ClassTask(celery.Task):
    name = "class_task"
    def run(self, x):
        return x + 1
"""
INCLUDED = """
from celery import shared_task

@shared_task
def mul(x, y):
    return x * y
"""
TESTS = """
import threading
import pytest
from celery import Celery, current_app, shared_task
from celery.contrib.testing.manager import Manager
from celery.contrib.testing.mocks import TaskMessage
from celery.contrib.testing.worker import start_worker
from celery.contrib.testing.app import TestApp

def test_tasks_may_be_defined_while_the_worker_runs(celery_app, celery_worker):
    @celery_app.task
    def add(x, y):
        return x + y
    celery_worker.reload()
    assert add.delay(4, 4).get(timeout=60) == 8
    assert isinstance(celery_app, Celery)
    assert celery_app.conf.task_default_queue == "of_tests"

def test_included_modules_are_imported(celery_app, celery_worker):
    from included import mul
    assert mul.delay(4, 4).get(timeout=60) == 16
    assert mul.app is celery_app

@pytest.mark.celery(task_always_eager=True, result_backend="disabled://")
def test_a_mark_changes_settings(celery_app):
    @celery_app.task
    def here():
        return threading.current_thread().name
    assert here.delay().get() == threading.current_thread().name

def test_the_app_of_the_test_is_current(celery_app, depends_on_current_app):
    assert current_app == celery_app

@pytest.fixture
def no_app():
    return TestApp(set_as_current=False)

def test_an_app_may_be_used_without_being_current(no_app):
    assert current_app != no_app

def test_a_worker_beside_the_fixtures(celery_app):
    @celery_app.task
    def one():
        return 1
    with start_worker(celery_app, queues=["of_tests"]) as worker:
        results = [one.delay() for _ in range(5)]
        assert Manager(celery_app).join(celery_app.ResultSet(results), timeout=60) == [1] * 5
        assert worker.hostname

def test_messages_for_tests():
    message = TaskMessage("proj.add", id="1", args=(1, 2))
    assert message.headers["task"] == "proj.add" and message.payload[0] == (1, 2)

@pytest.mark.celeriac(result_expires=60)
def test_celeriacs_own_fixtures(celeriac_app, celeriac_worker):
    @celeriac_app.task
    def sub(x, y):
        return x - y
    assert sub.delay(5, 3).get(timeout=60) == 2
    assert celeriac_app.conf.result_expires == 60
"""
SESSION = """
def test_one_worker_for_all_tests(celery_session_app, celery_session_worker):
    task = celery_session_app.tasks["class_task"]
    assert task.apply_async((1,)).get(timeout=60) == 2
    test_one_worker_for_all_tests.worker = celery_session_worker

def test_it_is_the_same_one(celery_session_worker):
    assert celery_session_worker is test_one_worker_for_all_tests.worker
"""
TRAPPED = """
import pytest

@pytest.fixture(scope="session")
def use_celery_app_trap():
    return True

def test_the_trap_catches_who_uses_the_current_app(celery_app):
    from celery import current_app
    with pytest.raises(RuntimeError, match="current_app"):
        current_app.conf
"""


def outcome(folder: Path, *words: str, **environ: str) -> str:
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "included.py").write_text(INCLUDED)
    done = run(folder, PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words, environ=environ)
    return done.stdout + done.stderr


def test_a_projects_tests_use_the_fixtures(tmp_path: Path) -> None:
    (tmp_path / "test_tasks.py").write_text(TESTS)
    (tmp_path / "test_trapped.py").write_text(TRAPPED)
    assert "9 passed" in (told := outcome(tmp_path, "-W", "error", "-p", "no:asyncio")), told


def test_one_worker_serves_a_whole_session(tmp_path: Path) -> None:
    (tmp_path / "test_session.py").write_text(SESSION)
    assert "2 passed" in (told := outcome(tmp_path, "-W", "error", "-p", "no:asyncio")), told


def test_without_the_plugin_the_mark_and_fixtures_of_celeriac_are_there_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("")
    told = run(tmp_path, PYTHON, "-m", "pytest", "--fixtures", "-q").stdout
    assert "celeriac_app" in told
    assert "celery_app" not in told
