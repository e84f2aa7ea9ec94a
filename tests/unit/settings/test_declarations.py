"""The declarations agree with what Celery 5.7 declares, and with themselves."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from celeriac.settings import ALL, AVAILABLE, BY_NAME, INERT, PLANNED, Setting, celery_defaults, defaults, differences

# Recorded from a real Celery 5.7: old name, type and default of every setting it declares.
CELERY: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "celery57_settings.json").read_text())

# Celery reads these without declaring them.
UNDECLARED = {
    "redis_backend_health_check_interval",
    "redis_backend_credential_provider",
    "redis_client_name",
    "result_backend_thread_safe",
    "override_backends",
    "dynamodb_endpoint_url",
    "gcs_threadpool_maxsize",
    "firestore_project",
} | {
    f"{command}_{what}"
    for command in ("worker", "beat", "events")
    for what in ("logfile", "pidfile", "uid", "gid", "umask", "executable")
}

OWN = {
    "dead_letter_ttl": None,
    "extra_settings": (),
    "publish_timeout": 5.0,
    "result_timeout": 5.0,
    "task_chain_inline": 100,
    "task_max_lost": 3,
    "task_revoke_expires": 604_800.0,
    "task_revoke_most": 100_000,
    "worker_health": None,
    "worker_log_json": False,
    "worker_refused_commands": (),
    "worker_lease_renew": 5.0,
    "worker_lease_ttl": 15.0,
    "worker_recover_interval": 5.0,
    "beat_name": None,
    "beat_lease_ttl": 6.0,
    "beat_store": None,
}


def as_recorded(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return "inf" if value == math.inf else value


def each(setting: Setting) -> str:
    return setting.name


def test_all_207_settings_of_celery_are_declared() -> None:
    assert len(CELERY) == 207
    assert {setting.name for setting in ALL if setting.declared and not setting.own} == CELERY.keys()


def test_settings_that_celery_reads_without_declaring_are_declared_too() -> None:
    assert {setting.name for setting in ALL if not setting.declared} == UNDECLARED


def test_names_are_unique() -> None:
    assert len({setting.name for setting in ALL}) == len(ALL)
    old = [setting.old_name for setting in ALL if setting.old_name]
    assert len(set(old)) == len(old) == 207


@pytest.mark.parametrize("name", sorted(CELERY))
def test_old_name_and_celery_default_are_celerys(name: str) -> None:
    assert BY_NAME[name].old_name == CELERY[name]["old"]
    assert as_recorded(celery_defaults()[name]) == CELERY[name]["default"]


def test_own_settings_have_the_documented_defaults_and_no_old_name() -> None:
    own = {setting.name: setting.default for setting in ALL if setting.own}
    assert own == OWN
    assert not any(BY_NAME[name].old_name for name in own)


def test_where_our_defaults_differ_a_reason_is_given() -> None:
    changed = {setting.name: setting.default for setting in differences() if setting.name in CELERY}
    assert changed == {
        "broker_heartbeat": 10,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": None,
        "worker_autoscaler": "celeriac.worker.autoscale:Autoscaler",
        "worker_consumer": "celeriac.worker.consumer:Consumer",
        "beat_scheduler": "celeriac.beat:SharedScheduler",
    }
    assert all(setting.why.endswith(".") for setting in differences())


@pytest.mark.parametrize("setting", ALL, ids=each)
def test_its_defaults_pass_its_own_check(setting: Setting) -> None:
    assert setting.check(setting.default) == setting.default
    assert setting.check(setting.celery_default) == setting.celery_default


@pytest.mark.parametrize("setting", ALL, ids=each)
def test_it_is_described_in_whole_sentences(setting: Setting) -> None:
    assert setting.doc.endswith(".")
    assert setting.doc[0].isupper() or setting.doc[0] in "0123456789`"
    assert setting.feature in (AVAILABLE, PLANNED, INERT)


def test_default_dicts_are_copies() -> None:
    defaults()["beat_schedule"]["x"] = 1
    celery_defaults()["broker_transport_options"]["x"] = 1
    assert defaults()["beat_schedule"] == {}
    assert celery_defaults()["broker_transport_options"] == {}


def test_the_profile_of_celery_lets_unknown_names_pass_as_celery_does() -> None:
    assert celery_defaults()["extra_settings"] == ("*",)
    assert "task_max_lost" not in celery_defaults()
