"""The Settings object: layers, styles, lazy reading, tables, pickling."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from celeriac.core.errors import ImproperlyConfigured
from celeriac.settings import ALL, Settings, celery_defaults, read_object
from celeriac.settings.reading import one_reader


def test_attributes_and_items_are_the_same_in_both_styles() -> None:
    conf = Settings({"CELERY_TASK_SERIALIZER": "yaml"})
    assert conf.task_serializer == conf["task_serializer"] == "yaml"
    assert conf.CELERY_TASK_SERIALIZER == conf["CELERY_TASK_SERIALIZER"] == conf.CELERIAC_TASK_SERIALIZER == "yaml"
    conf.CELERY_TASK_SERIALIZER = "pickle"
    assert conf.task_serializer == "pickle"
    conf["task_serializer"] = "json"
    assert conf.get("CELERY_TASK_SERIALIZER") == "json"
    assert "CELERY_ROUTES" in conf
    assert "task_routes" in conf
    assert conf.changes == {"task_serializer": "json"}


def test_every_setting_has_its_default() -> None:
    conf = Settings()
    assert len(conf) == len(ALL)
    derived = {"task_default_exchange", "task_default_routing_key"}
    assert {name: conf[name] for name in conf if name not in derived} == {
        setting.name: setting.default for setting in ALL if setting.name not in derived
    }


def test_changes_go_before_configuration_before_added_defaults_before_defaults() -> None:
    conf = Settings({"task_time_limit": 1}, lambda: {"task_time_limit": 2, "task_soft_time_limit": 2})
    conf.add_defaults({"task_time_limit": 3, "task_soft_time_limit": 3, "worker_concurrency": 3})
    assert (conf.task_time_limit, conf.task_soft_time_limit, conf.worker_concurrency) == (1, 2, 3)
    assert conf.task_protocol == 2
    del conf.task_time_limit
    assert conf.task_time_limit == 2
    conf.add_defaults(lambda: {"result_extended": True})
    assert conf.result_extended is True


def test_the_environment_goes_before_everything_for_urls() -> None:
    environ = {"CELERIAC_BROKER_URL": "redis://env"}
    conf = Settings({"broker_url": "redis://said"}, environ=environ)
    assert conf.broker_url == conf.broker_read_url == conf.broker_write_url == "redis://env"
    assert conf.changes == {"broker_url": "redis://said"}
    assert Settings({"broker_url": "redis://said"}).broker_url == "redis://said"


def test_configuration_is_read_at_the_first_look_and_only_once() -> None:
    reads: list[int] = []

    def source() -> dict[str, Any]:
        reads.append(1)
        return {"task_time_limit": 4}

    conf = Settings(source=source)
    conf.task_soft_time_limit = 3
    conf.update(worker_concurrency=2)
    assert conf.pending
    assert not reads
    assert conf.task_time_limit == 4
    assert not conf.pending
    assert (conf.task_soft_time_limit, conf.worker_concurrency) == (3, 2)
    assert conf.finalize() is conf
    assert reads == [1]


def test_threads_that_look_first_at_the_same_time_read_the_configuration_once() -> None:
    reads: list[int] = []
    start = threading.Barrier(8)

    def source() -> dict[str, Any]:
        reads.append(1)
        return {"task_time_limit": 4}

    conf = Settings(source=source)

    def look() -> Any:
        start.wait(60)
        return conf.task_time_limit

    with ThreadPoolExecutor(8) as pool:
        seen = [future.result(60) for future in [pool.submit(look) for _ in range(8)]]
    assert seen == [4] * 8
    assert reads == [1]


def test_a_thread_that_looks_while_another_reads_waits_for_all_of_it() -> None:
    reading, looking = threading.Event(), threading.Event()

    def source() -> dict[str, Any]:
        reading.set()
        assert looking.wait(60)
        return {"task_time_limit": 4}

    conf = Settings({"worker_concurrency": 1}, source)

    def look() -> Any:
        assert reading.wait(60)
        looking.set()
        return conf.task_time_limit

    with ThreadPoolExecutor(2) as pool:
        reader, looker = pool.submit(conf.finalize), pool.submit(look)
        reader.result(60)
        assert looker.result(60) == 4


def test_a_thread_that_waits_too_long_is_told_why() -> None:
    with ThreadPoolExecutor(1) as pool, one_reader():

        def wait() -> None:
            with one_reader(timeout=0.01):
                raise AssertionError("two readers at once")

        with pytest.raises(ImproperlyConfigured, match=r"Another thread has been reading settings for 0\.01 s"):
            pool.submit(wait).result(60)


def test_loading_is_announced_once_when_all_is_in_place() -> None:
    seen: list[float] = []
    conf = Settings(source=lambda: {"task_time_limit": 4}, on_load=lambda conf: seen.append(conf.task_time_limit))
    assert seen == []
    assert conf.task_time_limit == 4
    conf.finalize()
    assert seen == [4]


def test_a_source_that_fails_is_asked_again() -> None:
    answers: list[Any] = [ImproperlyConfigured("no"), {"task_time_limit": 4}]

    def source() -> dict[str, Any]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    conf = Settings(source=source)
    with pytest.raises(ImproperlyConfigured):
        conf.task_time_limit  # noqa: B018
    assert conf.pending
    assert conf.task_time_limit == 4


def test_a_configuration_that_looks_at_the_settings_while_it_is_read_sees_what_is_there() -> None:
    conf = Settings({"task_time_limit": 1})
    conf.set_source(lambda: {"task_soft_time_limit": conf.task_time_limit})
    assert conf.task_soft_time_limit == 1


def test_a_new_source_replaces_the_old_one_but_not_the_changes() -> None:
    conf = Settings({"task_time_limit": 1}, lambda: {"worker_concurrency": 1, "result_extended": True})
    assert conf.worker_concurrency == 1
    conf.set_source(lambda: {"worker_concurrency": 2, "task_time_limit": 9})
    assert (conf.worker_concurrency, conf.task_time_limit, conf.result_extended) == (2, 1, False)


def test_unknown_names_are_an_attribute_error_a_key_error_or_the_default_asked_for() -> None:
    conf = Settings()
    with pytest.raises(AttributeError, match="There is no setting 'nope'"):
        conf.nope  # noqa: B018
    with pytest.raises(KeyError):
        conf["nope"]
    assert conf.get("nope", 3) == 3
    assert "nope" not in conf
    assert not hasattr(conf, "nope")


def test_a_misspelt_name_cannot_be_set() -> None:
    conf = Settings()
    with pytest.raises(ImproperlyConfigured, match="task_serialiser: did you mean task_serializer"):
        conf.task_serialiser = "json"
    with pytest.raises(ImproperlyConfigured, match="CELERY_BACKEND_URL: did you mean CELERY_RESULT_BACKEND"):
        conf["CELERY_BACKEND_URL"] = "x"
    with pytest.raises(ImproperlyConfigured, match="worker_concurency"):
        Settings({"worker_concurency": 3})


def test_an_update_with_a_fault_changes_nothing() -> None:
    conf = Settings()
    with pytest.raises(ImproperlyConfigured):
        conf.update(task_time_limit=3, worker_concurrency="x")
    assert conf.changes == {}
    assert conf.task_time_limit is None


def test_a_programs_own_names_can_be_set_and_read() -> None:
    conf = Settings()
    conf.my_own = 3
    conf.update({"ONCE": {"a": 1}}, redbeat_redis_url="x")
    assert (conf.my_own, conf["ONCE"], conf.redbeat_redis_url) == (3, {"a": 1}, "x")
    conf.extra_settings = ["task_owner"]
    conf.task_owner = "me"
    assert conf.task_owner == "me"
    del conf["my_own"]
    assert "my_own" not in conf


def test_a_programs_own_names_do_not_hide_methods() -> None:
    conf = Settings(source=lambda: {"items": 1, "update": 2, "copy": 3})
    conf.update(task_time_limit=3)
    assert dict(conf.items())["task_time_limit"] == 3


def test_with_celerys_defaults_everything_is_let_through() -> None:
    conf = Settings(defaults=celery_defaults())
    conf.task_serialiser = "json"
    assert conf.task_acks_late is False
    assert conf.worker_prefetch_multiplier == 4
    conf.set_source(lambda: read_object({"CELERY_NO_SUCH": 1}, "CELERY", extra=conf.let_through))
    assert conf.no_such == 1


def test_only_changes_can_be_taken_back() -> None:
    conf = Settings({"task_time_limit": 1}, lambda: {"worker_concurrency": 2})
    assert conf.pop("task_time_limit") == 1
    assert conf.task_time_limit is None
    assert conf.pop("nope", 3) == 3
    with pytest.raises(KeyError):
        conf.pop("nope")
    with pytest.raises(AttributeError, match="'worker_concurrency' was not changed here"):
        del conf.worker_concurrency
    conf.update(task_time_limit=1, result_extended=True)
    conf.clear()
    assert conf.changes == {}
    assert conf.result_extended is False
    assert conf.setdefault("my_own", 4) == conf.setdefault("my_own", 5) == 4


def test_what_follows_from_other_settings_is_filled_in() -> None:
    conf = Settings({"broker_url": "redis://h", "broker_write_url": "redis://w", "task_default_queue": "q"})
    assert (conf.broker_read_url, conf.broker_write_url) == ("redis://h", "redis://w")
    assert (conf.task_default_exchange, conf.task_default_routing_key) == ("q", "q")
    conf.task_default_queue = "r"
    assert conf.task_default_exchange == "r"


@pytest.mark.parametrize(
    ("parts", "url"),
    [
        ({}, None),
        ({"broker_transport": "redis"}, "redis://localhost/"),
        ({"broker_host": "h"}, "amqp://h/"),
        ({"broker_transport": "redis", "broker_host": "h", "broker_port": 1, "broker_vhost": "2"}, "redis://h:1/2"),
        ({"broker_host": "h", "broker_user": "me", "broker_password": "p@ss/w ö"}, "amqp://me:p%40ss%2Fw%20%C3%B6@h/"),
        ({"broker_host": "h", "broker_url": "redis://x"}, "redis://x"),
    ],
)
def test_a_broker_url_is_made_of_its_parts(parts: dict[str, Any], url: str | None) -> None:
    assert Settings(parts).broker_url == url


def test_the_redis_alias_becomes_a_url() -> None:
    assert Settings({"result_backend": "redis"}).result_backend == "redis://localhost/"
    conf = Settings({"result_backend": "redis", "redis_host": "h", "redis_db": 0, "redis_password": "x"})
    assert conf.result_backend == "redis://:x@h/0"


def test_defaults_changed_in_place_stay_with_their_app_and_count_as_set() -> None:
    conf, other = Settings(), Settings()
    conf.beat_schedule["nightly"] = {"task": "t"}
    conf.worker_concurrency = 3
    assert conf.beat_schedule == {"nightly": {"task": "t"}}
    assert other.beat_schedule == {}
    assert conf.value_set_for("beat_schedule")
    assert conf.without_defaults() == {"beat_schedule": {"nightly": {"task": "t"}}, "worker_concurrency": 3}


def test_it_can_be_pickled_and_copied() -> None:
    conf = Settings(
        {"task_time_limit": 1, "my_own": [1]},
        lambda: {"worker_concurrency": 2},
        environ={"CELERY_BROKER_URL": "redis://env"},
    )
    conf.beat_schedule["x"] = 1
    conf.add_defaults({"result_extended": True})
    for twin in (pickle.loads(pickle.dumps(conf)), conf.copy()):
        assert dict(twin) == dict(conf)
        assert twin.changes == conf.changes
        assert twin.broker_url == "redis://env"
        twin.task_time_limit = 9
        assert conf.task_time_limit == 1


def test_options_are_found_by_parts_of_their_names() -> None:
    conf = Settings({"worker_concurrency": 3})
    assert conf.find_option("concurrency")[:2] == ("worker", "concurrency")
    assert conf.find_option("time_limit")[:2] == ("task", "time_limit")
    assert conf.find_option("serializer", "result")[:2] == ("result", "serializer")
    assert conf.find_option("task_time_limit")[:2] == (None, "task_time_limit")
    assert conf.find_option("concurrency").type.default is None
    with pytest.raises(KeyError):
        conf.find_option("nope")
    assert conf.find_value_for_key("concurrency") == 3
    assert conf.find_value_for_key("serializer", "task") == "json"
    assert conf.get_by_parts("worker", "concurrency") == 3
    assert conf.first("task_time_limit", "worker_concurrency") == 3
    assert conf.first("task_time_limit") is None


def test_what_was_set_can_be_told_from_defaults() -> None:
    conf = Settings({"CELERYD_CONCURRENCY": 3}, lambda: {"result_extended": True})
    assert conf.value_set_for("worker_concurrency")
    assert conf.value_set_for("CELERYD_CONCURRENCY")
    assert conf.value_set_for("result_extended")
    assert not conf.value_set_for("task_time_limit")
    assert conf.without_defaults() == {"worker_concurrency": 3, "result_extended": True}
    assert conf.defaults["worker_concurrency"] is None


def test_tables_mask_secrets() -> None:
    conf = Settings({"broker_url": "redis://me:hunter2@h/1", "redis_password": "hunter2", "worker_concurrency": 3})
    assert "hunter2" not in conf.humanize(with_defaults=True)
    assert "hunter2" not in repr(conf)
    assert "worker_concurrency: 3" in conf.humanize().splitlines()
    assert "hunter2" in conf.humanize(censored=False)
    assert conf.table() == {
        "broker_url": "redis://me:********@h/1",
        "redis_password": "********",
        "worker_concurrency": 3,
    }
    assert len(conf.table(with_defaults=True)) == len(ALL)
    assert repr(Settings()) == "<Settings: not read yet>"


def test_names_in_force_are_listed_by_dir() -> None:
    assert {"task_serializer", "humanize", "update"} <= set(dir(Settings()))


def test_the_generation_grows_with_every_change():
    settings = Settings({"task_serializer": "json"}, source=lambda: {"task_default_queue": "a"})
    seen = [settings.generation]
    for change in (
        settings.finalize,
        lambda: settings.update(task_default_queue="b"),
        lambda: settings.add_defaults({"task_compression": "zlib"}),
        settings.clear,
        lambda: settings.set_source(dict),
        settings.finalize,
    ):
        change()
        seen.append(settings.generation)
    assert seen == sorted(set(seen))
    settings.finalize()
    assert settings.task_default_queue == "celery"
    assert settings.generation == seen[-1]
