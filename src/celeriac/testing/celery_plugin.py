"""The fixtures of Celery's pytest plug-in: `pytest_plugins = ("celery.contrib.pytest",)`."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import pytest

from celeriac.current import get_current_app

from . import fixtures
from .app import test_app

NO_WORKER = os.environ.get("NO_WORKER")


def pytest_configure(config: Any) -> None:
    """The mark is known."""
    config.addinivalue_line("markers", "celery(**overrides): override celery configuration for a test case")


def _make(**kwargs: Any) -> Any:
    """An app of the class that programs call Celery: the drop-in's where it is there."""
    return test_app(type(get_current_app()), **kwargs)


def _worker(app: Any, pool: Any, includes: Any, parameters: Mapping[str, Any]) -> AbstractContextManager[Any]:
    return nullcontext() if NO_WORKER else fixtures.working(app, pool, includes, parameters)


@pytest.fixture(scope="session")
def use_celery_app_trap() -> bool:
    """True: code under test that uses the current app fails."""
    return False


@pytest.fixture(scope="session")
def celery_config() -> Mapping[str, Any]:
    """Settings of the test's app."""
    return {}


@pytest.fixture(scope="session")
def celery_parameters() -> Mapping[str, Any]:
    """Arguments of Celery() for the test's app."""
    return {}


@pytest.fixture(scope="session")
def celery_worker_parameters() -> Mapping[str, Any]:
    """Arguments of start_worker."""
    return {}


@pytest.fixture(scope="session")
def celery_enable_logging() -> bool:
    """Logging is the test's own either way."""
    return False


@pytest.fixture(scope="session")
def celery_includes() -> Sequence[str]:
    """Modules with tasks, imported when a worker starts."""
    return ()


@pytest.fixture(scope="session")
def celery_worker_pool() -> str:
    """The pool of the workers."""
    return "solo"


@pytest.fixture(scope="session")
def celery_class_tasks() -> Sequence[Any]:
    """Task classes to be registered with the session's app."""
    return ()


@pytest.fixture(scope="session")
def celery_session_app(
    celery_config: Mapping[str, Any], celery_parameters: Mapping[str, Any], use_celery_app_trap: bool
) -> Iterator[Any]:
    """One app for all tests."""
    with fixtures.current(partial(_make), celery_config, celery_parameters, use_celery_app_trap, False) as app:
        yield app


@pytest.fixture(scope="session")
def celery_session_worker(
    celery_session_app: Any,
    celery_includes: Sequence[str],
    celery_class_tasks: Sequence[Any],
    celery_worker_pool: Any,
    celery_worker_parameters: Mapping[str, Any],
) -> Iterator[Any]:
    """One worker for all tests."""
    for task in celery_class_tasks:
        celery_session_app.register_task(task)
    with _worker(celery_session_app, celery_worker_pool, celery_includes, celery_worker_parameters) as worker:
        yield worker


@pytest.fixture
def celery_app(
    request: Any, celery_config: Mapping[str, Any], celery_parameters: Mapping[str, Any], use_celery_app_trap: bool
) -> Iterator[Any]:
    """An app of this test; @pytest.mark.celery(**settings) changes its settings."""
    config = fixtures.marked(request, "celery", celery_config)
    with fixtures.current(_make, config, celery_parameters, use_celery_app_trap, False) as app:
        yield app


@pytest.fixture
def celery_worker(
    celery_app: Any,
    celery_includes: Sequence[str],
    celery_worker_pool: Any,
    celery_worker_parameters: Mapping[str, Any],
) -> Iterator[Any]:
    """A worker of celery_app in this process."""
    with _worker(celery_app, celery_worker_pool, celery_includes, celery_worker_parameters) as worker:
        yield worker


@pytest.fixture
def depends_on_current_app(celery_app: Any) -> None:
    """The test's app is the current one."""
    celery_app.set_current()
