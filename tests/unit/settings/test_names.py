"""Names in every style, and what is suggested for wrong ones."""

import pytest

from celeriac.settings import ALL, BY_OLD, Setting
from celeriac.settings.judge import unknown_name
from celeriac.settings.mistakes import MEANT
from celeriac.settings.names import find, find_in, nearest


def name_of(key: str, namespace: str | None = None) -> str | None:
    meaning = find_in(key, namespace) if namespace else find(key)
    return meaning.setting.name if meaning else None


def each(setting: Setting) -> str:
    return setting.name


@pytest.mark.parametrize("setting", ALL, ids=each)
def test_it_is_found_by_every_name_it_has(setting: Setting) -> None:
    capitals = setting.name.upper()
    assert name_of(setting.name) == setting.name
    assert name_of(f"CELERY_{capitals}", "CELERY") == setting.name
    assert name_of(f"CELERIAC_{capitals}", "CELERIAC") == setting.name
    assert name_of(f"proj_{setting.name}", "proj") == setting.name
    if setting.old_name:
        assert name_of(setting.old_name) == setting.name
        assert name_of(setting.old_name.replace("CELERY", "CELERIAC", 1)) == setting.name


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("BROKER_URL", "broker_url"),
        ("CELERY_RESULT_BACKEND", "result_backend"),
        ("CELERYBEAT_SCHEDULE", "beat_schedule"),
        ("CELERIACBEAT_SCHEDULE", "beat_schedule"),
        ("CELERY_TIMEZONE", "timezone"),
        ("CELERY_TASK_SERIALIZER", "task_serializer"),
        ("CELERY_ACCEPT_CONTENT", "accept_content"),
        ("CELERY_ROUTES", "task_routes"),
        ("CELERY_ANNOTATIONS", "task_annotations"),
        ("CELERY_TASK_RESULT_EXPIRES", "result_expires"),
        ("CELERY_MAX_CACHED_RESULTS", "result_cache_max"),
        ("CELERY_IMPORTS", "imports"),
        ("BROKER_POOL_LIMIT", "broker_pool_limit"),
        ("CELERYD_CONCURRENCY", "worker_concurrency"),
        ("CELERIACD_CONCURRENCY", "worker_concurrency"),
    ],
)
def test_old_names_mean_what_they_meant(old: str, new: str) -> None:
    assert name_of(old) == new


def test_no_old_name_is_another_settings_new_name_in_capitals() -> None:
    for old, setting in BY_OLD.items():
        assert name_of(old.removeprefix("CELERY_").lower()) in (None, setting.name)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("CELERY_BACKEND_URL", "CELERY_RESULT_BACKEND"),
        ("CELERIAC_BACKEND_URL", "CELERIAC_RESULT_BACKEND"),
        ("CELERY_RESULTS_BACKEND", "CELERY_RESULT_BACKEND"),
        ("CELERYD_PREFETCH", "CELERYD_PREFETCH_MULTIPLIER"),
        ("CELERY_CONCURRENCY", "CELERYD_CONCURRENCY"),
        ("CELERY_ACK_LATE", "CELERY_ACKS_LATE"),
        ("CELERYBEAT_SCHEDUL", "CELERYBEAT_SCHEDULE"),
        ("CELERYD_MAX_TASK_PER_CHILD", "CELERYD_MAX_TASKS_PER_CHILD"),
        ("CELERY_ACCEPTED_CONTENT", "CELERY_ACCEPT_CONTENT"),
        ("BROKER_URI", "BROKER_URL"),
        ("WORKER_CONCURRENCY", "CELERYD_CONCURRENCY"),
        ("task_serialiser", "task_serializer"),
        ("task_ack_late", "task_acks_late"),
        ("worker_prefetch", "worker_prefetch_multiplier"),
        ("worker_max_memory_per_children", "worker_max_memory_per_child"),
        ("worker_concurency", "worker_concurrency"),
        ("result_expire", "result_expires"),
        ("task_result_expires", "result_expires"),
        ("broker_username", "broker_user"),
        ("acept_content", "accept_content"),
        ("time_zone", "timezone"),
        ("cassandra_secure_bundle_path", "cassandra_bundle_path"),
        ("database_db_names", "database_table_names"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_one(wrong: str, right: str) -> None:
    assert unknown_name(wrong) == f"There is no setting {wrong}: did you mean {right}?"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("CELERY_BACKEND_URL", "CELERY_RESULT_BACKEND"),
        ("CELERY_PREFETCH_MULTIPLIER", "CELERY_WORKER_PREFETCH_MULTIPLIER"),
        ("CELERY_TASK_ACK_LATE", "CELERY_TASK_ACKS_LATE"),
        ("CELERY_TIME_LIMIT", "CELERY_TASK_TIME_LIMIT"),
    ],
)
def test_in_a_namespace_the_right_name_is_given_in_the_namespace(wrong: str, right: str) -> None:
    assert unknown_name(wrong, "CELERY") == f"There is no setting {wrong}: did you mean {right}?"


def test_nothing_is_suggested_where_nothing_is_near() -> None:
    assert unknown_name("CELERY_ZZYZX") == "There is no setting CELERY_ZZYZX."


def test_the_table_of_mistakes_leads_to_settings_that_exist() -> None:
    for wrong, right in MEANT.items():
        suggestion = nearest(wrong)
        assert suggestion is not None
        assert suggestion.name == right
        assert name_of(wrong) is None
