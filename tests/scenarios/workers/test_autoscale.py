"""A worker that has as many processes as there is work for."""

from pathlib import Path

import pytest

from celeriac import Celeriac

from .running import run, until, worker

TIMEOUT = 60


def test_processes_come_with_work_and_leave_without(store: str, home: Path, client: Celeriac) -> None:
    environment = {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(home / "notes"), "AUTOSCALE_KEEPALIVE": "1"}
    with worker(home, "scenarios.workers.program", "--autoscale", "6,2", environment=environment) as running:
        assert "{min=2, max=6} (prefork)" in running.text
        children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children")
        (zygote,) = children.read_text().split()
        brood = Path(f"/proc/{zygote}/task/{zygote}/children")
        assert len(brood.read_text().split()) == 2
        results = [client.send_task("program.sleep", (1.5,)) for _ in range(12)]
        until(lambda: len(brood.read_text().split()) == 6)
        assert [result.get(TIMEOUT) for result in results] == ["slept"] * 12
        until(lambda: len(brood.read_text().split()) == 2, TIMEOUT)
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
