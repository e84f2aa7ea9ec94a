"""Workers as real processes of the real command, to be killed and replaced."""

import os
import random
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from living import alive, children_of
from watched import PATIENCE, Watched
from watched import environment as environment_of_tests


class Worker(Watched):
    """One `celeriac worker`; what it prints is in a file too."""

    def __init__(self, folder: Path, name: str, environment: dict[str, str], *arguments: str) -> None:
        self.name = name
        self.ready_at = 0.0
        self._ready = threading.Event()
        command = [sys.executable, "-m", "faults.run_worker", "-n", f"{name}@x", *arguments]
        super().__init__(command, folder, environment_of_tests(**environment), folder / f"{name}.log")

    def heard(self, line: str) -> None:
        if "ready." in line and not self.ready_at:
            self.ready_at = time.monotonic()
            self._ready.set()

    def wait_ready(self, seconds: float = PATIENCE) -> "Worker":
        self.wait_line("ready\\.", seconds)
        return self

    @property
    def is_ready(self) -> bool:
        return self._ready.is_set() and self.process.poll() is None

    def children(self) -> list[int]:
        """The executing processes: children of the forking process, which is the parent's only child."""
        return [child for zygote in children_of(self.pid) for child in children_of(zygote)]

    def kill_a_child(self) -> bool:
        """One of them by chance; False if there was none, or it had gone already."""
        children = [child for child in self.children() if alive(child)]
        try:
            os.kill(random.choice(children), signal.SIGKILL)
        except (IndexError, ProcessLookupError):
            return False
        return True

    def stop(self, seconds: float = 60.0) -> int:
        return super().stop(seconds)


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
                worker.kill()
