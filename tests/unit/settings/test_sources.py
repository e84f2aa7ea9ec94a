"""Settings read from dicts, objects, modules, the environment and the command line."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from celeriac.core.errors import CeleriacWarning, ImproperlyConfigured
from celeriac.settings import read_cmdline, read_environ, read_envvar, read_object

MODULE = """
from __future__ import annotations
import os
from datetime import timedelta
from pathlib import Path

BASE_DIR = Path("/srv")
_host = "localhost"

def task_helper():
    pass

class result_of_things:
    pass

broker_url = f"redis://{_host}/1"
result_expires = timedelta(hours=1)
task_routes = {"proj.*": {"queue": "proj"}}
redbeat_redis_url = "redis://other"
"""

MakeModule = Callable[..., str]


@pytest.fixture
def make_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeModule:
    monkeypatch.syspath_prepend(tmp_path)

    def make(text: str, name: str = "settings_under_test") -> str:
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
        return name

    return make


def test_a_dict_gives_new_names_and_checked_values() -> None:
    assert read_object({"task_time_limit": "5", "worker_concurrency": 2}) == {
        "task_time_limit": 5.0,
        "worker_concurrency": 2,
    }
    assert read_object({"CELERY_TASK_SERIALIZER": "yaml", "BROKER_URL": "x"}) == {
        "task_serializer": "yaml",
        "broker_url": "x",
    }


def test_a_class_and_an_instance_give_their_public_attributes() -> None:
    class Config:
        task_time_limit = 3
        _private = 4
        ONCE = {"backend": "x"}

        @property
        def broker_url(self) -> str:
            return "redis://computed"

        def task_of_mine(self) -> None:
            """Not a setting."""

    assert read_object(Config())["broker_url"] == "redis://computed"
    assert read_object(Config()) == {"task_time_limit": 3, "broker_url": "redis://computed", "ONCE": {"backend": "x"}}

    class Plain:
        task_time_limit = 3

    assert read_object(Plain) == {"task_time_limit": 3}


def test_a_module_may_hold_imports_functions_classes_and_names_of_its_own(make_module: MakeModule) -> None:
    found = read_object(make_module(MODULE))
    assert found.pop("BASE_DIR") == Path("/srv")
    assert found == {
        "broker_url": "redis://localhost/1",
        "result_expires": 3600.0,
        "task_routes": {"proj.*": {"queue": "proj"}},
        "redbeat_redis_url": "redis://other",
    }


def test_a_path_may_lead_to_an_attribute(make_module: MakeModule) -> None:
    name = make_module("class Config:\n    task_time_limit = 3\n    class Inner:\n        task_time_limit = 4\n")
    assert read_object(f"{name}:Config") == {"task_time_limit": 3}
    assert read_object(f"{name}.Config") == {"task_time_limit": 3}
    assert read_object(f"{name}:Config.Inner") == {"task_time_limit": 4}


def test_a_module_that_does_not_exist_is_named() -> None:
    with pytest.raises(ModuleNotFoundError, match="settings 'no_such_module' can't be imported"):
        read_object("no_such_module")
    with pytest.raises(ModuleNotFoundError, match=r"Write it without \.py: 'no_such_module'"):
        read_object("no_such_module.py")
    assert read_object("no_such_module", silent=True) == {}


def test_an_attribute_that_does_not_exist_is_named(make_module: MakeModule) -> None:
    name = make_module("task_time_limit = 3")
    with pytest.raises(ImportError, match="'settings_under_test:Nope' can't be read"):
        read_object(f"{name}:Nope")


def test_silent_does_not_hide_what_the_module_itself_fails_to_import(make_module: MakeModule) -> None:
    with pytest.raises(ModuleNotFoundError, match="surely_absent"):
        read_object(make_module("import surely_absent"), silent=True)


def test_mixed_styles_are_refused_with_the_new_names() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        read_object({"CELERY_RESULT_BACKEND": "x", "BROKER_URL": "y", "task_time_limit": 3})
    assert str(caught.value) == (
        "Settings of the old style and of the new one can't be mixed in one place. Rename:\n"
        "  CELERY_RESULT_BACKEND -> result_backend\n"
        "  BROKER_URL            -> broker_url"
    )


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        read_object({"task_serialiser": "json", "worker_concurrency": "x", "task_time_limit": -1, "broker_uri": "x"})
    message = str(caught.value)
    assert "task_serialiser: did you mean task_serializer?" in message
    assert "broker_uri: did you mean broker_url?" in message
    assert "worker_concurrency is 'x'" in message
    assert "task_time_limit is -1" in message
    assert "list it in extra_settings" in message


@pytest.mark.parametrize("name", ["CELERY_FOO", "CELERYD_FOO", "BROKER_FOO", "task_foo", "worker_foo", "beat_foo"])
def test_a_name_that_looks_like_a_setting_and_is_none_is_refused(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"There is no setting {name}"):
        read_object({name: 1})


@pytest.mark.parametrize("name", ["acks_late", "prefetch_multiplier", "default_queue", "always_eager"])
def test_a_setting_whose_area_was_forgotten_is_refused(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"There is no setting {name}: did you mean (task|worker)_{name}?"):
        read_object({name: 1})


@pytest.mark.parametrize(
    "name",
    ["DEBUG", "log_format", "pool", "queue", "redis_url", "REDIS_HOST", "database", "S3_BUCKET", "my_tasks", "x"],
)
def test_other_names_are_the_programs_own_business(name: str) -> None:
    assert read_object({name: 1, "task_time_limit": 3}) == {name: 1, "task_time_limit": 3}


def test_own_names_that_look_like_settings_are_let_through_when_listed() -> None:
    own = {"extra_settings": ["task_owner", "CELERY_TEAM_*"], "task_owner": "me", "CELERY_TEAM_NAME": "us"}
    assert read_object(own) == own
    assert read_object({"task_owner": 1}, extra=["*"]) == {"task_owner": 1}
    assert read_object({"CELERY_EXTRA_SETTINGS": ["CELERY_TEAM"], "CELERY_TEAM": 1}, "CELERY") == {
        "extra_settings": ["CELERY_TEAM"],
        "team": 1,
    }


def test_settings_of_celerys_companions_are_let_through() -> None:
    assert read_object({"beat_dburi": "x", "CELERY_ONCE": 1}) == {"beat_dburi": "x", "CELERY_ONCE": 1}
    found = read_object({"CELERY_REDBEAT_REDIS_URL": "x", "CELERY_EMAIL_BACKEND": "y"}, "CELERY")
    assert found == {"redbeat_redis_url": "x", "email_backend": "y"}


def test_in_a_namespace_foreign_names_are_ignored() -> None:
    django = {
        "CELERY_BROKER_URL": "redis://a",
        "CELERY_TASK_ALWAYS_EAGER": True,
        "DEBUG": True,
        "task": 1,
        "DATABASES": {},
        "S3_BUCKET": "mine",
        "WORKER_CLASS": "x",
    }
    assert read_object(django, "CELERY") == {"broker_url": "redis://a", "task_always_eager": True}


def test_in_a_namespace_old_names_count_too() -> None:
    assert read_object({"CELERY_ALWAYS_EAGER": True, "CELERYD_CONCURRENCY": 3, "BROKER_URL": "x"}, "CELERY") == {
        "task_always_eager": True,
        "worker_concurrency": 3,
        "broker_url": "x",
    }


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("namespace", "counts", "other"),
    [
        ("CELERY", "CELERY_BROKER_URL", "BROKER_URL"),
        ("CELERY", "CELERY_RESULT_EXPIRES", "CELERY_TASK_RESULT_EXPIRES"),
        (None, "BROKER_URL", "CELERY_BROKER_URL"),
        (None, "CELERY_TASK_RESULT_EXPIRES", "CELERY_RESULT_EXPIRES"),
    ],
)
def test_of_two_names_for_one_setting_the_one_celery_heeds_counts(
    namespace: str | None, counts: str, other: str, order: int
) -> None:
    source = dict([(counts, "1"), (other, "2")][::order])
    with pytest.warns(CeleriacWarning, match=f"to different values: {counts} counts, remove {other}"):
        found = read_object(source, namespace)
    assert found in ({"broker_url": "1"}, {"result_expires": 1.0})


def test_two_names_that_agree_are_no_matter() -> None:
    both = {"CELERY_ALWAYS_EAGER": True, "CELERY_TASK_ALWAYS_EAGER": True}
    assert read_object(both, "CELERY") == {"task_always_eager": True}


def test_a_wrong_name_in_the_namespace_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="CELERY_BACKEND_URL: did you mean CELERY_RESULT_BACKEND"):
        read_object({"CELERY_BACKEND_URL": "x"}, "CELERY")


def test_the_namespace_may_be_ours_or_any_and_in_small_letters() -> None:
    assert read_object({"CELERIAC_TASK_TIME_LIMIT": 3, "CELERIAC_ALWAYS_EAGER": True}, "CELERIAC") == {
        "task_time_limit": 3,
        "task_always_eager": True,
    }
    assert read_object({"jobs_task_time_limit": 3}, "jobs") == {"task_time_limit": 3}


def test_names_with_the_namespace_are_understood_without_it() -> None:
    flask = {"CELERY_BROKER_URL": "redis://a", "CELERY_RESULT_BACKEND": "redis://b", "SECRET_KEY": "s"}
    # Celery knows no such name, so it is of neither style.
    assert read_object({"CELERY_BROKER_URL": "a", "task_time_limit": 1}) == {"broker_url": "a", "task_time_limit": 1}
    assert read_object(flask) == {"broker_url": "redis://a", "result_backend": "redis://b", "SECRET_KEY": "s"}


def test_djangos_time_zone_is_of_no_style() -> None:
    assert read_object({"TIME_ZONE": "UTC", "CELERY_ALWAYS_EAGER": True})["timezone"] == "UTC"
    assert read_object({"TIME_ZONE": "UTC", "task_always_eager": True})["timezone"] == "UTC"


def test_djangos_time_zone_holds_unless_a_setting_says_otherwise() -> None:
    assert read_object({"TIME_ZONE": "Europe/Berlin"}, "CELERY") == {"timezone": "Europe/Berlin"}
    both = {"TIME_ZONE": "Europe/Berlin", "CELERY_TIMEZONE": "UTC"}
    assert read_object(both, "CELERY") == {"timezone": "UTC"}


def test_an_object_that_computes_its_attributes_is_asked_only_for_settings() -> None:
    class Lazy:
        """As Django's settings: reading some names warns."""

        def __dir__(self) -> list[str]:
            return ["CELERY_BROKER_URL", "OUTDATED", "TIME_ZONE"]

        def __getattr__(self, name: str) -> Any:
            values = {"CELERY_BROKER_URL": "redis://a", "TIME_ZONE": "UTC"}
            if name not in values:
                raise AssertionError(f"{name} was read")
            return values[name]

    assert read_object(Lazy(), "CELERY") == {"broker_url": "redis://a", "timezone": "UTC"}
    assert read_object(Lazy())["broker_url"] == "redis://a"


