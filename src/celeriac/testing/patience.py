"""Manager: waits for what a test expects of tasks and workers, with patience and a limit."""

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn

from celeriac.core.errors import TimeoutError
from celeriac.result import AsyncResult, ResultSet

E_STILL_WAITING = "Still waiting for {0}.  Trying again {when}: {exc!r}"


class Sentinel(Exception):
    """Signifies the end of something."""


class ManagerMixin:
    """What a manager can do for its app."""

    app: Any
    block_timeout = 30 * 60.0
    no_join = False

    def _init_manager(
        self, block_timeout: float = 30 * 60.0, no_join: bool = False, stdout: Any = None, stderr: Any = None
    ) -> None:
        self.stdout = sys.stdout if stdout is None else stdout
        self.stderr = sys.stderr if stderr is None else stderr
        self.block_timeout = block_timeout
        self.no_join = no_join

    def remark(self, s: Any, sep: str = "-") -> None:
        """Print a line that can be seen."""
        print(f"{sep}{s}", file=self.stdout)

    def missing_results(self, r: Iterable[AsyncResult[Any]]) -> list[str]:
        """The ids of which nothing is stored."""
        return [result.id for result in r if not result.exists()]

    def wait_for(
        self,
        fun: Callable[..., Any],
        catch: Any,
        desc: str = "thing",
        args: Any = (),
        kwargs: Any = None,
        **policy: Any,
    ) -> Any:
        """Call until it does not raise `catch`: max_retries (10) times, or for `timeout` seconds."""
        policy = {"max_retries": 10, "interval_start": 0.1, "interval_step": 0.5, "interval_max": 5.0, **policy}
        pause, end = policy["interval_start"], time.monotonic() + policy.get("timeout", self.block_timeout)
        tries = 0
        while True:
            try:
                return fun(*args, **(kwargs or {}))
            except catch as exc:
                tries += 1
                if tries > (policy["max_retries"] or float("inf")) or time.monotonic() + pause > end:
                    raise
                if policy.get("emit_warning"):
                    print(E_STILL_WAITING.format(desc, when=f"in {pause} s", exc=exc), file=self.stderr)
                time.sleep(pause)
                pause = min(pause + policy["interval_step"], policy["interval_max"])

    retry_over_time = wait_for

    def ensure_not_for_a_while(
        self, fun: Callable[[], Any], catch: Any, desc: str = "thing", max_retries: int = 20, **policy: Any
    ) -> None:
        """It must raise `catch` each time it is called."""
        for _ in range(max_retries):
            try:
                fun()
            except catch:
                time.sleep(policy.get("interval_start", 0.1))
            else:
                raise AssertionError(f"Should not have happened: {desc}")

    def join(self, r: Any, propagate: bool = False, max_retries: int = 10, **kwargs: Any) -> Any:
        """The results of a result or of many, with patience."""
        if self.no_join:
            return None
        results = r if isinstance(r, ResultSet) else self.app.ResultSet(r if isinstance(r, list) else [r])
        values: Any = results.get(timeout=kwargs.pop("timeout", self.block_timeout), propagate=propagate)
        return values

    def inspect(self, timeout: float = 3.0) -> Any:
        """Questions to the workers."""
        return self.app.control.inspect(timeout=timeout)

    def query_tasks(self, ids: Iterable[str], timeout: float = 0.5) -> Iterator[tuple[str, Any]]:
        """(node, what it knows) of these tasks."""
        yield from (self.app.control.inspect(timeout=timeout).query_task(*ids) or {}).items()

    def query_task_states(self, ids: Iterable[str], timeout: float = 0.5) -> defaultdict[str, set[str]]:
        """State -> ids."""
        states: defaultdict[str, set[str]] = defaultdict(set)
        for _, reply in self.query_tasks(ids, timeout=timeout):
            for task_id, (state, _) in reply.items():
                states[state].add(task_id)
        return states

    def assert_accepted(self, ids: list[str], interval: float = 0.5, desc: str = "", **policy: Any) -> Any:
        """They are being run."""
        return self.assert_task_worker_state(self.is_accepted, ids, interval=interval, desc=desc, **policy)

    def assert_received(self, ids: list[str], interval: float = 0.5, desc: str = "", **policy: Any) -> Any:
        """A worker has them."""
        return self.assert_task_worker_state(self.is_received, ids, interval=interval, desc=desc, **policy)

    def assert_task_worker_state(
        self, fun: Callable[..., Any], ids: list[str], interval: float = 0.5, **policy: Any
    ) -> Any:
        """Wait until it is so."""
        policy.setdefault("interval_start", interval)
        return self.wait_for(self.true_or_raise, (Sentinel,), args=(fun, ids), kwargs={"timeout": interval}, **policy)

    def is_received(self, ids: list[str], **kwargs: Any) -> bool:
        """True if workers have all of them."""
        return self._ids_matches_state(["active", "reserved", "ready"], ids, **kwargs)

    def is_accepted(self, ids: list[str], **kwargs: Any) -> bool:
        """True if all of them are run or have been."""
        return self._ids_matches_state(["active", "ready"], ids, **kwargs)

    def _ids_matches_state(self, expected: list[str], ids: list[str], timeout: float = 0.5) -> bool:
        states = self.query_task_states(ids, timeout=timeout)
        return all(any(task_id in states[state] for state in expected) for task_id in ids)

    def true_or_raise(self, fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What it returns, or Sentinel if that is nothing."""
        found = fun(*args, **kwargs)
        if not found:
            _end()
        return found

    def wait_until_idle(self) -> None:
        """Until no worker runs or holds a task."""
        control = self.app.control
        end = time.monotonic() + self.block_timeout
        while time.monotonic() < end:
            inspect = control.inspect(timeout=1.0)
            busy = [*(inspect.active() or {}).values(), *(inspect.reserved() or {}).values()]
            if not any(busy):
                return
            time.sleep(0.1)
        raise TimeoutError(f"workers were still busy after {self.block_timeout} s")


class Manager(ManagerMixin):
    """`Manager(app).join(result)`."""

    def __init__(self, app: Any, **kwargs: Any) -> None:
        self.app = app
        self._init_manager(**kwargs)


def _end() -> NoReturn:
    raise Sentinel
