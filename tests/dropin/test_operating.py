"""Celery's names for people who operate: moving messages, looking into a worker, timers of bootsteps, documentation."""

import json
import os
from pathlib import Path

from servers.redis_server import RedisServer

from .running import PYTHON, python, run, worker

MOVING = """
from celery import Celery
from celery.contrib.migrate import (
    State, StopFiltering, migrate_tasks, move, move_by_idmap, move_by_taskmap, move_direct_by_id, move_task_by_id,
    start_filter, task_id_in,
)
from kombu import Connection, Queue

app = Celery("moving", broker=URL, backend="disabled://")

def counts(*queues):
    with app.connection_or_acquire() as conn:
        return [conn.SimpleQueue(name).qsize() for name in queues]

ids = [app.send_task(name, args=[n]).id for n, name in enumerate(["t.mail", "t.image", "t.mail", "t.other"])]
assert counts("celery") == [4]
state = move_by_taskmap({"t.mail": Queue("mails"), "t.image": "images"})
assert (state.count, state.filtered) == (4, 3), state
assert counts("celery", "mails", "images") == [1, 2, 1]
move_task_by_id(ids[3], "others")
assert counts("celery", "others") == [0, 1]
move(lambda body, message: body[0] == [2], exchange="", routing_key="second", source=["mails"])
assert counts("mails", "second") == [1, 1]
move_direct_by_id(ids[0], "w@host", source=["mails"])
assert counts("mails", "w@host.dq2") == [0, 1]

seen = []
def look(body, message):
    seen.append((message.headers["task"], body[0], task_id_in(ids, body, message)))
    raise StopFiltering()
start_filter(app, app.connection(), look, consume_from=["images"], timeout=0.1)
assert seen == [("t.image", [1], True)]
assert counts("images") == [1]

source, dest = Connection(URL), Connection(OTHER)
state = migrate_tasks(source, dest, app=app, queues="images:pictures", ack_messages=True, timeout=0.1)
assert isinstance(state, State) and repr(state) == "1/1", state
assert counts("images") == [0]
print(dest.SimpleQueue("pictures").qsize())
"""

STATE = """
import os
from celery import Celery, bootsteps
from celery.signals import task_success, worker_ready
from celery.worker import state
from celery.worker.components import Timer

app = Celery("looking", broker=os.environ["STORE_URL"], backend=os.environ["STORE_URL"])

class Alive(bootsteps.StartStopStep):
    '''As programs write them for liveness probes.'''
    requires = {Timer}
    def start(self, worker):
        self.calls = 0
        self.tref = worker.timer.call_repeatedly(0.05, self.beat, (worker,), priority=10)
    def beat(self, worker):
        self.calls += 1
        if self.calls == 3:
            print("alive", worker.hostname, flush=True)
        active = [request.name for request in state.active_requests]
        if active and not hasattr(self, "told"):
            self.told = True
            print("active", active, len(state.reserved_requests) >= 1, flush=True)
        if state.total_count["looking.wait"] and hasattr(self, "told"):
            print("total", dict(state.total_count), len(state.active_requests), "gone" in state.revoked, flush=True)
            self.tref.cancel()
    def stop(self, worker):
        self.tref.cancel()

app.steps["worker"].add(Alive)

@app.task
def wait():
    import pathlib, time
    end = time.monotonic() + 60
    while not pathlib.Path("go").exists() and time.monotonic() < end:
        time.sleep(0.02)
    return len(state.active_requests)
"""

CALL = """
from looking import app, wait
app.control.revoke("gone")
print(wait.delay().id)
"""

CONF = """
extensions = ["celery.contrib.sphinx"]
project = "documented"
celery_task_prefix = "(task)"
"""
DOCUMENTED = '''
"""Tasks."""
from celery import Celery
app = Celery("documented", broker="memory://")

@app.task(bind=True)
def mail(self, to, subject="none"):
    """Sends a mail."""

def plain():
    """No task."""
'''


def test_messages_are_moved_by_celerys_names(tmp_path: Path, redis: RedisServer) -> None:
    other = redis.url.rpartition("/")[0] + "/1"
    program = MOVING.replace("URL", repr(redis.url)).replace("OTHER", repr(other))
    assert python(tmp_path, program) == "1"


def test_a_step_has_a_timer_and_sees_what_its_worker_has_in_hand(tmp_path: Path, redis: RedisServer) -> None:
    (tmp_path / "looking.py").write_text(STATE)
    environ = {"STORE_URL": redis.url}
    with worker(tmp_path, "-A", "looking", "worker", "-l", "INFO", "-c", "1", environ=environ) as running:
        running.wait_line(r"alive celery@")
        id = python(tmp_path, CALL, environ)
        running.wait_line(r"active \['looking\.wait'\] True")
        (tmp_path / "go").touch()
        running.wait_line(r"total \{'looking\.wait': 1\} 0 True")
    found = python(tmp_path, f"from looking import app; print(app.AsyncResult({id!r}).get(timeout=30))", environ)
    assert found == "0"  # the process that runs tasks has nothing in hand of its own


def test_sphinx_documents_tasks(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(CONF)
    (tmp_path / "documented.py").write_text(DOCUMENTED)
    (tmp_path / "index.rst").write_text("Tasks\n=====\n\n.. automodule:: documented\n   :members:\n")
    done = run(
        tmp_path, PYTHON, "-m", "sphinx", "-q", "-b", "text", ".", "out", environ={"PYTHONPATH": _paths(tmp_path)}
    )
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "out" / "index.txt").read_text()
    assert "(task) documented.mail(to, subject='none')" in text.replace("*", "")
    assert "Sends a mail." in text


def _paths(folder: Path) -> str:
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])


def test_timers_call_in_order_and_no_more_when_they_are_cancelled(tmp_path: Path) -> None:
    program = """
import json, threading
from datetime import datetime, timedelta
from celery.utils.timer2 import Entry, Schedule, Timer, to_timestamp
called, told, done = [], threading.Event(), threading.Event()
timer = Timer(on_error=lambda exc: called.append(type(exc).__name__))

def at(seconds):
    return to_timestamp(begin + timedelta(seconds=seconds))

begin = datetime.now()
timer.call_after(0.0, told.wait, (60,))  # nothing is called before all is said
timer.call_after(60, called.append, ("never",))
never = timer.call_after(0.05, called.append, ("cancelled",))
never.cancel()
timer.call_at(at(0.2), called.append, ("second",))
timer.call_at(at(0.1), lambda: 1 / 0)
timer.call_at(at(0.3), done.set)
told.set()
assert done.wait(60)
timer.stop()
assert not timer.is_alive() and not timer.empty()
print(json.dumps(called))
"""
    assert json.loads(python(tmp_path, program)) == ["ZeroDivisionError", "second"]
