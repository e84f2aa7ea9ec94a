"""Starts workers and clients of real Celery 5.7 and of Celeriac, as processes, against one server."""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, Literal

from celeriac import Celeriac
from scenarios.workers.running import Process, until

Side = Literal["celery", "celeriac"]
SIDES: Final[tuple[Side, Side]] = ("celery", "celeriac")

ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAMS: Final = Path(__file__).with_name("programs")
# `make .venv-celery/installed` makes it; nothing of Celery may be importable where our own side runs.
CELERY_PYTHON: Final = ROOT / ".venv-celery" / "bin" / "python"
PYTHON: Final[dict[Side, str]] = {"celery": str(CELERY_PYTHON), "celeriac": sys.executable}
_LEAN: Final[dict[Side, tuple[str, ...]]] = {
    "celery": ("--without-gossip", "--without-mingle", "--without-heartbeat"),
    "celeriac": (),
}


def environment(side: Side, url: str, settings: dict[str, Any] | None = None) -> dict[str, str]:
    """What the programs of one side need to know."""
    paths = [str(PROGRAMS), *([os.environ["PYTHONPATH"]] if "PYTHONPATH" in os.environ and side == "celeriac" else [])]
    return {
        "INTEROP_SIDE": side,
        "INTEROP_URL": url,
        "INTEROP_SETTINGS": json.dumps(settings or {}),
        "PYTHONPATH": ":".join(paths),
    }


def start_worker(
    side: Side, url: str, folder: Path, *options: str, app: str = "shared_tasks", settings: dict[str, Any] | None = None
) -> Process:
    """A worker of one side that says that it is ready. Use it as a context manager: it is ended gently."""
    assert CELERY_PYTHON.exists(), "real Celery is not there: run `make .venv-celery/installed`"
    words = ("-m", side, "-A", app, "worker", "-l", "INFO", *(options or ("-c", "2")), *_LEAN[side])
    worker = Process((PYTHON[side], *words), folder, environment(side, url, settings))
    try:
        worker.wait_line(r"\S+@\S+ ready\.", 60)
    except BaseException:
        worker.process.kill()
        worker.process.wait()
        raise
    return worker


def wait_for_answers(url: str, *nodes: str) -> None:
    """Until these hear commands: on Redis a worker of Celery's says that it is ready before it has subscribed."""
    with Celeriac("asking", broker=url, set_as_current=False) as app:
        until(
            lambda: set(nodes) <= {node for reply in app.control.ping(timeout=2.0) for node in reply}, 60, lambda: nodes
        )


def run_client(
    side: Side,
    url: str,
    function: str,
    *,
    seconds: float = 90.0,
    settings: dict[str, Any] | None = None,
    **arguments: Any,
) -> Any:
    """Run `function` ("module:name", of tests/interop/programs) in a process of one side; returns its answer."""
    return Client(side, url, function, settings, arguments).answer(seconds)


class Client(Process):
    """A client that runs while something else does; `answer` waits for it."""

    def __init__(self, side: Side, url: str, function: str, settings: Any, arguments: dict[str, Any]) -> None:
        # Arguments may be longer than a command's words.
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as given:
            json.dump(arguments, given)
        words = (PYTHON[side], str(PROGRAMS / "client.py"), function, given.name)
        super().__init__(words, PROGRAMS, environment(side, url, settings))

    def answer(self, seconds: float) -> Any:
        """What the function returned; an assertion fails with what the process wrote if it did not."""
        try:
            code = self.wait_end(seconds)
        finally:
            self.end()
        answers = [line for line in self.lines if line.startswith("ANSWER ")]
        assert code == 0 and answers, self.end_of_text()
        return json.loads(answers[-1].removeprefix("ANSWER "))

    def end(self) -> None:
        """Whatever it does. Twice is nothing."""
        if self.lives:
            self.kill()
