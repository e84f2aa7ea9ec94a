"""kombu's names without kombu, and the real kombu's objects where it is installed."""

import json
from pathlib import Path

import pytest

from servers.redis_server import RedisServer

from .running import ROOT, python, worker

MESSAGES = """
import json, sys
import kombu
from kombu import Connection, Consumer, Exchange, Queue
from kombu.exceptions import OperationalError
from kombu.pools import producers

media = Exchange("media", type="topic")
video = Queue("video", media, routing_key="media.video.#")
seen = []

def on_message(body, message):
    seen.append([body, message.content_type, message.delivery_info["routing_key"]])
    if body == "again" and not message.delivery_info["redelivered"] and len(seen) < 5:
        message.requeue()
    else:
        message.ack()

with Connection(sys.argv[1]) as connection:
    with producers[connection].acquire(block=True) as producer:
        for body, key in (({"a": 1}, "media.video.mp4"), ("again", "media.video"), (b"raw", "media.video.x.y")):
            producer.publish(body, exchange=media, routing_key=key, declare=[video], serializer=None)
        producer.publish({"zipped": "x" * 2000}, exchange=media, routing_key="media.video", compression="zlib")
    with Consumer(connection, [video], callbacks=[on_message]):
        while len(seen) < 5:
            connection.drain_events(timeout=60)
        try:
            connection.drain_events(timeout=0.5)
        except TimeoutError:
            pass
    left = connection.SimpleQueue(video).qsize()
print(json.dumps([[str(body)[:10], *rest] for body, *rest in seen]), left)
try:
    Connection("redis://127.0.0.1:1").ensure_connection(max_retries=0)
except OperationalError as exc:
    print("refused")
"""
BROADCAST = """
from celery import Celery
from kombu.common import Broadcast
from kombu import Queue

app = Celery("everybody", broker="URL", backend="URL")
app.conf.task_queues = [Queue("celery"), Broadcast("broadcast_tasks")]
app.conf.task_routes = {"everybody.reload": {"queue": "broadcast_tasks", "exchange": "broadcast_tasks"}}

@app.task(name="everybody.reload", ignore_result=True)
def reload(what):
    return what

@app.task(name="everybody.one")
def one():
    return 1
"""
REAL = """
import json, sys
import kombu, kombu.serialization
from kombu import Exchange, Queue, binding
from kombu.common import Broadcast
from celery import Celery

assert "celeriac" not in kombu.__file__

def written(value):
    return json.dumps(value)[::-1]

def read(data):
    return json.loads(data.decode()[::-1])

kombu.serialization.register("upside", written, read, "x/upside")
media = Exchange("media", type="topic", delivery_mode="transient")
app = Celery("real", broker="memory://", task_serializer="upside", accept_content=["upside"])
app.conf.task_queues = [
    Queue("images", media, routing_key="media.image", max_priority=3, queue_arguments={"x-max-length": 7}),
    Queue("many", bindings=[binding(media, "media.#"), binding(Exchange("other"), "key")]),
    Broadcast("everybody"),
]
queues = app.amqp.queues
print(queues["images"].exchange, queues["images"].max_priority, queues["images"].queue_arguments)
print(sorted((exchange.name, key) for exchange, key in queues["many"].bindings))
print(queues["everybody"].exchange.type, queues["everybody"].name[:6])
app.send_task("any", (1,), queue=Queue("direct"), exchange=None)
app.send_task("any", (1,), queue="images")
print(app.transports.write.link().run(app.transports.write.broker.count(["direct", "images"]), 5))
message = app.connection().SimpleQueue("images").get(timeout=60)
print(message.content_type, message.body[:12])
"""

