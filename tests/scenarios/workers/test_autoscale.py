"""A worker that has as many processes as there is work for."""

from pathlib import Path

import pytest

from celeriac import Celeriac
from living import children_of

from .notes import tell
from .running import run, until, worker

TIMEOUT = 60


def test_processes_come_with_work_and_leave_without(store: str, home: Path, client: Celeriac) -> None:
    environment = {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(home / "notes"), "AUTOSCALE_KEEPALIVE": "1"}
    (home / "notes.told").unlink(missing_ok=True)  # of the other store
    with worker(home, "scenarios.workers.program", "--autoscale", "6,2", environment=environment) as running:
        assert "{min=2, max=6} (prefork)" in running.text
        (zygote,) = children_of(running.process.pid)
        until(lambda: len(children_of(zygote)) == 2)  # it is ready with the first
        results = [client.send_task("program.wait_told") for _ in range(12)]
        until(lambda: len(children_of(zygote)) == 6)
        tell(home)
        assert [result.get(TIMEOUT) for result in results] == ["told"] * 12
        until(lambda: len(children_of(zygote)) == 2, TIMEOUT)
        assert client.send_task("program.add", (1, 2)).get(TIMEOUT) == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--autoscale", "2,5"), "give MAX,MIN"),
        (("--autoscale", "many"), "give MAX,MIN"),
        (("--autoscale", "9,3", "-P", "threads"), "say -c 9"),
    ],
)
def test_bounds_that_make_no_sense_are_told(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    (tmp_path / "plain.py").write_text("from celeriac import Celeriac\napp = Celeriac('plain')\n")
    ended = run(tmp_path, "-A", "plain", "worker", *options)
    assert ended.process.returncode
    assert said in ended.text
    assert "Traceback" not in ended.text
