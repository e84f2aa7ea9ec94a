"""`celeriac multi`: workers in the background, by name."""

from pathlib import Path

from celeriac import Celeriac

from .workers.running import run, until

PROGRAM = """
from celeriac import Celeriac

app = Celeriac("fleet", broker="sqlite:///store.sqlite3", backend="sqlite:///store.sqlite3")


@app.task(name="fleet.add")
def add(x, y):
    return x + y
"""


def test_workers_are_started_restarted_and_stopped_by_name(tmp_path: Path) -> None:
    (tmp_path / "fleet.py").write_text(PROGRAM)
    pids = tmp_path / "run"
    files = ("--pidfile=run/%n.pid", "--logfile=log/%n%I.log")  # in folders that are not there yet
    options = ("-l", "INFO", "-c", "1", *files)
    multi = ("-A", "fleet", "multi")  # as service files have it
    started = run(tmp_path, *multi, "start", "w1", "w2", *options)
    assert started.process.returncode == 0, started.text
    assert "w1@" in started.text
    assert started.text.count(": OK") == 2
    try:
        for name in ("w1", "w2"):
            until(lambda name=name: f"{name}@" in _log(tmp_path, name) and " ready." in _log(tmp_path, name), 30)
        store = f"sqlite:///{tmp_path}/store.sqlite3"
        with Celeriac("fleet", broker=store, backend=store, set_as_current=False) as client:
            assert client.send_task("fleet.add", (2, 3)).get(20) == 5
        before = (pids / "w1.pid").read_text()
        restarted = run(tmp_path, *multi, "restart", "w1", *options)
        assert "Restarting node w1@" in restarted.text
        until(lambda: (pids / "w1.pid").exists() and (pids / "w1.pid").read_text() not in ("", before), 30)
        until(lambda: _log(tmp_path, "w1").count(" ready.") == 2, told=lambda: _log(tmp_path, "w1"))
        again = run(tmp_path, *multi, "start", "w2", *options)
        assert again.process.returncode
        assert "is the worker up already?" in again.text
    finally:
        stopped = run(tmp_path, "multi", "stopwait", "w1", "w2", "w3", *files)
    assert "w3@" in stopped.text
    assert "DOWN" in stopped.text
    assert stopped.text.count("TERM -> ") == 2
    assert not list(pids.iterdir())


def test_a_verb_that_is_none_is_told(tmp_path: Path) -> None:
    ended = run(tmp_path, "multi", "begin", "w1")
    assert ended.process.returncode
    assert "There is no 'begin': say one of start, stop," in ended.text


def _log(folder: Path, name: str) -> str:
    file = folder / "log" / f"{name}.log"
    return file.read_text() if file.exists() else ""
