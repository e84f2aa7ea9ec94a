"""The service: runs a scheduler until it is told to stop, on its own or beside a worker."""

import logging
import signal
import subprocess
import sys
import threading
import time

import pytest

from celeriac import signals
from celeriac.beat import EmbeddedService, PersistentScheduler, Scheduler, Service, SharedScheduler
from celeriac.beat.alarm import Alarm
from celeriac.core.errors import ImproperlyConfigured
from patience import until


class Ticking(Scheduler):
    """Notes what the service does with it."""

    def __init__(self, app, **kwargs) -> None:
        self.ticked = threading.Event()
        self.closed = False
        self.given = kwargs
        super().__init__(app, **kwargs)

    def tick(self, *args, **kwargs):
        self.ticked.set()
        return 100.0

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def desk(make_desk):
    return make_desk()


def test_it_starts_and_stops(desk, caplog) -> None:
    caplog.set_level(logging.INFO)
    begun = []

    @signals.beat_init.connect
    def on_begin(sender, **kwargs) -> None:
        begun.append(sender)

    service = Service(desk.app, scheduler_cls=Ticking, schedule_filename="x", max_interval=5)
    thread = threading.Thread(target=service.start)
    thread.start()
    assert service.scheduler.ticked.wait(30)
    service.stop(wait=True)
    thread.join(30)
    assert service.scheduler.closed
    assert begun == [service]
    assert service.scheduler.given["schedule_filename"] == "x"
    assert (service.max_interval, service.scheduler.max_interval) == (5, 5)
    assert "beat: Starting..." in caplog.text
    assert "beat: Shutting down..." in caplog.text


def test_what_the_scheduler_raises_ends_it_and_closes_the_scheduler(desk) -> None:
    class Broken(Ticking):
        def tick(self, *args, **kwargs):
            raise OSError("no more")

    service = Service(desk.app, scheduler_cls=Broken)
    with pytest.raises(OSError, match="no more"):
        service.start()
    assert service.scheduler.closed


def test_in_a_thread(desk) -> None:
    embedded = EmbeddedService(desk.app, thread=True, scheduler_cls=Ticking)
    embedded.start()
    assert embedded.service.scheduler.ticked.wait(30)
    embedded.stop()
    embedded.join(30)
    assert not embedded.is_alive()


def test_in_a_thread_another_takes_the_place_of_one_that_ended_with_an_error(desk, caplog) -> None:
    broken = [OSError("no more")]

    class Broken(Ticking):
        def tick(self, *args, **kwargs):
            if broken:
                raise broken.pop()
            return super().tick()

    embedded = EmbeddedService(desk.app, thread=True, scheduler_cls=Broken)
    first = embedded.service
    embedded.start()
    until(lambda: embedded.service is not first and embedded.service.scheduler.ticked.is_set())
    assert first.scheduler.closed
    assert "no more" in caplog.text
    embedded.stop()
    assert not embedded.is_alive()
    assert embedded.service.scheduler.closed


def test_two_threads_that_ask_for_the_scheduler_get_the_same(desk) -> None:
    made, asked, again = [], threading.Event(), threading.Event()

    class Slow(Ticking):
        def __init__(self, app, **kwargs) -> None:
            made.append(self)
            if len(made) > 1:
                again.set()
            assert asked.wait(30)
            again.wait(0.1)
            super().__init__(app, **kwargs)

    service = Service(desk.app, scheduler_cls=Slow)
    first = threading.Thread(target=lambda: service.scheduler)
    first.start()
    until(lambda: made)
    asked.set()
    assert service.scheduler is made[0]
    first.join(30)
    assert len(made) == 1


def running(service: Service) -> threading.Thread:
    thread = threading.Thread(target=service.start)
    thread.start()
    until(lambda: service.last_tick is not None)
    return thread


