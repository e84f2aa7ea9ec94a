"""Beats on RabbitMQ alone: one leads, the others stand by, the book is in a queue; nothing is lost, nothing doubled."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from celeriac import Celeriac
from celeriac.beat import SharedScheduler
from celeriac.beat import ledger as ledgers
from celeriac.beat.places import register_of
from celeriac.beat.service import Service
from celeriac.beat.timetable import UnknownEntry
from celeriac.core.errors import ImproperlyConfigured
from celeriac.core.ports.plans import Mark
from scenarios.workers.running import Command, run, until
from servers.gate import Gate
from servers.rabbitmq_server import RabbitServer
from watched import PATIENCE

PROGRAM = """
import os
from celeriac import Celeriac

app = Celeriac(os.environ["BEAT_NAME"], broker=os.environ["BEAT_BROKER"], backend="disabled://")
app.conf.task_default_queue = app.main
app.conf.beat_lease_ttl = 4
app.conf.beat_schedule = {
    "often": {"task": "t.often", "schedule": 0.2, "missed": "all", "missed_limit": 10_000},
    "rare": {"task": "t.rare", "schedule": 3600},
}
"""
OFTEN = {"task": "t.often", "schedule": 0.05, "missed": "all", "missed_limit": 10_000}

Make = Callable[..., SharedScheduler]


def app_of(node: RabbitServer, name: str, **settings: Any) -> Celeriac:
    app = Celeriac(name, broker=node.url(), backend="disabled://", set_as_current=False)
    app.conf.update(task_default_queue=name, **settings)
    return app


@pytest.fixture
def name() -> str:
    return f"beat-{uuid4()}"


@pytest.fixture
def scheduler(node: RabbitServer, name: str) -> Iterator[Make]:
    """One more beat of this name, that is ticked by hand."""
    made: list[SharedScheduler] = []

    def make(**settings: Any) -> SharedScheduler:
        schedule = {"often": OFTEN, "rare": {"task": "t.rare", "schedule": 3600}}
        app = app_of(node, name, **{"beat_schedule": schedule, **settings})
        one = Service(app).scheduler
        assert type(one) is SharedScheduler
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()
        one.app.transports.close()
        one.app.close()


def leads(one: SharedScheduler) -> bool:
    one.tick()
    return one.leads


def runs(one: SharedScheduler, entry: str = "often") -> int:
    return int(one.app.schedules.get(entry).total_run_count)


def waiting(one: SharedScheduler) -> int:
    transport = one.app.transports.write
    return int(transport.link().run(transport.broker.count([one.app.main]), PATIENCE)[one.app.main])


def test_who_takes_over_goes_on_where_the_one_before_stopped(scheduler: Make) -> None:
    first, second = scheduler(), scheduler()
    until(lambda: leads(first), PATIENCE)
    assert not leads(second)
    until(lambda: leads(first) and runs(first) >= 5, PATIENCE)
    assert not leads(second)
    begun = first.app.schedules.next("rare", 1)
    first.close()
    assert not first.leads
    count = runs(first)
    until(lambda: leads(second), PATIENCE)
    assert second.app.schedules.next("rare", 1) == begun
    until(lambda: leads(second) and runs(second) > count, PATIENCE)
    second.close()
    # Nothing was sent by who stood by, nothing twice, and nothing is missing.
    until(lambda: waiting(second) == runs(second), PATIENCE)
    entry = second.app.schedules.get("often")
    assert entry.last_run_at is not None and entry.next_run_at is not None
    assert entry.total_run_count >= 6


def test_the_schedule_is_changed_while_it_runs_and_while_it_does_not(scheduler: Make) -> None:
    beat = scheduler(beat_schedule={"rare": {"task": "t.rare", "schedule": 3600}})
    schedules = beat.app.schedules
    schedules.add("mine", "t.mine", 0.05, kwargs={"x": 1})  # nobody leads yet
    assert [entry.name for entry in schedules.list()] == ["mine", "rare"]
    assert schedules.get("rare").note == "no beat has seen it yet"
    until(lambda: leads(beat) and runs(beat, "mine") >= 2, PATIENCE)
    assert schedules.get("rare").note == ""
    schedules.pause("mine")
    until(lambda: leads(beat) and beat._lead is not None and beat._lead.wait() > 3000, PATIENCE)
    count = runs(beat, "mine")
    assert schedules.get("mine").paused
    now = datetime.now(UTC)
    schedules.resume("mine")
    until(lambda: leads(beat) and runs(beat, "mine") > count, PATIENCE)
    assert schedules.get("mine").last_run_at > now
    schedules.add("mine", "t.mine", 3600, replace=True)
    schedules.remove("mine")
    until(lambda: leads(beat) and "mine" not in beat.schedule, PATIENCE)
    with pytest.raises(UnknownEntry):
        schedules.get("mine")
    with pytest.raises(ValueError, match="belongs to the program"):
        schedules.remove("rare")


def test_the_schedule_is_changed_from_the_command_line(node: RabbitServer, name: str, tmp_path: Path) -> None:
    (tmp_path / "periodic.py").write_text(PROGRAM)
    given = {"BEAT_NAME": name, "BEAT_BROKER": node.url(), "PYTHONPATH": str(tmp_path)}

    def schedule(*words: str) -> str:
        done = run(tmp_path, "-A", "periodic", "schedule", *words, environment=given, seconds=PATIENCE)
        assert done.process.returncode == 0, done.text
        return done.text

    with Command(tmp_path, "-A", "periodic", "beat", "-l", "INFO", environment=given) as beat:
        beat.wait_line("This beat leads")
        assert "Added mine" in schedule("add", "mine", "t.mine", "--every", "0.3")
        beat.wait_line("Sending due task mine")
        schedule("pause", "often")
        assert "paused" in next(line for line in schedule("list").splitlines() if line.startswith("often"))
        assert beat.stop() == 0


def test_ticks_that_were_missed_are_made_up_for_as_the_entry_says(scheduler: Make) -> None:
    schedule = {
        name: {"task": f"t.{name}", "schedule": 0.05, "missed": name, "missed_limit": 10_000}
        for name in ("all", "once", "skip")
    }
    first = scheduler(beat_schedule=schedule)
    until(lambda: leads(first), PATIENCE)
    until(lambda: leads(first) and runs(first, "all") >= 1, PATIENCE)
    first.close()
    count = {name: runs(first, name) for name in schedule}
    last = first.app.schedules.get("all").last_run_at
    assert last is not None
    until(lambda: (datetime.now(UTC) - last).total_seconds() > 1, PATIENCE)
    second = scheduler(beat_schedule=schedule)
    until(lambda: leads(second), PATIENCE)
    again = {name: runs(second, name) - count[name] for name in schedule}
    assert again["all"] >= 15
    assert 1 <= again["once"] < again["all"]


def test_the_journal_is_kept_short_and_says_the_same(
    scheduler: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ledgers, "_LONGEST", 20)
    beat = scheduler()
    book = f"celeriac.beat.{beat.app.main}.book"
    journal = beat.app.transports.write.seats.journal(book)
    journal.append([b"what nobody can read"])
    until(lambda: leads(beat) and b"what nobody can read" not in journal.read(), PATIENCE)
    count = runs(beat)
    assert count >= 1
    until(lambda: leads(beat) and runs(beat) > count, PATIENCE)
    assert f"An entry of the queue {book} can't be read" in caplog.text
    beat.close()
    until(lambda: waiting(beat) == runs(beat), PATIENCE)


def test_what_can_only_be_known_from_results_is_refused_without_them(
    scheduler: Make, caplog: pytest.LogCaptureFixture
) -> None:
    overlapping = {"mine": {"task": "t.mine", "schedule": 60, "overlap": "skip"}}
    beat = scheduler(beat_schedule={**overlapping, "often": OFTEN})
    assert "overlap='skip' needs the results of t.mine" in caplog.text
    until(lambda: leads(beat) and runs(beat) >= 1, PATIENCE)
    with pytest.raises(ImproperlyConfigured, match=r"needs the results of t\.x"):
        beat.app.schedules.add("x", "t.x", 60, overlap="queue")
    beat.app.conf.result_backend = "rpc://"
    told = Celeriac("rpc", broker=beat.app.conf.broker_url, backend="rpc://", set_as_current=False)
    with pytest.raises(ImproperlyConfigured, match="rpc:// tells them to the sender alone"):
        told.schedules.add("x", "t.x", 60, overlap="queue")
    told.close()


class Fleet:
    """Three beats of one program, each with a gate of its own before the node."""

    def __init__(self, node: RabbitServer, name: str, folder: Path, stack: ExitStack) -> None:
        (folder / "periodic.py").write_text(PROGRAM)
        self.beats: dict[Command, Gate] = {}
        for _ in range(3):
            gate = stack.enter_context(Gate(node.port))
            url = node.url().replace(f":{node.port}/", f":{gate.port}/")
            given = {"BEAT_NAME": name, "BEAT_BROKER": url, "PYTHONPATH": str(folder)}
            beat = Command(folder, "-A", "periodic", "beat", "-l", "INFO", environment=given)
            self.beats[stack.enter_context(beat)] = gate

    def leader(self, other_than: Command | None = None) -> Command:
        """One that sends."""

        def leads(beat: Command) -> bool:
            return beat.text.count("This beat leads") > beat.text.count("This beat no longer leads")

        def found() -> Command | None:
            return next((beat for beat in self.beats if beat is not other_than and leads(beat)), None)

        beat: Command = until(found, PATIENCE)
        sent = beat.text.count("Sending due task often")
        until(lambda: beat.text.count("Sending due task often") > sent + 1, PATIENCE)
        return beat


def test_whatever_becomes_of_the_leader_each_tick_is_sent_once(node: RabbitServer, name: str, tmp_path: Path) -> None:
    app = app_of(node, name)

    def often() -> Mark:
        (found,) = (plan.mark for plan in register_of(app).load().plans if plan.name == "often")
        assert found is not None
        return found

    with ExitStack() as stack:
        fleet = Fleet(node, name, tmp_path, stack)
        leader = fleet.leader()
        begun = often()
        stopped = fleet.leader()
        os.kill(stopped.process.pid, signal.SIGSTOP)
        cut = fleet.leader(other_than=stopped)
        os.kill(stopped.process.pid, signal.SIGCONT)
        stopped.wait_line("This beat no longer leads")
        fleet.beats[cut].shut()
        leader = fleet.leader(other_than=cut)
        fleet.beats[cut].open()  # what it was sending arrives late, or would
        cut.wait_line("This beat no longer leads")
        del fleet.beats[leader]
        leader.kill()
        fleet.leader()
        # The hour of the rare one began with the first beat, and is not over.
        assert not any("Sending due task rare" in beat.text for beat in (leader, *fleet.beats))
        assert [beat.stop() for beat in fleet.beats] == [0, 0]
    mark, transport = often(), app.transports.write
    assert (mark.last - begun.last) / 200_000 == mark.runs - begun.runs >= 5
    # One step: not even a tick in which something happened was lost or came twice.
    until(lambda: transport.link().run(transport.broker.count([name]), PATIENCE) == {name: mark.runs}, PATIENCE)
    app.close()
