"""One store of each kind with one worker on it, which all tests of this folder share."""

from collections.abc import Iterator

import pytest

from .stage import STAGES, Stage


@pytest.fixture(scope="package", params=["sqlite", "redis", "apart"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with STAGES[request.param](tmp_path_factory.mktemp("stage")) as stage, stage.worker():
        yield stage
