"""The pytest plug-in of Celeriac: fixtures celeriac_app and celeriac_worker, and the mark celeriac(**settings).

It is there wherever celeriac and pytest are installed. A project says more by fixtures of its own of the names
below: celeriac_config, celeriac_parameters, celeriac_includes, celeriac_worker_pool, celeriac_worker_parameters.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest


def pytest_configure(config: Any) -> None:
    """The mark is known."""
    config.addinivalue_line("markers", "celeriac(**settings): settings of the app of this test")


@pytest.fixture(scope="session")
def celeriac_config() -> Mapping[str, Any]:
    """Settings of the apps of all tests; queues and results are in memory unless they say otherwise."""
    return {}


@pytest.fixture(scope="session")
def celeriac_parameters() -> Mapping[str, Any]:
    """Arguments of Celeriac() for the apps of all tests."""
    return {}


@pytest.fixture(scope="session")
def celeriac_includes() -> Sequence[str]:
    """Modules with tasks, imported when a worker starts."""
    return ()


@pytest.fixture(scope="session")
def celeriac_worker_pool() -> str:
    """The pool of the workers: solo runs tasks in this process."""
    return "solo"


@pytest.fixture(scope="session")
def celeriac_worker_parameters() -> Mapping[str, Any]:
    """Arguments of start_worker."""
    return {}


@pytest.fixture
def celeriac_app(
    request: Any, celeriac_config: Mapping[str, Any], celeriac_parameters: Mapping[str, Any]
) -> Iterator[Any]:
    """An app of this test, the current one meanwhile."""
    from . import fixtures
    from .app import TestApp

    config = fixtures.marked(request, "celeriac", celeriac_config)
    with fixtures.current(TestApp, config, celeriac_parameters, False, True) as app:
        yield app


@pytest.fixture
def celeriac_worker(
    celeriac_app: Any,
    celeriac_includes: Sequence[str],
    celeriac_worker_pool: str,
    celeriac_worker_parameters: Mapping[str, Any],
) -> Iterator[Any]:
    """A worker of celeriac_app in this process; tasks may be defined after it has started."""
    from . import fixtures

    with fixtures.working(celeriac_app, celeriac_worker_pool, celeriac_includes, celeriac_worker_parameters) as worker:
        yield worker
