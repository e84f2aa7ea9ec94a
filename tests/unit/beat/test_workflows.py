"""Chains, groups and chords as periodic tasks."""

import pytest

from celeriac import chain, chord, group, signature
from celeriac.beat import Scheduler


@pytest.fixture
def desk(make_desk):
    return make_desk()


def add(desk):
    return desk.app.tasks["t.add"]


def ran(desk, sig, **more):
    """The messages of one tick of this signature."""
    desk.app.add_periodic_task(10, sig, name="w", **more)
    scheduler = desk.scheduler()
    scheduler.tick()
    desk.clock.advance(10)
    scheduler.tick()
    return desk.messages()


def test_a_signature(desk) -> None:
    (message,) = ran(desk, add(desk).s("x", y="y").set(priority=3), queue="other")
    assert message.headers["argsrepr"] == "('x',)"
    assert message.headers["kwargsrepr"] == "{'y': 'y'}"
    assert message.headers["celery_beat_task"] is True


def test_a_chain_is_sent_as_its_first_task(desk) -> None:
    (message,) = ran(desk, chain(add(desk).s("a"), add(desk).s("b")))
    assert message.headers["task"] == "t.add"
    assert message.headers["argsrepr"] == "('a',)"
    assert desk.app.schedules.get("w").total_run_count == 1


def test_a_group_is_sent_as_all_its_tasks(desk) -> None:
    messages = ran(desk, group(add(desk).s("a"), add(desk).s("b")))
    assert sorted(message.headers["argsrepr"] for message in messages) == ["('a',)", "('b',)"]
    assert len({message.headers["group"] for message in messages}) == 1


def test_a_chords_join_is_open_before_its_header_is_sent(desk) -> None:
    messages = ran(desk, chord([add(desk).s("a"), add(desk).s("b")], add(desk).s()))
    assert len(messages) == 2
    assert len({message.headers["group"] for message in messages}) == 1


def test_a_chord_whose_parts_nobody_can_count_is_left_out_and_the_others_are_sent(desk, caplog) -> None:
    desk.app.conf.result_backend = "disabled://"
    desk.app.add_periodic_task(10, add(desk).s("other"), name="other")
    (message,) = ran(desk, chord([add(desk).s("a"), add(desk).s("b")], add(desk).s()))
    assert message.headers["argsrepr"] == "('other',)"
    assert "w (celery.chord) can't be sent: this tick is left out" in caplog.text
    assert "No result backend is configured" in caplog.text


def test_its_last_task_is_the_one_that_must_not_overlap(desk) -> None:
    messages = ran(desk, chain(add(desk).s("a"), add(desk).s("b")), overlap="skip")
    assert desk.app.schedules.get("w").task_id not in ("", messages[0].headers["id"])


def test_a_group_can_not_be_kept_from_overlapping(desk, caplog) -> None:
    assert ran(desk, group(add(desk).s("a"), add(desk).s("b")), overlap="skip") == []
    assert "overlap is for tasks, chains and chords" in caplog.text


def test_celerys_scheduler_sends_them_too(desk) -> None:
    desk.app.add_periodic_task(0.001, chain(add(desk).s("a"), add(desk).s("b")), name="w")
    scheduler = Scheduler(desk.app)
    while not scheduler.schedule["w"].total_run_count:
        scheduler.tick()
    assert desk.messages()[0].headers["task"] == "t.add"


def test_a_task_with_an_apply_async_of_its_own_is_sent_by_it(desk) -> None:
    class Own(desk.app.Task):
        name = "t.own"

        def run(self, *args) -> None: ...

        def apply_async(self, args=None, kwargs=None, **options):
            return super().apply_async([*args, "added"], kwargs, **options)

    desk.app.register_task(Own())
    (message,) = ran(desk, signature("t.own", args=("a",), app=desk.app))
    assert message.headers["argsrepr"] == "('a', 'added')"
