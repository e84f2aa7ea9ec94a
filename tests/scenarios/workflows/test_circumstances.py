"""Chords under other circumstances: every pool, early acknowledgement, results that expire, parts that come twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from celeriac.canvas import chain, chord, group
from celeriac.canvas.launching import planned
from celeriac.exceptions import ChordError

from .stage import STAGES, TIMEOUT, Stage


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Stage]:
    with STAGES["redis"](tmp_path) as stage:
        yield stage


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Stage]:
    with STAGES["sqlite"](tmp_path) as stage:
        yield stage


@pytest.mark.parametrize("pool", ["threads", "asyncio", "solo"])
def test_chords_work_on_every_pool(sqlite: Stage, pool: str) -> None:
    s = sqlite.s
    with sqlite.worker("-P", pool):
        inner = chord([s("add", 1), s("aadd", 2)], s("total"))
        assert chord([inner, chain(s("aadd", 1), s("add", 1))])(s("gather")).get(TIMEOUT) == [3, 2]
        failed = chord([s("aadd", 1), s("fail")])(s("gather").on_error(s("old_errback")))
        assert isinstance(failed.get(TIMEOUT, propagate=False), ChordError)
        assert len(sqlite.wait_noted("old errback", failed.id)) == 1
        sqlite.wait_no_keys()


def test_chords_work_with_early_acknowledgement_and_results_in_another_database(redis: Stage) -> None:
    stage = Stage(redis.home, redis.broker, redis.backend.rpartition("/")[0] + "/1")
    s = stage.s
    with stage.worker(FLOWS_EARLY="1"):
        inner = chord([s("add", 1), s("add", 2)], s("total"))
        assert chord([inner, chain(s("add", 1), s("add", 1))])(s("gather")).get(TIMEOUT) == [3, 2]
        failed = chord([s("add", 1), s("dying"), s("late")])(s("gather").on_error(s("old_errback")))
        assert isinstance(failed.get(TIMEOUT, propagate=False), ChordError)
        assert len(stage.wait_noted("old errback", failed.id)) == 1
        stage.wait_no_keys()
    stage.app.close()


def test_chords_work_in_a_cluster(tmp_path: Path) -> None:
    with STAGES["cluster"](tmp_path) as stage, stage.worker():
        s = stage.s
        for _ in range(5):  # joins on different masters
            inner = chord([s("add", 1), s("add", 2)], s("total"))
            assert chord([inner, s("add", 3)])(s("gather")).get(TIMEOUT) == [3, 3]
            failed = chord([s("add", 1), s("fail")])(s("gather").on_error(s("old_errback")))
            assert isinstance(failed.get(TIMEOUT, propagate=False), ChordError)
            assert len(stage.wait_noted("old errback", failed.id)) == 1


def test_a_header_may_take_longer_than_results_are_kept(redis: Stage) -> None:
    with redis.worker(FLOWS_EXPIRES="1"):
        body = chord([redis.s("add", 1), redis.s("slow", 2, 2.5)])(redis.s("gather")).id
        assert redis.wait_noted("body", body) == [[[1, 2]]]
        redis.wait_no_keys()


def test_parts_that_come_twice_change_nothing(redis: Stage) -> None:
    members = [redis.s("add", number) for number in range(20)]
    bodies = []
    with redis.worker():
        for _ in range(10):
            flight = planned(redis.app, chord(members, redis.s("gather")), (), {}, {})
            redis.app.publisher.open(flight.joins, {})
            posts = redis.app.prepare(flight.calls)
            redis.app.publisher.publish([*posts, *reversed(posts)], {})
            bodies.append(flight.result)
        for body in bodies:
            assert body.get(TIMEOUT) == list(range(20))
        # a chain behind the messages above: when it is done, they are
        assert group(redis.s("add", 1), redis.s("add", 2)).apply_async().get(TIMEOUT) == [1, 2]
    for body in bodies:
        assert redis.noted("body", body.id) == [[list(range(20))]]
    assert redis.keys() == []
