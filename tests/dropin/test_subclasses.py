"""Classes of Celery's that programs subclass behave when subclassed, and what people touch on an app answers."""

import json
from pathlib import Path

from servers.redis_server import RedisServer

from .running import python, worker

PROGRAM = """
import os
from celery import Celery, Task, bootsteps
from celery.app.log import Logging
from celery.app.control import Control
from celery.app.registry import TaskRegistry
from celery.contrib.abortable import AbortableTask
from celery.loaders.app import AppLoader
from celery.worker.components import Timer
from celery.worker.consumer import Mingle

class MyTask(Task):
    abstract = True
    def __call__(self, *args, **kwargs):
        return ["called", self.run(*args, **kwargs)]
    def on_success(self, retval, task_id, args, kwargs):
        print("on_success of", self.name, retval)

class MyLoader(AppLoader):
    def on_worker_init(self):
        print("loader: on_worker_init")
    def on_worker_process_init(self):
        print("loader: on_worker_process_init")
    def on_task_init(self, task_id, task):
        print("loader: on_task_init", task.name)

class MyControl(Control):
    pass

class MyRegistry(TaskRegistry):
    pass

class MyCelery(Celery):
    task_cls = MyTask
    registry_cls = MyRegistry
    control_cls = MyControl
    def gen_task_name(self, name, module):
        return f"mine.{name}"
    def on_init(self):
        self.was_initialized = True

class Announcing(bootsteps.StartStopStep):
    requires = {Timer, "celery.worker.components:Pool"}
    def start(self, worker):
        print("step: started beside", worker.hostname)
    def stop(self, worker):
        print("step: stopped")

class InConsumer(bootsteps.StartStopStep):
    requires = {Mingle, "celery.worker.consumer.connection:Connection", "celery.worker.consumer.tasks:Tasks"}
    def start(self, consumer):
        print("step: in", type(consumer).__name__)

app = MyCelery("subclassed", broker=os.environ["STORE_URL"], backend=os.environ["STORE_URL"], loader=MyLoader)
app.steps["worker"].add(Announcing)
app.steps["consumer"].add(InConsumer)

@app.task
def add(x, y):
    return x + y

@app.task(bind=True, base=AbortableTask)
def patient(self):
    import time
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if self.is_aborted():
            return "stopped"
        time.sleep(0.02)

class ByClass(MyTask):
    name = "mine.by_class"
    def __init__(self):
        self.calls = 0
    def run(self):
        self.calls += 1
        return self.calls

app.register_task(ByClass())
"""
CALLS = """
import json, time
from subclassed import add, app, patient
assert app.was_initialized
first = add.delay(2, 3).get(timeout=60)
by_class = [app.send_task("mine.by_class").get(timeout=60) for _ in range(2)]
running = patient.delay()
time.sleep(0.1)
running.abort()
end = time.monotonic() + 60
while running.state in ("PENDING", "STARTED", "ABORTED") and time.monotonic() < end:
    time.sleep(0.02)
print(json.dumps([first, by_class, running.get(timeout=60), type(app.control).__name__, type(app.tasks).__name__]))
"""
TOUCHED = """
from celery import Celery, current_app, current_task
from celery._state import get_current_task
from celery.app import default_app, app_or_default
import celery.app.trace as trace

app = Celery("touched", broker="memory://", backend="cache+memory://")
assert current_app.main == app_or_default().main == default_app.main == "touched"
assert not current_task and get_current_task() is None

@app.task(bind=True)
def seen(self):
    assert current_task.name == self.name
    return current_task.request.id == self.request.id

assert seen.apply().get() is True
assert app.amqp.queues["celery"].routing_key == "celery"
assert app.backend.get_state("nobody") == "PENDING"
with app.connection_for_read() as connection, app.producer_or_acquire() as producer:
    assert connection.connected
    producer.publish({"a": 1}, routing_key="letters", serializer="json")
    assert connection.SimpleQueue("letters").get(timeout=60).payload == {"a": 1}
with app.pool.acquire(block=True) as connection:
    assert connection.as_uri().startswith("memory://")
assert "%(name)s" in trace.LOG_SUCCESS and "%(name)s" in trace.LOG_FAILURE
assert app.log.get_default_logger().name == "celeriac"
assert app.either("broker_url") == "memory://"
app.loader.import_default_modules()
with app.amqp.Producer(app.connection(), routing_key="more") as producer:
    producer.publish("text")
assert app.amqp.Queues({"a": {}})["a"].name == "a"
assert app.amqp.TaskConsumer(app.connection()).queues[0].name == "celery"
try:
    app.AsyncResult("nobody").get(timeout=0.01)
except app.AsyncResult.TimeoutError:
    print("all answered")
"""


def test_subclasses_do_what_they_say(tmp_path: Path, redis: RedisServer) -> None:
    (tmp_path / "subclassed.py").write_text(PROGRAM)
    environ = {"STORE_URL": redis.url}
    with worker(tmp_path, "-A", "subclassed", "worker", "-l", "INFO", "-c", "1", environ=environ) as running:
        answers = json.loads(python(tmp_path, CALLS, environ))
        running.wait_line(r"on_success of mine\.add \['called', 5\]")
        running.wait_line(r"loader: on_task_init mine\.add")
    for told in (
        "loader: on_worker_init",
        "loader: on_worker_process_init",
        "step: started beside celery@",
        "step: in Consumer",
    ):
        assert told in running.text, running.text
    assert answers[:2] == [["called", 5], [["called", 1], ["called", 2]]]
    assert answers[2:] == ["stopped", "MyControl", "MyRegistry"]


def test_what_people_touch_on_an_app_answers(tmp_path: Path) -> None:
    assert python(tmp_path, TOUCHED) == "all answered"


def test_programs_borrow_the_connection_to_redis(tmp_path: Path, redis: RedisServer) -> None:
    """For locks and counters beside the results: app.backend.client."""
    program = """
from celery import Celery
from celery.backends.redis import RedisBackend
app = Celery("borrowing", broker=URL, backend=URL)
client = app.backend.client
assert isinstance(app.backend, RedisBackend)
assert client.set("lock", "mine", nx=True, ex=60) and not client.set("lock", "yours", nx=True)
app.backend.store_result("some-id", 42, "SUCCESS")
assert b'"result": 42' in app.backend.get(app.backend.get_key_for_task("some-id"))
app.backend.set("counted", 1)
print(app.backend.incr("counted"), app.AsyncResult("some-id").get(timeout=60))
app.close()
""".replace("URL", repr(redis.url))
    assert python(tmp_path, program) == "2 42"


def test_a_worker_is_started_from_code(tmp_path: Path, redis: RedisServer) -> None:
    program = """
import threading
from celery import Celery
from celery.apps.worker import Worker
from celery.signals import worker_ready

app = Celery("coded", broker=URL, backend=URL)

@app.task(name="coded.add")
def add(x, y):
    return x + y

@worker_ready.connect
def ask(sender=None, **kwargs):
    def go():
        print("got", add.delay(1, 2).get(timeout=60), flush=True)
        app.control.shutdown()
    threading.Thread(target=go).start()

worker = app.Worker(hostname="mine@here", concurrency=1, loglevel="INFO", pool="prefork")
assert isinstance(worker, Worker)
print("ended", worker.start())
""".replace("URL", repr(redis.url))
    printed = python(tmp_path, program)
    assert "mine@here" in printed
    assert printed.splitlines()[-2:] == ["got 3", "ended 0"]
