"""How a worker ends: each signal in each phase, what becomes of running and waiting tasks, and the exit code."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from celeriac import Celeriac

from .letters import waiting
from .notes import notes, notes_of, tell
from .running import Command, until, worker

TIMEOUT = 40


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store.sqlite3"


@pytest.fixture
def client(store: str) -> Any:
    with Celeriac("program", broker=store, backend=store, set_as_current=False) as app:
        yield app


def start(folder: Path, store: str, *options: str, **environ: str) -> Command:
    environment = {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(folder / "notes"), **environ}
    return worker(folder, "scenarios.workers.program", "-c", "1", "-n", "w@here", *options, environment=environment)


def begun(folder: Path, client: Celeriac) -> Any:
    """A task that runs now, until it is told to end."""
    result = client.send_task("program.wait_told")
    until(lambda: ["begin", result.id] in notes(folder))
    return result


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_warm_shutdown_lets_running_tasks_end_and_gives_the_rest_back(
    tmp_path: Path, store: str, client: Celeriac, number: int
) -> None:
    with start(tmp_path, store) as running:
        result = begun(tmp_path, client)
        client.send_many([("program.add", (n,)) for n in range(5)])
        running.signal(number)
        running.wait_line(r"worker: Warm shutdown \(MainProcess\)")
        running.wait_line(r"1 running task\(s\) may end first; (Ctrl-C again|SIGQUIT) stops them")
        tell(tmp_path)
        assert running.wait_end() == 0
    assert result.get(TIMEOUT) == "told"
    assert waiting(client, "celery") == [5]


def test_a_second_sigterm_changes_nothing(tmp_path: Path, store: str, client: Celeriac) -> None:
    with start(tmp_path, store) as running:
        result = begun(tmp_path, client)
        running.signal(signal.SIGTERM)
        running.wait_line("Warm shutdown")
        running.signal(signal.SIGTERM)
        tell(tmp_path)
        assert running.wait_end() == 0
    assert result.get(TIMEOUT) == "told"


def test_a_cold_shutdown_puts_running_tasks_back(tmp_path: Path, store: str, client: Celeriac) -> None:
    with start(tmp_path, store) as running:
        result = begun(tmp_path, client)
        running.signal(signal.SIGQUIT)
        running.wait_line(r"worker: Cold shutdown \(MainProcess\)")
        assert running.wait_end() == 1
    assert waiting(client, "celery") == [1]
    assert notes_of(tmp_path, result.id) == ["begin"]


def test_a_second_sigint_is_cold(tmp_path: Path, store: str, client: Celeriac) -> None:
    with start(tmp_path, store) as running:
        begun(tmp_path, client)
        running.signal(signal.SIGINT)
        running.wait_line("Warm shutdown")
        running.signal(signal.SIGINT)
        running.wait_line("Cold shutdown")
        assert running.wait_end() == 1
    assert waiting(client, "celery") == [1]


def test_sigterm_can_be_made_cold(tmp_path: Path, store: str, client: Celeriac) -> None:
    with start(tmp_path, store, REMAP_SIGTERM="SIGQUIT") as running:
        begun(tmp_path, client)
        running.signal(signal.SIGTERM)
        running.wait_line("Cold shutdown")
        assert running.wait_end() == 1
    assert waiting(client, "celery") == [1]


def test_a_soft_time_lets_running_tasks_end(tmp_path: Path, store: str, client: Celeriac) -> None:
    with start(tmp_path, store, "--", "worker_soft_shutdown_timeout=20") as running:
        result = begun(tmp_path, client)
        running.signal(signal.SIGQUIT)
        running.wait_line("Initiating Soft Shutdown, terminating in 20.0 seconds")
        tell(tmp_path)
        running.wait_end()
    assert result.get(TIMEOUT) == "told"


def test_after_the_soft_time_it_is_cold(tmp_path: Path, store: str, client: Celeriac) -> None:
    with start(tmp_path, store, "--", "worker_soft_shutdown_timeout=0.3") as running:
        begun(tmp_path, client)
        running.signal(signal.SIGQUIT)
        running.wait_line("Soft Shutdown")
        running.wait_line("Cold shutdown")
        assert running.wait_end() == 1
    assert waiting(client, "celery") == [1]


def test_an_idle_worker_has_no_soft_time(tmp_path: Path, store: str) -> None:
    with start(tmp_path, store, "--", "worker_soft_shutdown_timeout=30") as running:
        running.signal(signal.SIGQUIT)
        assert running.wait_end() == 1
        assert "Soft Shutdown" not in running.text


def test_a_task_may_end_the_worker(tmp_path: Path, store: str, client: Celeriac) -> None:
    """As Celery's programs do it: by a signal to the parent."""
    with start(tmp_path, store) as running:
        client.send_task("program.add", (1,)).get(TIMEOUT)
        subprocess.run([sys.executable, "-c", f"import os; os.kill({running.process.pid}, 15)"], check=True)
        assert running.wait_end() == 0
