"""Chords on a result store that can't count parts: a task looks until all of the header has ended."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..workers.running import TESTS, Command
from .stage import TIMEOUT, Stage

# A plug-in as a user might install it: the file store, but for its joins.
MODULE = """
from celeriac.adapters.sqlite import SQLiteTransport


class Countless(SQLiteTransport):
    def __init__(self, urls, options=None):
        super().__init__(["sqlite://" + url.partition("://")[2] for url in urls], options)
        self.joins = None
"""
METADATA = "Metadata-Version: 2.1\nName: countless\nVersion: 1.0\n"
ENTRY_POINTS = "[celeriac.backends]\ncountless = countless:Countless\n"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """The client reads results as they lie in the file; the worker knows the plug-in."""
    info = tmp_path / "countless-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "countless.py").write_text(MODULE)
    stage = Stage(tmp_path, f"sqlite:///{tmp_path}/queue.sqlite3", f"sqlite:///{tmp_path}/results.sqlite3")
    yield stage
    stage.app.close()


def start(stage: Stage, **environment: str) -> Command:
    backend = stage.backend.replace("sqlite:", "countless:")
    return stage.worker(FLOWS_BACKEND=backend, PYTHONPATH=f"{TESTS}:{stage.home}", **environment)


def test_the_body_is_called_when_all_have_ended_and_fails_when_one_has_failed(stage: Stage) -> None:
    with start(stage):
        for how in ("slow", "chain"):
            body = stage.s("send_chord", how).delay().get(TIMEOUT)
            assert stage.wait_noted("body", body) == [[[1, 2]]]
        body = stage.s("send_chord", "fail").delay().get(TIMEOUT)
        assert len(stage.wait_noted("old errback", body)) == 1
        assert str(stage.app.AsyncResult(body).get(TIMEOUT, propagate=False)).startswith("Dependency ")
        assert not stage.noted("body", body)


def test_a_member_whose_result_nobody_keeps_ends_in_an_error_and_not_in_looking_for_ever(stage: Stage) -> None:
    with start(stage, FLOWS_CHORD_EXPIRES="1"):
        body = stage.s("send_chord", "silent").delay().get(TIMEOUT)
        error = stage.app.AsyncResult(body).get(TIMEOUT, propagate=False)
    assert "has not ended within" in str(error)