def test_a_setting_of_a_later_release_may_only_have_its_default() -> None:
    assert read_object({"s3_bucket": None, "gcs_ttl": 0}) == {"s3_bucket": None, "gcs_ttl": 0}
    with pytest.raises(ImproperlyConfigured, match="s3_bucket is known, but what it asks for is not in this release"):
        read_object({"s3_bucket": "mine"})
    with pytest.raises(ImproperlyConfigured, match="CELERY_MONGODB_BACKEND_SETTINGS is known"):
        read_object({"CELERY_MONGODB_BACKEND_SETTINGS": {"database": "x"}})


def test_a_setting_without_effect_is_kept_with_a_warning() -> None:
    with pytest.warns(CeleriacWarning, match="override_backends has no effect yet"):
        assert read_object({"override_backends": {"a": "b"}}) == {"override_backends": {"a": "b"}}
    # Neither our default nor Celery's asks for anything.
    read_object({"beat_schedule": {}, "beat_scheduler": "celery.beat:PersistentScheduler"})


def test_a_setting_that_celery_4_dropped_is_warned_of() -> None:
    with pytest.warns(CeleriacWarning, match="CELERYD_FORCE_EXECV was dropped in Celery 4"):
        assert read_object({"CELERYD_FORCE_EXECV": True}) == {}