MIXIN = """
from kombu import Connection, Exchange, Queue
from kombu.mixins import ConsumerProducerMixin

jobs = Queue("jobs", Exchange("jobs"), routing_key="jobs")
answers = Queue("answers", Exchange("answers"), routing_key="answers")

class Squares(ConsumerProducerMixin):
    def __init__(self, connection):
        self.connection = connection
        self.done = 0

    def get_consumers(self, Consumer, channel):
        return [Consumer(queues=[jobs], on_message=self.handle, accept={"json"}, prefetch_count=10)]

    def handle(self, message):
        self.producer.publish(message.payload ** 2, exchange=answers.exchange, routing_key="answers", declare=[answers])
        message.ack()
        self.done += 1
        self.should_stop = self.done == 3

with Connection(URL) as connection:
    producer = connection.Producer(serializer="json")
    for number in (2, 3, 4):
        producer.publish(number, exchange=jobs.exchange, routing_key="jobs", declare=[jobs])
    Squares(connection).run()
    found = connection.SimpleQueue(answers)
    print(sorted(found.get(timeout=60).payload for _ in range(3)))
"""


@pytest.mark.parametrize("kind", ["redis", "sqlite", "memory"])
def test_messages_of_a_programs_own(tmp_path: Path, redis: RedisServer, kind: str) -> None:
    url = {"redis": redis.url, "sqlite": f"sqlite:///{tmp_path}/queues.sqlite3", "memory": "memory://"}[kind]
    seen, left, refused = python(tmp_path, MESSAGES.replace("sys.argv[1]", repr(url))).rsplit(maxsplit=2)
    assert (left, refused) == ("0", "refused")
    assert sorted(json.loads(seen)) == sorted(
        [
            ["{'a': 1}", "application/json", "media.video.mp4"],
            ["again", "text/plain", "media.video"],
            ["again", "text/plain", "media.video"],
            ["b'raw'", "application/data", "media.video.x.y"],
            ["{'zipped':", "application/json", "media.video"],
        ]
    )


def test_a_program_that_consumes_until_it_is_told_to_stop(tmp_path: Path, redis: RedisServer) -> None:
    assert python(tmp_path, MIXIN.replace("URL", repr(redis.url))) == "[4, 9, 16]"


@pytest.mark.parametrize("kind", ["redis", "sqlite"])
def test_a_broadcast_reaches_every_worker_once(tmp_path: Path, redis: RedisServer, kind: str) -> None:
    url = redis.url if kind == "redis" else f"sqlite:///{tmp_path}/queues.sqlite3"
    (tmp_path / "everybody.py").write_text(BROADCAST.replace("URL", url))
    words = ("-A", "everybody", "worker", "-l", "INFO", "-c", "1")
    with worker(tmp_path, *words, "-n", "one@here") as one, worker(tmp_path, *words, "-n", "two@here") as two:
        program = (
            "from everybody import one, reload\nfor i in range(3): reload.delay(i)\nprint(one.delay().get(timeout=60))"
        )
        assert python(tmp_path, program) == "1"
        for running in (one, two):
            for number in range(3):
                running.wait_line(rf"Task everybody\.reload\[.*\] succeeded in .*: {number}")
        heard = [text.count("everybody.reload") - 1 for text in (one.text, two.text)]
        assert heard == [6, 6]  # received and succeeded, three times; and once in the banner


def test_the_real_kombus_objects_and_serializers_are_accepted(tmp_path: Path) -> None:
    packages = next((ROOT / ".venv-celery" / "lib").glob("python3.*")) / "site-packages"
    beside = tmp_path / "site"
    beside.mkdir()
    for name in ("kombu", "amqp", "vine", "packaging", "tzdata"):
        (beside / name).symlink_to(packages / name)
    (beside / "tzlocal.py").touch()
    lines = python(tmp_path, REAL, {"PYTHONPATH": str(beside)}).splitlines()
    assert "name='media'" in lines[0]
    assert "delivery_mode=1" in lines[0]
    assert lines[0].endswith("3 {'x-max-length': 7}")
    assert lines[1:] == [
        "[('media', 'media.#'), ('other', 'key')]",
        "fanout bcast.",
        "{'direct': 1, 'images': 1}",
        "x/upside b']}llun :\"dro'",
    ]
