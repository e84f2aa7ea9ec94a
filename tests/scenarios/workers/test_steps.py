"""Steps that a program adds to the worker and to the consumer: their order, their needs, their options."""

import subprocess
import sys
from pathlib import Path

from .running import run, worker

PROGRAM = """
import click
from celeriac import Celeriac, bootsteps
from celeriac.worker.components import Pool

app = Celeriac("stepped", broker="sqlite:///store.sqlite3")
app.user_options["worker"].add(click.Option(["--colour"], default="grey", help="Of the walls."))
app.user_options["preload"].add(click.Option(["--tenant"], default="none"))


class Telling(bootsteps.StartStopStep):
    def __init__(self, parent, colour=None, **options):
        self.colour = colour
        print(f"made {type(self).__name__} for {type(parent).__name__} {colour}")

    def start(self, parent):
        print(f"start {type(self).__name__}")

    def stop(self, parent):
        print(f"stop {type(self).__name__}")

    def shutdown(self, parent):
        print(f"shutdown {type(self).__name__}")


class AfterPool(Telling):
    requires = (Pool,)

    def start(self, parent):
        super().start(parent)
        print("pool is there", parent.pool is not None)


class AfterThat(Telling):
    requires = ("celeriac.worker.components:Pool", "AfterPool")


class NotWanted(Telling):
    def include_if(self, parent):
        return False


class InConsumer(Telling):
    requires = ("celeriac.worker.consumer_steps:Tasks",)

    async def start(self, parent):
        super().start(parent)
        print("consumer of", parent.hostname)


class Making(bootsteps.StartStopStep):
    requires = {"Hub"}

    def create(self, parent):
        class Made:
            def start(self):
                print("start Made")

            def stop(self):
                print("stop Made")

        return Made()


for step in (AfterThat, NotWanted, AfterPool, Making):
    app.steps["worker"].add(step)
app.steps["consumer"].add(InConsumer)
"""


def test_steps_start_in_the_order_of_their_needs_and_stop_in_the_other(tmp_path: Path) -> None:
    (tmp_path / "stepped.py").write_text(PROGRAM)
    with worker(tmp_path, "stepped", "-c", "1", "-n", "w@here", "--colour", "blue") as running:
        assert running.stop() == 0
    told = [line.partition("] ")[2] or line for line in running.lines]
    told = [line for line in told if line.split(" ")[0] in ("made", "start", "stop", "shutdown", "pool", "consumer")]
    made = [line for line in told if line.startswith("made")]
    assert sorted(made) == [
        "made AfterPool for WorkController blue",
        "made AfterThat for WorkController blue",
        "made InConsumer for Consumer blue",
        "made NotWanted for WorkController blue",
    ]
    started = [line for line in told if not line.startswith("made")]
    assert started[0] == "start Made"
    assert started[1:8] == [
        "start AfterPool",
        "pool is there True",
        "start AfterThat",
        "start InConsumer",
        "consumer of w@here",
        "stop InConsumer",
        "shutdown InConsumer",
    ]
    ended = started[8:]
    assert ended.index("stop AfterThat") < ended.index("stop AfterPool") < ended.index("stop Made")
    assert ended.index("shutdown AfterThat") < ended.index("shutdown AfterPool")
    assert not any("NotWanted" in line for line in started)


def test_options_of_the_program_are_in_the_help(tmp_path: Path) -> None:
    (tmp_path / "stepped.py").write_text(PROGRAM)
    shown = run(tmp_path, "-A", "stepped", "worker", "--help")
    assert "--colour" in shown.text
    assert "--tenant" in shown.text


def test_a_step_that_needs_what_is_not_there_says_so(tmp_path: Path) -> None:
    (tmp_path / "lost.py").write_text(
        "from celeriac import Celeriac, bootsteps\n"
        "app = Celeriac('lost', broker='sqlite:///store.sqlite3')\n"
        "class Lost(bootsteps.StartStopStep):\n"
        "    requires = ('Nowhere',)\n"
        "app.steps['worker'].add(Lost)\n"
    )
    ended = run(tmp_path, "-A", "lost", "worker")
    assert ended.process.returncode not in (0, None)
    assert "step Lost requires 'Nowhere', which is not among the steps" in ended.text
    assert "Traceback" not in ended.text


def test_a_step_that_fails_at_the_start_ends_the_worker(tmp_path: Path) -> None:
    (tmp_path / "failing.py").write_text(
        "from celeriac import Celeriac, bootsteps\n"
        "app = Celeriac('failing', broker='sqlite:///store.sqlite3')\n"
        "class Failing(bootsteps.StartStopStep):\n"
        "    def start(self, parent):\n"
        "        raise OSError('no paint')\n"
        "app.steps['worker'].add(Failing)\n"
    )
    ended = run(tmp_path, "-A", "failing", "worker", "-c", "1")
    assert ended.process.returncode == 1
    assert "no paint" in ended.text


CONSUMING = """
from celeriac import Celeriac, bootsteps
from celeriac.contrib.kombu import Connection, Consumer, Exchange, Producer, Queue

app = Celeriac("consuming", broker="sqlite:///store.sqlite3")
orders = Queue("orders", Exchange("orders"), "new")


class Orders(bootsteps.ConsumerStep):
    def get_consumers(self, channel):
        return [Consumer(channel, queues=[orders], callbacks=[self.handle], accept=["json"])]

    def handle(self, body, message):
        print("handled", message.headers["kind"], body["number"])
        if body["number"] == 1:
            raise ValueError("as told")
        message.ack()


app.steps["consumer"].add(Orders)


def send(*bodies):
    with Connection(app=app) as connection:
        producer = Producer(connection)
        for body in bodies:
            producer.publish(
                body, exchange=orders.exchange, routing_key="new", declare=[orders], headers={"kind": "order"}
            )
"""


def test_a_step_may_consume_from_a_queue_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "consuming.py").write_text(CONSUMING)
    send = (sys.executable, "-c", "from consuming import send; send(*({'number': n} for n in range(3)))")
    subprocess.run(send, cwd=tmp_path, check=True, timeout=120)
    with worker(tmp_path, "consuming", "-c", "1") as running:
        running.wait_line("handled order 0")
        running.wait_line("handled order 1")
        running.wait_line("a message was not handled; it goes back when the worker ends")
        running.wait_line("handled order 2")
        assert running.stop() == 0
        assert running.text.count("handled order 0") == 1
    with worker(tmp_path, "consuming", "-c", "1") as running:
        running.wait_line("handled order 1")
        assert "handled order 0" not in running.text


def test_a_step_without_consumers_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "consuming.py").write_text(
        "from celeriac import Celeriac, bootsteps\n"
        "app = Celeriac('consuming', broker='sqlite:///store.sqlite3')\n"
        "class Mine(bootsteps.ConsumerStep): pass\n"
        "app.steps['consumer'].add(Mine)\n"
    )
    ended = run(tmp_path, "-A", "consuming", "worker", "-c", "1")
    assert ended.process.returncode == 1
    assert "missing get_consumers" in ended.text