def test_an_environment_variable_names_the_module(make_module: MakeModule) -> None:
    name = make_module("task_time_limit = 3")
    assert read_envvar("CONF", {"CONF": name}) == {"task_time_limit": 3}
    assert read_envvar("CONF", {}, silent=True) == {}
    with pytest.raises(ImproperlyConfigured, match="The environment variable CONF is not set"):
        read_envvar("CONF", {})


def test_the_environment_may_name_broker_and_results() -> None:
    environ = {"CELERIAC_BROKER_URL": "a", "CELERY_BROKER_URL": "b", "CELERY_RESULT_BACKEND": "c", "PATH": "x"}
    assert read_environ(environ) == {"broker_url": "a", "result_backend": "c"}


def test_a_command_line_sets_settings() -> None:
    given = [
        "worker.prefetch_multiplier=10",
        "broker_pool_limit=(int)5",
        ".concurrency=3",
        "max_tasks_per_child=100",
        "enable_utc=no",
        "accept_content=json,pickle",
        "task.annotations=(dict){}",
        "imports=(list)a,b",
        "CELERY_TASK_SERIALIZER=yaml",
        "CELERY_TASK_TRACK_STARTED=1",
        "broker_url=redis://h/0?a=b",
    ]
    assert read_cmdline(given) == {
        "worker_prefetch_multiplier": 10,
        "broker_pool_limit": 5,
        "worker_concurrency": 3,
        "worker_max_tasks_per_child": 100,
        "enable_utc": False,
        "accept_content": ("json", "pickle"),
        "task_annotations": {},
        "imports": ["a", "b"],
        "task_serializer": "yaml",
        "task_track_started": True,
        "broker_url": "redis://h/0?a=b",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("zork", "'zork' is no setting: write name=value"),
        ("=3", "'=3' is no setting"),
        ("worker.concurency=3", "worker_concurency: did you mean worker_concurrency?"),
        ("worker_concurrency=x", "worker_concurrency is 'x'"),
        ("broker_pool_limit=(int)x", "broker_pool_limit: 'x' is no int"),
        ("s3.bucket=x", "s3.bucket is known, but"),
    ],
)
def test_a_wrong_argument_is_refused(text: str, said: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        read_cmdline([text])
    assert said in str(caught.value)
