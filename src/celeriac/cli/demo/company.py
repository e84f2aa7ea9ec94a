"""The worker of the demo: a real `celeriac worker` as a process of its own, and the folder both live in."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from celeriac.process.parent_death import die_with_parent

_PATIENCE: Final = 10.0
_TAIL: Final = 25


class WorkerGone(Exception):
    """The worker ended although nobody asked it to."""


class Company:
    """`with Company(broker): ...` there is a worker; afterwards no process and no file of it is left."""

    def __init__(self, broker: str | None, backend: str | None, concurrency: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="celeriac-"))
        self.broker = broker or f"sqlite:///{self.folder}/demo.sqlite3"
        self.backend = backend or self.broker
        self._concurrency = concurrency
        self._log = self.folder / "worker.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._set_environment()
        try:
            self._process = self._start()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def _set_environment(self) -> None:
        """What the environment says of other workers is not meant for this one, nor for its client."""
        for name in [name for name in os.environ if name.startswith(("CELERIAC_", "CELERY_"))]:
            del os.environ[name]
        os.environ.update(CELERIAC_BROKER_URL=self.broker, CELERIAC_RESULT_BACKEND=self.backend)

    def _start(self) -> "subprocess.Popen[bytes]":
        me = os.getpid()
        words = ["-A", "celeriac.cli.demo.tasks", "worker", "-c", str(self._concurrency), "-l", "WARNING"]
        with self._log.open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - our own interpreter and our own command
                [sys.executable, "-m", "celeriac", "--no-color", *words],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the demo, which then ends the worker in good order
                preexec_fn=lambda: die_with_parent(me),
            )

    def check(self) -> None:
        """Raises WorkerGone if the worker is not there any more."""
        assert self._process is not None
        if self._process.poll() is not None:
            raise WorkerGone(f"the worker ended with exit code {self._process.returncode}")

    def log(self) -> str:
        """The last lines that the worker wrote."""
        try:
            return "\n".join(self._log.read_text(errors="replace").splitlines()[-_TAIL:])
        except OSError as exc:
            return f"(no log: {exc})"

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
