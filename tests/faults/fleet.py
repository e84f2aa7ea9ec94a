"""Workers as real processes of the real command, to be killed and replaced."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]


class Worker:
    """One `celeriac worker`; its output goes to a file and is shown when it fails to come up."""

    def __init__(self, folder: Path, name: str, environment: dict[str, str], *arguments: str) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._ready = threading.Event()
        self.ready_at = 0.0
        command = [sys.executable, "-m", "faults.run_worker", "-n", f"{name}@x"]
        self.process = subprocess.Popen(
            [*command, *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": f"{TESTS}:{os.environ.get('PYTHONPATH', '')}", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.log.open("a") as log, self.process.stdout as lines:
            for line in lines:
                log.write(line)
                log.flush()
                if "ready." in line:
                    self.ready_at = time.monotonic()
                    self._ready.set()

    def wait_ready(self, seconds: float = 30.0) -> "Worker":
        end = time.monotonic() + seconds
        while not self._ready.wait(0.05):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.name} did not come up:\n{self.log.read_text()}")
        return self

    @property
    def is_ready(self) -> bool:
        return self._ready.is_set() and self.process.poll() is None

    @property
    def pid(self) -> int:
        return self.process.pid

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """kill -9 of the parent alone: its children have to notice."""
        self.process.kill()
        self.process.wait()

    def children(self) -> list[int]:
        """The executing processes: children of the forking process, which is the parent's only child."""
        return [child for zygote in _children(self.pid) for child in _children(zygote)]

    def stop(self, seconds: float = 60.0) -> int:
        """SIGTERM, and its exit code."""
        self.signal(signal.SIGTERM)
        return self.process.wait(seconds)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def alive(pid: int) -> bool:
    """Runs, or could: a dead process that nobody has waited for is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Fleet:
    """The workers of one campaign."""

    def __init__(self, folder: Path, environment: dict[str, str], *arguments: str) -> None:
        self.folder = folder
        self.environment = environment
        self.arguments = arguments
        self.workers: list[Worker] = []
        self._count = 0

    def start(self, more: dict[str, str] | None = None) -> Worker:
        self._count += 1
        worker = Worker(self.folder, f"w{self._count}", {**self.environment, **(more or {})}, *self.arguments)
        self.workers.append(worker)
        return worker

    def start_ready(self, count: int, more: dict[str, str] | None = None) -> list[Worker]:
        """Several, all up."""
        return [worker.wait_ready() for worker in [self.start(more) for _ in range(count)]]

    def replace(self, worker: Worker) -> Worker:
        self.workers.remove(worker)
        return self.start()

    def __enter__(self) -> "Fleet":
        return self

    def __exit__(self, *exc_info: Any) -> None:
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.process.kill()
                worker.process.wait()
