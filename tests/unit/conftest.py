"""What keeps unit tests apart: a shared task made by one of them is not in the apps of the next."""

from collections.abc import Iterator

import pytest

from celeriac.app import shared


@pytest.fixture(autouse=True)
def own_shared_tasks() -> Iterator[None]:
    """`@app.task` shares its task with every app that is finalized later in the process, as in Celery."""
    before = list(shared._on_finalize)
    yield
    shared._on_finalize[:] = before
