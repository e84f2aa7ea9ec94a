"""Celery's documented example of a Request of one's own, as it is written for Celery."""

from pathlib import Path

from .running import python, worker

PROGRAM = """
import logging
import time
from celery import Celery, Task
from celery.worker.request import Request

logger = logging.getLogger('my.package')

class MyRequest(Request):
    'Logs failures and hard time limits.'

    def on_timeout(self, soft, timeout):
        super().on_timeout(soft, timeout)
        if not soft:
            logger.warning('A hard timeout was enforced for task %s', self.task.name)

    def on_failure(self, exc_info, send_failed_event=True, return_ok=False):
        super().on_failure(exc_info, send_failed_event=send_failed_event, return_ok=return_ok)
        logger.warning('Failure detected for task %s: %r', self.task.name, exc_info.exception)

class MyTask(Task):
    Request = MyRequest

app = Celery('program', broker='STORE', backend='STORE')

@app.task(base=MyTask)
def add(x, y):
    return x + y

@app.task(base=MyTask)
def sleep(seconds):
    time.sleep(seconds)
"""


def test_a_request_of_the_programs_own_is_told_of_failures_and_limits(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM.replace("STORE", f"sqlite:///{tmp_path}/store.sqlite3"))
    with worker(tmp_path, "worker", "-A", "program", "-l", "info", "-c", "1") as running:
        python(tmp_path, "from program import add, sleep; add.delay(1, 'one'); sleep.apply_async((60,), time_limit=1)")
        running.wait_line(r"Failure detected for task program\.add: TypeError\(.*unsupported operand", 30)
        running.wait_line(r"A hard timeout was enforced for task program\.sleep", 30)