def pinged(desk, **call):
    """Who answers, as soon as somebody does."""
    end = time.monotonic() + 30
    while not (found := desk.app.control.ping(timeout=0.3, **call)):
        assert time.monotonic() < end
    return found


def test_a_beat_answers_pings_if_it_is_asked_to(desk) -> None:
    service = Service(desk.app, scheduler_cls=Ticking, remote_control=True, hostname="celerybeat@here")
    thread = running(service)
    try:
        assert pinged(desk) == [{"celerybeat@here": {"ok": "pong"}}]
        assert pinged(desk, destination=["celerybeat@here"])
        assert not desk.app.control.ping(timeout=0.3, destination=["other@here"])
        assert not desk.app.control.broadcast("stats", reply=True, timeout=0.3)
        service.last_tick -= 100
        assert pinged(desk)
        desk.app.conf.beat_remote_control_max_tick_age = 5
        assert not desk.app.control.ping(timeout=0.3)
    finally:
        service.stop(wait=True)
        thread.join(30)


def test_a_beat_that_was_not_asked_to_answers_nothing(desk) -> None:
    service = Service(desk.app, scheduler_cls=Ticking)
    thread = running(service)
    try:
        assert not desk.app.control.ping(timeout=0.3)
    finally:
        service.stop(wait=True)
        thread.join(30)


def test_an_unknown_scheduler_is_refused(desk) -> None:
    with pytest.raises(ImproperlyConfigured, match="there is no 'nope'; there are persistent, shared"):
        Service(desk.app, scheduler_cls="nope")
    with pytest.raises(ImproperlyConfigured, match=r"nowhere\.at_all:X.*can't be imported"):
        Service(desk.app, scheduler_cls="nowhere.at_all:X")


def test_where_the_broker_cant_hold_schedules_the_default_is_the_file(desk, caplog) -> None:
    desk.app.transports.write.plans = None  # as those of other technologies are
    assert Service(desk.app).scheduler_cls is PersistentScheduler
    assert "exactly one beat may run" in caplog.text
    with pytest.raises(ImproperlyConfigured, match="can't hold schedules and a leader's lease"):
        Service(desk.app, scheduler_cls="shared").scheduler  # noqa: B018 - made when it is looked at
    with pytest.raises(ImproperlyConfigured, match="need SQLite, Redis, RabbitMQ or PostgreSQL"):
        desk.app.schedules  # noqa: B018 - made when it is looked at


def test_the_app_has_a_beat(desk) -> None:
    beat = desk.app.Beat(loglevel="INFO", scheduler="persistent", schedule="here")
    service = beat.service()
    assert service.scheduler_cls is PersistentScheduler
    info = beat.startup_info(service)
    assert ". db -> here" in info
    assert ". scheduler -> celeriac.beat.PersistentScheduler" in info
    assert ". maxinterval -> 5.00 minutes (300s)" in info
    assert desk.app.Beat().service().scheduler_cls is SharedScheduler


SIGNALLED = """
import os, signal, sys, threading, time
from celeriac.beat.alarm import Alarm
alarm = Alarm()
rung = 0
def ring(*_):
    global rung
    rung += 1
    alarm.set()
signal.signal(signal.SIGUSR1, ring)
print("ready", flush=True)
end = time.monotonic() + 30
while rung < 300 and time.monotonic() < end:
    alarm.wait(0.0005)
    alarm.clear()
print(rung, flush=True)
"""


def test_a_signal_at_any_moment_of_a_wait_does_not_hang_it() -> None:
    process = subprocess.Popen([sys.executable, "-c", SIGNALLED], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        while process.poll() is None:
            process.send_signal(signal.SIGUSR1)
            time.sleep(0.0003)
        assert int(process.stdout.read()) >= 300


def test_an_alarm_that_rings_for_ever_is_not_full() -> None:
    alarm = Alarm()
    for _ in range(100_000):
        alarm.set()
    assert alarm.wait(0)
    alarm.clear()
    assert not alarm.wait(0)
