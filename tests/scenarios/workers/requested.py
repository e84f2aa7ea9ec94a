"""A program whose tasks have a Request of their own, which notes what it is told."""

import os
import time
from typing import Any

from celeriac import Celeriac, Task
from celeriac.exceptions import Ignore
from celeriac.worker.request import Request

from .notes import note

app = Celeriac("requested", broker=os.environ["PROGRAM_STORE"], backend=os.environ["PROGRAM_STORE"])
MAIN = os.getpid()


class Noting(Request):
    """Notes each call, and goes on to the original."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def _note(self, what: str, *facts: Any) -> None:
        note(what, self.id, "main" if os.getpid() == MAIN else "child", self.task.name, *facts)

    def on_accepted(self, pid: Any, time_accepted: float) -> None:
        self._note("accepted", abs(time.time() - time_accepted) < 60)
        super().on_accepted(pid, time_accepted)

    def on_timeout(self, soft: bool, timeout: float) -> None:
        self._note("timeout", soft, timeout)
        super().on_timeout(soft, timeout)

    def on_success(self, failed__retval__runtime: Any, **kwargs: Any) -> Any:
        failed, retval, runtime = failed__retval__runtime
        self._note("success", failed, repr(retval.exception) if failed else retval, runtime >= 0)
        return super().on_success(failed__retval__runtime, **kwargs)

    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> Any:
        self._note("failure", type(exc_info.exception).__name__, "Traceback" in str(exc_info.traceback))
        return super().on_failure(exc_info, send_failed_event=send_failed_event, return_ok=return_ok)

    def on_retry(self, exc_info: Any) -> Any:
        self._note("retry", self.request_dict["retries"] if hasattr(self, "request_dict") else self.retries)
        return super().on_retry(exc_info)


class Raising(Request):
    """What it does wrong is not the task's."""

    def on_success(self, failed__retval__runtime: Any, **kwargs: Any) -> Any:
        raise RuntimeError("the request's own fault")


class Noted(Task):
    abstract = True
    Request = "scenarios.workers.requested:Noting"


@app.task(base=Noted, name="requested.well")
def well(x: int) -> int:
    return x + 1


@app.task(base=Noted, name="requested.badly")
def badly() -> None:
    raise ValueError("bad")


@app.task(base=Noted, name="requested.again", bind=True, default_retry_delay=0)
def again(self: Any) -> str:
    if self.request.retries == 0:
        raise self.retry(exc=KeyError("once more"))
    return "done"


@app.task(base=Noted, name="requested.ignored")
def ignored() -> None:
    raise Ignore()


@app.task(base=Noted, name="requested.slow")
def slow(seconds: float) -> str:
    time.sleep(seconds)
    return "slow"


@app.task(base=Noted, name="requested.deadly", acks_late=False)
def deadly() -> None:
    os._exit(3)


@app.task(name="requested.careless", Request=Raising)
def careless() -> str:
    return "well all the same"


@app.task(name="requested.plain")
def plain() -> str:
    return "plain"


@app.task(name="requested.strategic", Strategy="somewhere:else")
def strategic() -> str:
    return "taken in like any other"
