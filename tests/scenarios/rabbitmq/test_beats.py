"""Beats on RabbitMQ: one leads, the others stand by; who takes over goes on where the one before stopped."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from celeriac import Celeriac
from celeriac.beat import ElectedScheduler
from celeriac.beat.progress import decoded
from celeriac.beat.service import Service
from celeriac.core.errors import ImproperlyConfigured
from scenarios.workers.running import Command, until
from servers.rabbitmq_server import RabbitServer
from watched import PATIENCE

PROGRAM = """
import os
from celeriac import Celeriac

app = Celeriac(os.environ["BEAT_NAME"], broker=os.environ["BEAT_BROKER"], backend="disabled://")
app.conf.task_default_queue = app.main
app.conf.beat_lease_ttl = 2
app.conf.beat_schedule = {"often": {"task": "t.often", "schedule": 0.2}, "rare": {"task": "t.rare", "schedule": 3600}}
"""


def app_of(node: RabbitServer, name: str) -> Celeriac:
    app = Celeriac(name, broker=node.url(), backend="disabled://", set_as_current=False)
    app.conf.task_default_queue = name
    return app


@pytest.fixture
def scheduler(node: RabbitServer) -> Iterator[Callable[[str], ElectedScheduler]]:
    """One more beat of this name, that is ticked by hand."""
    made: list[ElectedScheduler] = []

    def make(name: str) -> ElectedScheduler:
        app = app_of(node, name)
        app.conf.beat_schedule = {
            "often": {"task": "t.often", "schedule": 0.05},
            "rare": {"task": "t.rare", "schedule": 3600},
        }
        one = Service(app).scheduler
        assert isinstance(one, ElectedScheduler)
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()
        one.app.transports.close()
        one.app.close()


def leads(one: ElectedScheduler) -> bool:
    one.tick()
    return one.leads


def test_who_takes_over_goes_on_where_the_one_before_stopped(scheduler: Callable[[str], ElectedScheduler]) -> None:
    name = f"beat-{uuid4()}"
    first, second = scheduler(name), scheduler(name)
    assert leads(first)
    assert not leads(second)
    until(lambda: leads(first) and first.schedule["often"].total_run_count >= 5, PATIENCE)
    assert not leads(second)
    assert second.schedule["often"].total_run_count == 0
    first.close()
    assert not first.leads
    count, rare = first.schedule["often"].total_run_count, first.schedule["rare"].last_run_at
    until(lambda: leads(second), PATIENCE)
    assert second.schedule["rare"].last_run_at == rare
    until(lambda: leads(second) and second.schedule["often"].total_run_count > count, PATIENCE)
    second.close()
    sent = second.app.transports.write
    runs = second.schedule["often"].total_run_count
    # Nothing was sent by who stood by, and nothing twice.
    until(lambda: sent.link().run(sent.broker.count([name]), 5.0) == {name: runs}, PATIENCE)


def test_a_damaged_note_is_told_and_stops_nothing(
    scheduler: Callable[[str], ElectedScheduler], caplog: pytest.LogCaptureFixture
) -> None:
    name = f"beat-{uuid4()}"
    one = scheduler(name)
    transport = one.app.transports.write
    transport.link().run(transport.seats.write(f"celeriac.beat.{name}", b"[1,2"), 5.0)
    assert leads(one)
    assert "can't be read" in caplog.text
    until(lambda: leads(one) and one.schedule["often"].total_run_count >= 1, PATIENCE)
    one.close()


def test_other_brokers_have_no_seats(tmp_path: Path) -> None:
    app = Celeriac("none", broker=f"sqlite:///{tmp_path}/none.sqlite3", set_as_current=False)
    with pytest.raises(ImproperlyConfigured, match="-S shared for"):
        ElectedScheduler(app)
    app.close()


def test_a_leader_that_dies_is_followed_by_another(node: RabbitServer, tmp_path: Path) -> None:
    (tmp_path / "periodic.py").write_text(PROGRAM)
    given = {"BEAT_NAME": f"beat-{uuid4()}", "BEAT_BROKER": node.url(), "PYTHONPATH": str(tmp_path)}
    with ExitStack() as stack:
        beats = []
        for _ in range(2):
            beats.append(Command(tmp_path, "-A", "periodic", "beat", "-l", "INFO", environment=given))
            stack.enter_context(beats[-1])
        until(lambda: any("This beat leads" in beat.text for beat in beats), PATIENCE)
        leader = next(beat for beat in beats if "This beat leads" in beat.text)
        (heir,) = (beat for beat in beats if beat is not leader)
        heir.wait_line("Standing by")
        leader.wait_line("Sending due task often")
        assert "Sending due task" not in heir.text
        leader.kill()
        heir.wait_line("This beat leads")
        heir.wait_line("Sending due task often")
        # The hour of the rare one began with the first beat, and is not over.
        assert "Sending due task rare" not in heir.text
        assert heir.stop() == 0
    # What was sent by both, and what the last note says of it: at most the tick in which the leader died came twice.
    name = given["BEAT_NAME"]
    transport = app_of(node, name).transports.write
    note = transport.link().run(transport.seats.read(f"celeriac.beat.{name}"), 5.0)
    runs = decoded(note)["often"].runs
    until(lambda: transport.link().run(transport.broker.count([name]), 5.0)[name] - runs in (0, 1), PATIENCE)
    transport.link().close()
