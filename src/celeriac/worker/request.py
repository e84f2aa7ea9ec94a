"""The request as the worker's parent holds it: for receivers of task_received, and for tasks with their own class."""

from typing import Any

from celeriac.core.errors import Retry
from celeriac.current import get_current_app
from celeriac.execution.exception_info import ExceptionInfo
from celeriac.execution.request import RunContext


class Request(RunContext):
    """What a program derives its `Task.Request` from. The methods are called where the worker talks to the broker,
    not where the task runs: they are told what happened, change nothing of it, and should be quick.
    """

    app: Any = None

    @property
    def task(self) -> Any:  # type: ignore[override]
        """The task itself; its name, where no such task is registered."""
        app = self.app or get_current_app()
        return app.tasks.get(self.name, self.name)

    @property
    def name(self) -> Any:
        return self.__dict__["task"]

    task_name = name

    @property
    def task_id(self) -> Any:
        return self.id

    def info(self, safe: bool = False) -> dict[str, Any]:
        """As `inspect active` shows it."""
        return {
            "id": self.id,
            "name": self.name,
            "args": self.args if not safe else self.argsrepr,
            "kwargs": self.kwargs if not safe else self.kwargsrepr,
            "type": self.name,
            "hostname": self.hostname,
        }

    def humaninfo(self) -> str:
        return f"{self.name}[{self.id}]"

    __str__ = humaninfo

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.humaninfo()}>"

    # -- what may be overridden

    def on_accepted(self, pid: int | None, time_accepted: float) -> None:
        """It ran, since then. Told with its end; which process ran it is not known here."""

    def on_timeout(self, soft: bool, timeout: float) -> None:
        """A time limit was exceeded: the soft one, or the hard one, which ended it."""

    def on_success(self, failed__retval__runtime: tuple[bool, Any, float], **kwargs: Any) -> Any:
        """A process reported its end: the text of what it returned (none where results are not stored), or an
        ExceptionInfo.
        """
        failed, retval, _ = failed__retval__runtime
        return self.on_failure(retval, return_ok=True) if failed else None

    def on_failure(self, exc_info: ExceptionInfo, send_failed_event: bool = True, return_ok: bool = False) -> Any:
        """It failed, or its process is gone; a retry comes by here, too."""
        return self.on_retry(exc_info) if isinstance(exc_info.exception, Retry) else None

    def on_retry(self, exc_info: ExceptionInfo) -> Any:
        """It asked to be run again."""
