"""Packages of others that were written for Celery run on the drop-in, unchanged."""

from pathlib import Path

from servers.redis_server import RedisServer
from watched import until

from .running import celery, python, worker

SETTINGS = """
import os, pathlib
SECRET_KEY = "x"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
INSTALLED_APPS = ["django_celery_beat", "django_celery_results"]
MIGRATION_MODULES = dict.fromkeys(INSTALLED_APPS)  # tables are made at once, for time's sake
DATABASES = {"default": {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": pathlib.Path(__file__).parent.parent / "db.sqlite3",
    "OPTIONS": {"timeout": 60, "transaction_mode": "IMMEDIATE"},  # else two that read and then write are locked out
}}
CELERY_BROKER_URL = os.environ["STORE_URL"]
CELERY_RESULT_BACKEND = "django-db"
CELERY_RESULT_EXTENDED = True
"""
DJANGO_APP = """
import os
from celery import Celery
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "proj.settings")
app = Celery("proj")
app.config_from_object("django.conf:settings", namespace="CELERY")

@app.task(name="proj.add")
def add(x, y=1):
    return x + y

@app.task(name="proj.fail")
def fail():
    raise KeyError("no")
"""
SET_UP = "import django, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'proj.settings'; django.setup()\n"
SCHEDULE = """
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from django_celery_beat.models import IntervalSchedule, PeriodicTask
every, _ = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.SECONDS)
PeriodicTask.objects.create(name="each second", interval=every, task="proj.add", args="[20]", kwargs='{"y": 22}')
"""
RESULTS = """
from celery import group
from celery.result import GroupResult
from django_celery_results.models import TaskResult
from proj.celery import add, app, fail
failed = fail.delay()
print(repr(failed.get(timeout=60, propagate=False)), failed.state)
made = group(add.s(n) for n in range(3)).apply_async()
made.save()
print(made.get(timeout=60), GroupResult.restore(made.id, app=app).get(timeout=60))
row = TaskResult.objects.get(task_id=failed.id)
print(row.status, row.task_name, row.worker.partition("@")[0], "KeyError" in row.traceback)
print(app.AsyncResult("nobody").state, TaskResult.objects.filter(task_id="nobody").exists())
failed.forget()
print(TaskResult.objects.filter(task_id=failed.id).exists(), TaskResult.objects.filter(result="42").exists())
"""


def test_djangos_periodic_tasks_fire_and_their_results_are_in_its_tables(tmp_path: Path, redis: RedisServer) -> None:
    folder = tmp_path / "proj"
    folder.mkdir()
    (folder / "__init__.py").write_text("from .celery import app as celery_app\n")
    (folder / "settings.py").write_text(SETTINGS)
    (folder / "celery.py").write_text(DJANGO_APP)
    environ = {"STORE_URL": redis.url}
    python(tmp_path, SET_UP + SCHEDULE, environ)
    scheduler = "django_celery_beat.schedulers:DatabaseScheduler"
    with worker(tmp_path, "-A", "proj", "worker", "-l", "INFO", "-c", "1", environ=environ) as running:
        with celery(tmp_path, "-A", "proj", "beat", "-l", "INFO", "-S", scheduler, environ=environ) as beat:
            beat.wait_line(r"Sending due task each second \(proj\.add\)", 60)
            running.wait_line(r"Task proj\.add\[\S+\] succeeded in \S+: 42", 60)
        told = python(tmp_path, SET_UP + RESULTS, environ).splitlines()
    assert told == [
        "KeyError('no') FAILURE",
        "[1, 2, 3] [1, 2, 3]",
        "FAILURE proj.fail celery True",
        "PENDING False",
        "False True",
    ]


