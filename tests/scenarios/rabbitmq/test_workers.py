"""Workers on RabbitMQ: every pool, delays and retries, queue types, what a killed worker had in hand."""

import os
import signal
import time

import pytest

from celeriac.core.message import Queue
from scenarios.workers.notes import notes, notes_of, tell
from scenarios.workers.running import run, until
from watched import PATIENCE

from .conftest import Place


@pytest.mark.parametrize("pool", ["prefork", "threads", "asyncio", "solo"])
def test_every_pool_runs_what_was_sent(place: Place, pool: str) -> None:
    place.worker("-P", pool, "-c", "2")
    for number in range(100):
        place.send("asay" if number % 2 and pool != "solo" else "say", str(number))
    until(lambda: len(notes(place.home)) == 100)
    assert sorted(int(text) for _, text in notes(place.home)) == list(range(100))


@pytest.mark.parametrize("kind", ["classic", "quorum"])
def test_delayed_tasks_and_retries_run_in_their_time(place: Place, kind: str) -> None:
    place.client.conf.task_default_queue_type = kind
    place.worker("-c", "2", PROGRAM_QUEUE_TYPE=kind)
    began = time.time()
    late = place.send("say", "late", countdown=2.2)
    place.send("again", 1.2)
    until(lambda: len(notes(place.home)) == 4, 40.0)
    said = [(what, when) for what, _, *when in notes(place.home)]
    assert [what for what, _ in said].count("try") == 3, late
    tries = [when[0] for what, when in said if what == "try"]
    assert tries[1] - tries[0] > 1.1
    assert tries[2] - tries[1] > 1.1
    assert time.time() - began > 2.1


def test_what_a_killed_worker_had_in_hand_runs_elsewhere_at_once(place: Place) -> None:
    victim = place.worker("-c", "2", "-n", "victim@here")
    task = place.send("hold")
    until(lambda: notes_of(place.home, task)[:1] == ["begin"])
    for number in range(5):
        place.send("say", str(number))
    os.killpg(victim.pid, signal.SIGKILL)
    place.worker("-c", "2", "-n", "heir@here")
    # one that the victim had run, but not yet acknowledged, runs again
    until(lambda: {text for what, text, *_ in notes(place.home) if what == "say"} == set("01234"))
    until(lambda: len(notes_of(place.home, task)) == 2)
    tell(place.home)
    until(lambda: notes_of(place.home, task)[-1:] == ["end"], 40.0)
    assert notes_of(place.home, task) == ["begin", "begin", "end"]


def test_a_stopping_worker_gives_back_what_it_has_not_begun(place: Place) -> None:
    first = place.worker("-c", "1", "-n", "first@here")
    nap = place.send("nap", 1.5)
    until(lambda: notes_of(place.home, nap) == ["begin"])
    for number in range(10):
        place.send("say", str(number))
    assert first.stop() == 0
    assert notes_of(place.home, nap) == ["begin", "end"]
    broker = place.client.transports.write.broker
    assert broker is not None
    done = len([what for what, *_ in notes(place.home) if what == "say"])

    def waiting() -> int:
        return int(place.client.transports.write.link().run(broker.count([place.queue]), PATIENCE)[place.queue])

    until(lambda: waiting() + done == 10, told=lambda: f"{waiting()} wait, {done} are done")


def test_a_worker_consumes_queues_of_every_kind(place: Place) -> None:
    """Direct, topic, with priorities, and one of its own that goes with it and hears what is for everybody."""
    for number in range(2):
        place.worker("-c", "1", "-n", f"w{number}@here", PROGRAM_QUEUES="many")
    send = place.client.send_task
    send("program.say", ("direct",))
    send("program.say", ("topic",), exchange="some-topics", exchange_type="topic", routing_key="news.of.today")
    later = {"exchange": "some-topics", "exchange_type": "topic", "routing_key": "news.of.tomorrow"}
    send("program.say", ("late topic",), countdown=1.2, **later)
    urgent = Queue(f"{place.queue}.urgent", max_priority=9)
    for priority in range(10):
        send("program.say", ("urgent",), queue=urgent, priority=priority)
    send("program.say", ("everybody",), exchange="everybody", exchange_type="fanout")
    expected = sorted(["direct", "topic", "late topic", *["urgent"] * 10, *["everybody"] * 2])
    until(lambda: sorted(text for _, text in notes(place.home)) == expected, 20.0)


def test_a_queue_that_exists_with_other_properties_ends_the_worker_with_a_reason(place: Place) -> None:
    place.client.conf.task_default_queue_type = "quorum"
    place.send("say", "for whoever declares it as it is")
    words = ("-A", "scenarios.rabbitmq.program", "worker", "-l", "INFO", "-c", "1")
    ended = run(place.home, *words, environment=place.environment(), seconds=60)
    assert ended.process.returncode == 1
    (told,) = [line for line in ended.lines if "CRITICAL" in line]
    assert f"RabbitMQ has the queue {place.queue!r} already, with other properties" in told
    assert "delete it there first" in told


def test_a_consumer_of_a_queue_with_other_properties_is_refused_and_the_worker_goes_on(place: Place) -> None:
    place.worker("-c", "1", "-n", f"{place.queue}@here")
    other = f"{place.queue}-quorum"
    place.client.conf.task_create_missing_queue_type = "quorum"
    place.send("say", "left alone", queue=other)
    (reply,) = place.client.control.add_consumer(other, destination=[f"{place.queue}@here"], reply=True, timeout=20)
    assert "with other properties" in str(reply[f"{place.queue}@here"].get("error")), reply
    place.send("say", "all the same")
    until(lambda: "all the same" in [text for _, text in notes(place.home)])


def test_an_exchange_of_an_unknown_type_ends_the_worker_with_a_reason_and_is_asked_for_once(place: Place) -> None:
    words = ("-A", "scenarios.rabbitmq.program", "worker", "-l", "INFO", "-c", "1")
    ended = run(place.home, *words, environment={**place.environment(), "PROGRAM_QUEUES": "unknown"}, seconds=60)
    assert ended.process.returncode == 1
    (told,) = [line for line in ended.lines if "CRITICAL" in line]
    assert "RabbitMQ has no exchanges of type 'x-no-such-type'" in told
    assert "rabbitmq-plugins enable" in told
    assert not any("Traceback" in line or "Connection to broker lost" in line for line in ended.lines)


def test_a_consumer_of_an_exchange_of_an_unknown_type_is_refused_and_the_worker_goes_on(place: Place) -> None:
    worker = place.worker("-c", "1", "-n", f"{place.queue}@here")
    control, to = place.client.control, [f"{place.queue}@here"]
    given = {"exchange": "odd", "exchange_type": "x-no-such-type", "destination": to, "reply": True, "timeout": 20}
    for _ in range(2):
        (reply,) = control.add_consumer(f"{place.queue}-odd", **given)
        assert "no exchanges of type 'x-no-such-type'" in str(reply[to[0]].get("error")), reply
    place.send("say", "all the same")
    until(lambda: "all the same" in [text for _, text in notes(place.home)])
    assert "Connection to broker lost" not in worker.text
