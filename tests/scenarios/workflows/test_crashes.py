"""Crashes around counting and settling: the body is called once, and nothing of the join is left."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from celeriac.canvas import chain, chord

from .stage import STAGES, TIMEOUT, Stage


@pytest.fixture(params=["sqlite", "redis"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """A store on which no worker runs yet."""
    with STAGES[request.param](tmp_path) as stage:
        yield stage


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Stage]:
    with STAGES["redis"](tmp_path) as stage:
        yield stage


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[Stage]:
    """Messages and joins in different stores, and no worker yet."""
    with STAGES["apart"](tmp_path) as stage:
        yield stage


def send(stage: Stage, *values: int) -> str:
    """Send a chord; the id of its body."""
    return str(chord([stage.s("witness", value) for value in values])(stage.s("gather")).id)


def assert_called_once(stage: Stage, body: str, *values: int, repeated: int = 1) -> None:
    """And that the crash did make so many parts run again."""
    assert stage.app.AsyncResult(body).get(TIMEOUT) == list(values)
    assert stage.noted("body", body) == [[list(values)]]
    assert len([again for _, again in stage.noted("run") if again]) == repeated


def test_a_process_that_dies_when_it_has_counted_the_last_part_is_replaced_and_the_part_repeated(scene: Stage) -> None:
    body = send(scene, 1, 2)
    with scene.worker("-c", "1", CELERIAC_CRASH_AT="after_count:2"):  # each process counts one part, or two and dies
        assert_called_once(scene, body, 1, 2)
        scene.wait_no_keys()


def test_a_worker_that_dies_before_it_settles_the_last_part(redis: Stage) -> None:
    body = send(redis, 1)
    with redis.worker("-c", "1", CELERIAC_CRASH_AT="after_report_before_settle") as dying:
        dying.wait_end()
    with redis.worker():
        assert_called_once(redis, body, 1)
        redis.wait_no_keys()


def test_a_worker_that_dies_between_two_stores(apart: Stage) -> None:
    body = send(apart, 1)
    with apart.worker("-c", "1", CELERIAC_CRASH_AT="after_result_before_ack") as dying:
        dying.wait_end()
    with apart.worker():
        assert_called_once(apart, body, 1)
        apart.wait_no_keys()


def test_a_body_that_was_published_is_not_published_again_though_its_join_was_not_closed(apart: Stage) -> None:
    body = send(apart, 1, 2)
    with apart.worker("-c", "1", CELERIAC_CRASH_AT="after_fire_before_close") as dying:
        dying.wait_end()
    with apart.worker():
        assert_called_once(apart, body, 1, 2, repeated=0)
    assert apart.keys()  # they are left to their ttl


def send_chain(stage: Stage) -> str:
    """A chain of which one link travels with each message; the id of its last task."""
    stage.app.conf.task_chain_inline = 1
    links = [stage.s("witness"), stage.s("add", 1), stage.s("witness"), stage.s("add", 1), stage.s("gather")]
    result = chain(stage.s("add", 0, 1), *links).apply_async()
    assert len(stage.keys()) == 4
    return str(result.id)


def test_a_worker_that_dies_when_it_has_read_a_piece_of_a_long_chain_loses_no_link(scene: Stage) -> None:
    last = send_chain(scene)
    with scene.worker("-c", "1", CELERIAC_CRASH_AT="after_report_before_settle:2") as dying:
        dying.wait_end()
    with scene.worker():
        assert scene.app.AsyncResult(last).get(TIMEOUT) == 3
        assert scene.noted("body", last) == [[3]]
        scene.wait_no_keys()


@pytest.mark.parametrize("where", ["after_result_before_ack:2", "after_fire_before_close:2"])
def test_pieces_in_another_store_outlive_a_worker_that_dies(apart: Stage, where: str) -> None:
    last = send_chain(apart)
    with apart.worker("-c", "1", CELERIAC_CRASH_AT=where) as dying:
        dying.wait_end()
    with apart.worker():
        assert apart.app.AsyncResult(last).get(TIMEOUT) == 3
        assert apart.noted("body", last) == [[3]]
