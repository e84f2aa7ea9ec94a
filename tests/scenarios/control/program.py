"""The tasks of the remote control scenarios, and two commands of the program's own."""

import os
import time
from pathlib import Path
from typing import Any

from celeriac import Celeriac, Task
from celeriac.signals import task_revoked
from celeriac.worker.control import control_command, inspect_command

from ..workers.notes import note, notes_of

STORE = os.environ["PROGRAM_STORE"]
app = Celeriac("control", broker=STORE, backend=STORE)
app.conf.update(
    worker_pool_restarts=True,
    worker_lease_ttl=30,  # a worker may stand still for seconds
    worker_lease_renew=1,
    worker_recover_interval=1,
    accept_content=["json"],
)


class Noting(Task):
    """Notes its handlers, apart from what its body notes."""

    def on_failure(self, exc: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        note("on_failure", f"handlers of {task_id}")


@task_revoked.connect
def on_revoked(request: Any, terminated: bool, signum: Any, expired: bool, **_: Any) -> None:
    note("task_revoked", f"handlers of {request.id}", terminated, signum, expired)


@app.task(name="control.sleep", bind=True, base=Noting)
def sleep(self: Any, seconds: float) -> str:
    note("begin", self.request.id)
    end = time.monotonic() + seconds
    while time.monotonic() < end:  # in slices: a thread feels nothing while it waits in C
        time.sleep(0.01)
    note("end", self.request.id)
    return "slept"


@app.task(name="control.add", rate_limit="10/m")
def add(x: int, y: int = 0) -> int:
    return x + y


@app.task(name="control.pid")
def pid() -> int:
    return os.getpid()


@app.task(name="control.early", bind=True, acks_late=False)
def early(self: Any, seconds: float) -> None:
    note("begin", self.request.id)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.01)


@app.task(name="control.compute", bind=True)
def compute(self: Any, seconds: float) -> None:
    """Never waits: green threads beside it stand still."""
    note("begin", self.request.id)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


@app.task(name="control.stuck", bind=True)
def stuck(self: Any) -> str:
    """Its first run waits, a later one ends."""
    first = not notes_of(Path(os.environ["PROGRAM_NOTES"]).parent, self.request.id)
    note("begin", self.request.id)
    if first:
        time.sleep(600)
    return "ran again"


@app.task(name="control.again", bind=True, max_retries=None)
def again(self: Any) -> None:
    note("begin", self.request.id)
    raise self.retry(countdown=0.2)


@inspect_command(args=[("n", int)], signature="[N=1]")
def favourite(state: Any, n: int = 1) -> dict[str, Any]:
    """A question of the program's own."""
    return {"node": state.hostname, "n": n, "main": state.app.main}


@control_command()
async def shout(state: Any, **words: Any) -> dict[str, Any]:
    """A command of the program's own."""
    return {"ok": {name: word.upper() for name, word in words.items()}}
