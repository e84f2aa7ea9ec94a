"""A worker that can't start says why in one sentence, and with the exit code that service managers know."""

import time
from pathlib import Path

import pytest

from patience import in_time

from .running import Command, run, worker


def started(folder: Path, settings: str, *options: str, seconds: float = 30) -> Command:
    (folder / "broken.py").write_text(
        f"from celeriac import Celeriac\napp = Celeriac('broken')\nclass Settings:\n    {settings}\n"
        "app.config_from_object(Settings)\n"
    )
    return run(folder, "-A", "broken", "worker", "-l", "INFO", *options, seconds=seconds)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("CELERY_BACKEND_URL = 'redis://'", "CELERY_RESULT_BACKEND"),
        ("task_acks_latte = True", "task_acks_late"),
        ("worker_concurrency = 'many'", "worker_concurrency"),
        ("task_acks_late = 'perhaps'", "task_acks_late"),
        ("BROKER_URL = 'memory://'; task_acks_late = True", "BROKER_URL"),
        ("broker_url = 'amqpx://nowhere'", "amqpx"),
        ("worker_pool = 'hammock'", "hammock"),
        ("cassandra_keyspace = 'x'", "cassandra_keyspace is known, but what it asks for is not in this release"),
    ],
)
def test_settings_that_are_wrong_are_told_in_a_sentence(tmp_path: Path, settings: str, said: str) -> None:
    ended = started(tmp_path, settings)
    assert ended.process.returncode not in (0, None)
    assert "Traceback" not in ended.text
    assert said in ended.text
    assert len(ended.lines) <= 6, ended.text


def test_a_module_that_is_not_there_is_named(tmp_path: Path) -> None:
    ended = run(tmp_path, "-A", "nowhere", "worker")
    assert ended.process.returncode == 2
    assert "nowhere" in ended.text
    assert "Traceback" not in ended.text


def test_an_error_in_the_users_module_is_shown_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "crooked.py").write_text("import celeriac\n1 / 0\n")
    ended = run(tmp_path, "-A", "crooked", "worker")
    assert ended.process.returncode != 0
    assert 'crooked.py", line 2' in ended.text
    assert "ZeroDivisionError" in ended.text


def test_a_broker_that_is_away_is_tried_again_and_then_given_up(tmp_path: Path) -> None:
    begin = time.monotonic()
    url = "broker_url = 'redis://127.0.0.1:1/0'; broker_connection_max_retries = 3"
    ended = started(tmp_path, url, "-c", "1")
    assert ended.process.returncode == 1
    line = ended.wait_line(r"Cannot connect to redis://127\.0\.0\.1:1/0: .*Trying again.*\(1/3\)")
    assert line.count("redis://") == 1
    assert ended.wait_line(r"could not be reached: gave up after 3 tries \(broker_connection_max_retries\)")
    assert "ready." not in ended.text
    assert in_time(time.monotonic() - begin, 20)


def test_a_result_store_that_is_away_is_tried_again_and_then_given_up(tmp_path: Path) -> None:
    store = f"broker_url = 'sqlite:///{tmp_path}/queue.sqlite3'; result_backend = 'redis://127.0.0.1:1/0'"
    ended = started(tmp_path, f"{store}; broker_connection_max_retries = 3", "-c", "1")
    assert ended.process.returncode == 1
    line = ended.wait_line(r"Cannot connect to redis://127\.0\.0\.1:1/0: .*Trying again.*\(1/3\)")
    assert line.count("redis://") == 1
    assert ended.wait_line(r"The result store redis://.* could not be reached: gave up after 3 tries")
    assert "ready." not in ended.text


def test_without_retries_a_broker_that_is_away_ends_the_worker_at_once(tmp_path: Path) -> None:
    ended = started(tmp_path, "broker_url = 'redis://127.0.0.1:1/0'; broker_connection_retry_on_startup = False")
    assert ended.process.returncode == 1
    assert "gave up after 1 tries (broker_connection_retry_on_startup is off)" in ended.text


def test_what_does_nothing_in_this_release_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "early.py").write_text(
        "from celeriac import Celeriac\napp = Celeriac('early', worker_timer='some.Timer')\n"
    )
    with worker(tmp_path, "early", "-c", "1") as running:
        running.wait_line("worker_timer has no effect yet in this release")
