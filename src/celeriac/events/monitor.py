"""The monitor for a terminal: the newest tasks, the workers, and keys to look closer and to revoke."""

import curses
import threading
import time
from typing import Any, Final

from celeriac.core.errors import OperationalError
from celeriac.current import get_current_app

from .remembered import Task
from .state import State

_LOOK_EVERY: Final = 0.25  # seconds
_KEYS: Final = "j/k move   i info   c revoke   t terminate   q quit"


class CursesMonitor:
    """What is shown, and what keys do; `listen` runs beside it."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._state: State = app.events.State()
        self._receiver: Any = app.events.Receiver(handlers={"*": self._state.event})
        self._trouble = ""
        self._said = ""
        self._selected = 0
        self._shows_task = False

    def run(self) -> None:
        """Until `q`. Raises what keeps the receiver from listening at all."""
        listening = threading.Thread(target=self._listen, daemon=True)
        listening.start()
        try:
            curses.wrapper(self._show)
        finally:
            self._receiver.should_stop = True
            listening.join(5.0)

    def _listen(self) -> None:
        try:
            self._receiver.capture(limit=None)
        except OperationalError as exc:
            self._trouble = str(exc)

    def _show(self, window: Any) -> None:
        window.timeout(int(_LOOK_EVERY * 1000))
        curses.use_default_colors()
        if curses.COLORS:
            curses.curs_set(0)
        while True:
            height, width = window.getmaxyx()
            tasks = [task for _, task in self._state.tasks_by_time(limit=max(0, height - 5))]
            self._selected = max(0, min(self._selected, len(tasks) - 1))
            window.erase()
            for number, (text, attribute) in enumerate(self._lines(tasks, height)):
                window.addnstr(number, 0, text, width - 1, attribute)
            window.refresh()
            key = window.getch()
            if key in (ord("q"), ord("Q")):
                return
            self._press(key, tasks)

    def _lines(self, tasks: list[Task], height: int) -> list[tuple[str, int]]:
        state = self._state
        alive = ", ".join(sorted(str(worker.hostname) for worker in state.alive_workers())) or "none"
        lines = [(f" workers: {alive}   events: {state.event_count}   tasks: {state.task_count}", curses.A_BOLD)]
        if self._shows_task and tasks:
            told = tasks[self._selected].info(extra=("uuid", "name", "state", "traceback"))
            text = "\n".join(f" {name}: {value}" for name, value in told.items())
            lines += [(line, curses.A_NORMAL) for line in text.splitlines()]
        else:
            lines.append((f" {'UUID':36} {'TASK':30} {'WORKER':20} {'TIME':8} STATE", curses.A_UNDERLINE))
            for number, task in enumerate(tasks):
                lines.append((_row(task), curses.A_REVERSE if number == self._selected else curses.A_NORMAL))
        lines = lines[: height - 2]
        return [*lines, (f" {self._trouble or self._said}", curses.A_NORMAL), (f" {_KEYS}", curses.A_DIM)]

    def _press(self, key: int, tasks: list[Task]) -> None:
        if key in (ord("j"), curses.KEY_DOWN):
            self._selected += 1
        elif key in (ord("k"), curses.KEY_UP):
            self._selected -= 1
        elif key == ord("i"):
            self._shows_task = not self._shows_task
        elif key in (ord("c"), ord("t")) and tasks:
            self._revoke(str(tasks[self._selected].uuid), terminate=key == ord("t"))

    def _revoke(self, id: str, terminate: bool) -> None:
        try:
            self._app.control.revoke(id, terminate=terminate)
            self._said = f"{'terminated' if terminate else 'revoked'} {id}"
        except OperationalError as exc:
            self._said = str(exc)


def _row(task: Task) -> str:
    when = time.strftime("%H:%M:%S", time.localtime(task.timestamp or 0))
    worker = getattr(task.worker, "hostname", None) or ""
    return f" {task.uuid!s:36} {task.name or '':30.30} {worker:20.20} {when:8} {task.state}"


def evtop(app: Any = None) -> None:
    """Show it until `q`."""
    CursesMonitor(app or get_current_app()).run()
