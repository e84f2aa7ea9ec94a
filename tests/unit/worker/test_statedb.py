"""The state file: what is revoked outlives a worker, for as long as it counts."""

import asyncio
from pathlib import Path

import pytest

from celeriac.app.lamport import LamportClock
from celeriac.core.clock import ManualClock
from celeriac.core.errors import ImproperlyConfigured
from celeriac.worker.revoked import Revoked
from celeriac.worker.statedb import StateFile


def make(path: Path, clock: ManualClock) -> tuple[StateFile, Revoked, LamportClock]:
    revoked, lamport = Revoked(clock, 60.0, 100), LamportClock()
    return StateFile(str(path), revoked, lamport, clock), revoked, lamport


async def test_what_was_revoked_and_the_clock_come_back(tmp_path: Path) -> None:
    clock = ManualClock()
    file, revoked, lamport = make(tmp_path / "state", clock)
    file.load()
    revoked.add(["task:a"], 10.0)
    revoked.add(["group:g"], 30.0)
    lamport.adjust(99)
    await file.close()

    clock.advance(20.0)
    file, revoked, lamport = make(tmp_path / "state", clock)
    file.load()
    assert revoked.entries() == [("group:g", pytest.approx(10.0))]
    assert lamport.value > 99
    await file.close()


async def test_it_is_written_a_moment_after_a_change(tmp_path: Path) -> None:
    file, revoked, _ = make(tmp_path / "state", ManualClock())
    file.load()
    revoked.add(["task:a"])
    async with asyncio.timeout(20):
        while not (tmp_path / "state").exists():  # noqa: ASYNC110 - the file system tells nobody
            await asyncio.sleep(0.02)
    assert b"task:a" in (tmp_path / "state").read_bytes()
    await file.close()


@pytest.mark.parametrize("content", [b"\x00\x06\x15shelve", b"{}", b'{"file": "other", "clock": 1, "revoked": []}'])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state").write_bytes(content)
    with pytest.raises(ImproperlyConfigured, match="no state file of Celeriac"):
        make(tmp_path / "state", ManualClock())[0].load()


def test_a_path_that_can_not_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="can't be read"):
        make(tmp_path, ManualClock())[0].load()


async def test_a_file_that_can_not_be_written_is_told_and_no_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, revoked, _ = make(tmp_path / "away" / "state", ManualClock())
    file.load()
    revoked.add(["task:a"])
    await file.close()
    assert "can't be written" in caplog.text