GUARDED = """
import os, pathlib, time
import sentry_sdk
from sentry_sdk.integrations.celery import CeleryIntegration
from celery import Celery
from celery_once import QueueOnce
from celery_singleton import Singleton

class Printing(sentry_sdk.transport.Transport):
    def capture_envelope(self, envelope):
        for item in envelope.items:
            told = item.payload.json or {}
            raised = [one["type"] for one in (told.get("exception") or {}).get("values") or []]
            print("sentry:", told.get("transaction"), raised, told["contexts"]["trace"]["trace_id"], flush=True)

sentry_sdk.init(
    dsn="http://a@localhost/1", transport=Printing, traces_sample_rate=1.0, default_integrations=False,
    auto_enabling_integrations=False, integrations=[CeleryIntegration()],
)
url = os.environ["STORE_URL"]
app = Celery("guarded", broker=url, backend=url)
app.conf.ONCE = {"backend": "celery_once.backends.Redis", "settings": {"url": url, "default_timeout": 600}}
app.conf.singleton_backend_url = url

def wait():
    end = time.monotonic() + 120
    while not pathlib.Path("go").exists() and time.monotonic() < end:
        time.sleep(0.02)

@app.task(base=QueueOnce)
def once(x):
    wait()
    return x

@app.task(base=Singleton, raise_on_duplicate=True)
def single(x):
    wait()
    return x

@app.task
def fail():
    raise ValueError("told")
"""
USE = """
import pathlib, time
import sentry_sdk
from celery_once import AlreadyQueued
from celery_singleton import DuplicateTaskError
from guarded import fail, once, single

results = [once.delay(1), single.delay(2)]
for task, refused in ((once, AlreadyQueued), (single, DuplicateTaskError)):
    try:
        task.delay(1 if task is once else 2)
        print("not refused")
    except refused:
        print("refused")
pathlib.Path("go").touch()
print([result.get(timeout=60) for result in results])

def again(task, argument, refused):
    end = time.monotonic() + 60
    while True:  # the lock is given back a moment after the result is there
        try:
            return task.delay(argument).get(timeout=60)
        except refused:
            assert time.monotonic() < end
            time.sleep(0.02)

print(again(once, 1, AlreadyQueued), again(single, 2, DuplicateTaskError))
with sentry_sdk.start_transaction(name="client") as transaction:
    print(type(fail.delay().get(timeout=60, propagate=False)).__name__)
    print(transaction.trace_id)
"""


def test_locks_around_calls_and_sentrys_traces_work(tmp_path: Path, redis: RedisServer) -> None:
    (tmp_path / "guarded.py").write_text(GUARDED)
    environ = {"STORE_URL": redis.url, "PYTHONWARNINGS": "ignore"}
    with worker(tmp_path, "-A", "guarded", "worker", "-l", "INFO", "-c", "2", environ=environ) as running:
        told = python(tmp_path, USE, environ).splitlines()
        *rest, trace = (line for line in told if not line.startswith("sentry:"))
        assert rest == ["refused", "refused", "[1, 2]", "1 2", "ValueError"]
        running.wait_line(rf"sentry: guarded\.fail \['ValueError'\] {trace}")
        running.wait_line(rf"sentry: guarded\.fail \[\] {trace}")


REDBEAT = """
import os
from celery import Celery
url = os.environ["STORE_URL"]
app = Celery("beaten", broker=url, backend=url)
app.conf.redbeat_redis_url = url
app.conf.beat_schedule = {"each": {"task": "beaten.add", "schedule": 1.0, "args": (5, 6)}}

@app.task
def add(x, y):
    return x + y
"""


def test_redbeat_schedules(tmp_path: Path, redis: RedisServer) -> None:
    (tmp_path / "beaten.py").write_text(REDBEAT)
    environ = {"STORE_URL": redis.url}
    words = ("-A", "beaten", "beat", "-l", "INFO", "-S", "redbeat.RedBeatScheduler")
    with celery(tmp_path, *words, environ=environ) as beat:
        beat.wait_line("Acquired lock", 60)
        beat.wait_line(r"Sending due task each \(beaten\.add\)", 60)
        with redis.client() as client:  # it is told before it is sent
            until(lambda: client.exists("redbeat:each") and client.llen("celery"), 60)
