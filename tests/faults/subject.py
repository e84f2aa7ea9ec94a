"""The program whose workers are killed: tasks that write themselves into the ledger."""

import ctypes
import os
import signal
import time

from celeriac import Celeriac
from celeriac.core.errors import SoftTimeLimitExceeded

from . import ledger, reading

LEDGER = os.environ["LEDGER"]
app = Celeriac("subject", broker=os.environ["SUBJECT_BROKER"], backend=os.environ["SUBJECT_BACKEND"])
app.conf.task_acks_late = os.environ.get("SUBJECT_EARLY") != "1"
app.conf.accept_content = ["json", reading.NAME]
app.conf.task_max_lost = int(os.environ.get("SUBJECT_MAX_LOST", "3"))
if os.environ.get("SUBJECT_LEASE") != "default":
    lease = float(os.environ.get("SUBJECT_LEASE", "15"))  # long: a worker may stand still and be no subject of the test
    app.conf.update(worker_lease_ttl=lease, worker_lease_renew=lease / 4, worker_recover_interval=1.0)


def begin(task) -> None:
    ledger.record(LEDGER, task.request.id, "start")


def end(task) -> None:
    ledger.record(LEDGER, task.request.id, "end")


@app.task(bind=True)
def work(self, seconds=0.0):
    """Sleeps."""
    begin(self)
    if seconds:
        time.sleep(seconds)
    end(self)
    return self.request.id


@app.task(bind=True)
def work_on(self, task_id, seconds):
    """Has begun when its message was read."""
    time.sleep(seconds)
    end(self)


@app.task(bind=True)
def wait_told(self):
    """Runs until the test says so, to all or to this one, however slow the machine is; says which process ran it."""
    begin(self)
    while not (os.path.exists(f"{LEDGER}.told") or os.path.exists(f"{LEDGER}.told.{self.request.id}")):
        time.sleep(0.01)
    end(self)
    return os.getpid()


@app.task(bind=True)
def hold_gil(self, seconds):
    """Sleeps in C, with the interpreter's lock held."""
    begin(self)
    ctypes.PyDLL(None).usleep(int(seconds * 1_000_000))
    end(self)


@app.task(bind=True)
def linger(self, how, seconds):
    """Goes on until its time limit, in different moods."""
    begin(self)
    over = time.monotonic() + seconds
    if how == "compute":
        sum(range(int(seconds * 100_000_000)))  # in C, with the interpreter's lock held
    while time.monotonic() < over:
        try:
            time.sleep(0.01)
        except SoftTimeLimitExceeded:
            if how == "tidy":
                break
            if how not in ("swallow", "patient"):
                raise
        except Exception:
            if how != "swallow":
                raise
    end(self)
    return "tidied up"


@app.task(bind=True, time_limit=0.5, soft_time_limit=5)
def linger_backwards(self):
    """Its hard limit comes first."""
    begin(self)
    for _ in range(2000):
        time.sleep(0.01)
    end(self)


@app.task(bind=True)
def die(self, how):
    """Takes its process with it."""
    begin(self)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "segfault":
        ctypes.string_at(0)
    elif how == "exit":
        os._exit(0)
    elif how == "memory":
        raise MemoryError
    end(self)


# -- chords: every message is known by its delivery tag, however often it is run


def start(task, what, about):
    redelivered = int(bool(task.request.delivery_info["redelivered"]))
    tag = (task.request.properties.get("delivery_info") or {}).get("tag") or task.request.properties.get("delivery_tag")
    # All lines are of one length, of which pages are a multiple: none is ever seen, or left by a kill, in two pieces.
    line = f"{what} {about} {redelivered} {tag}"[:255].ljust(255) + "\n"
    with open(f"{LEDGER}.chords", "a") as file:
        file.write(line)


@app.task(bind=True)
def part(self, value, seconds=0.0, fails=False):
    """A member of a header."""
    if seconds:
        time.sleep(seconds)
    if fails:
        raise ValueError("as told")
    return value


@app.task(bind=True)
def body(self, values, name=""):
    """Called with all results, each in its place: every sixth member is a chord itself."""
    right = [[number, 0] if number % 6 == 5 else number for number in range(len(values))]
    if name:
        start(self, "body" if values == right else f"wrong:{values}".replace(" ", ""), name)
    return values


@app.task(bind=True)
def errback(self, task_id, name=""):
    """Called when the body could not be."""
    start(self, "errback", name)
