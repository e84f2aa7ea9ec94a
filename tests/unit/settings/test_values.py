"""What values settings take, what becomes of them, and what is said about wrong ones."""

from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from celeriac.core.errors import ImproperlyConfigured
from celeriac.settings import ALL, BY_NAME


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("worker_concurrency", "4", 4),
        ("worker_concurrency", "auto", "auto"),
        ("worker_max_tasks_per_child", 100.0, 100),
        ("result_cache_max", -1, -1),
        ("task_acks_late", "true", True),
        ("task_acks_late", "No", False),
        ("task_acks_late", 0, False),
        ("broker_connection_retry_on_startup", None, None),
        ("task_time_limit", "2.5", 2.5),
        ("task_time_limit", timedelta(minutes=2), 120.0),
        ("result_expires", timedelta(hours=1), 3600.0),
        ("result_expires", None, None),
        ("result_expires", 0, 0),
        ("broker_pool_limit", None, None),
        ("broker_url", ["redis://a", "redis://b"], ["redis://a", "redis://b"]),
        ("broker_use_ssl", {"ssl_ca_certs": "x"}, {"ssl_ca_certs": "x"}),
        ("broker_url", "", None),
        ("broker_use_ssl", "yes", True),
        ("broker_transport_options", None, {}),
        ("accept_content", {"json"}, {"json"}),
        ("imports", "proj.tasks", ("proj.tasks",)),
        ("imports", ["a", "b"], ["a", "b"]),
        ("beat_schedule_filename", Path("/var/beat"), "/var/beat"),
        ("timezone", UTC, UTC),
        ("task_default_delivery_mode", "transient", 1),
        ("task_default_delivery_mode", "2", 2),
        ("security_key_password", b"x", b"x"),
        ("worker_pool", "threads", "threads"),
        ("result_backend", False, None),
        ("result_backend", dict, dict),
        ("task_queues", [1], [1]),
    ],
)
def test_a_sensible_value_is_kept(name: str, given: Any, kept: Any) -> None:
    result = BY_NAME[name].check(given)
    assert result == kept
    assert type(result) is type(kept)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("worker_concurrency", "many", "worker_concurrency is 'many' (str): expected a whole number"),
        ("worker_concurrency", -1, "expected a whole number, 0 or more"),
        ("worker_concurrency", True, "(bool)"),
        ("worker_max_tasks_per_child", 1.5, "(float): expected a whole number"),
        ("task_time_limit", -1, "expected seconds (a number, 0 or more) or a timedelta"),
        ("task_time_limit", float("nan"), "expected seconds"),
        ("task_time_limit", timedelta(seconds=-1), "expected seconds"),
        ("task_time_limit", "soon", "expected seconds"),
        ("task_acks_late", "perhaps", "expected True or False"),
        ("task_acks_late", 2, "expected True or False"),
        ("task_acks_late", [], "expected True or False"),
        ("task_serializer", None, "task_serializer is None: expected a string"),
        ("task_serializer", 3, "task_serializer is 3 (int): expected a string"),
        ("broker_url", 5, "expected a URL string or a list of them"),
        ("broker_url", ["redis://a", 5], "expected a URL"),
        ("accept_content", "json", "accept_content is 'json' (str): expected a list, tuple or set of strings"),
        ("accept_content", ["json", 1], "expected a list, tuple or set of strings"),
        ("broker_transport_options", "x", "expected a dict"),
        ("worker_pool_start_method", "clone", "expected 'fork' or 'spawn'"),
        ("worker_pool", 3, "expected a name, a dotted path or a class"),
        ("task_default_delivery_mode", 3, "expected 1 ('transient') or 2 ('persistent')"),
        ("timezone", 3, "expected the name of a time zone"),
        ("security_key_password", 3, "expected bytes"),
        ("worker_logfile", 3, "expected a path"),
        ("task_queues", 3, "expected a list of Queue objects"),
        ("worker_max_tasks_per_child", float("inf"), "expected a whole number"),
    ],
)
def test_a_wrong_value_is_named_with_its_type_and_what_was_expected(name: str, given: Any, said: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        BY_NAME[name].check(given)
    assert said in str(caught.value)
    assert name in str(caught.value)


def test_the_message_uses_the_name_the_value_was_given_under() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^CELERYD_CONCURRENCY is 'x'"):
        BY_NAME["worker_concurrency"].check("x", "CELERYD_CONCURRENCY")


def test_the_message_hides_passwords() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^broker_password is of type list") as caught:
        BY_NAME["broker_password"].check(["hunter2"])
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ImproperlyConfigured) as caught:
        BY_NAME["broker_url"].check({"a": "redis://me:hunter2@host"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("accept_content", "json, pickle", ("json", "pickle")),
        ("imports", "a,b", ("a", "b")),
        ("broker_transport_options", '{"visibility_timeout": 5}', {"visibility_timeout": 5}),
        ("task_annotations", '{"*": {}}', {"*": {}}),
        ("task_annotations", "free text", "free text"),
        ("broker_use_ssl", '{"ssl_ca_certs": "x"}', {"ssl_ca_certs": "x"}),
        ("broker_use_ssl", "on", True),
        ("task_time_limit", "None", None),
        ("worker_concurrency", "8", 8),
    ],
)
def test_text_from_outside_is_read(name: str, text: str, value: Any) -> None:
    assert BY_NAME[name].parse(text) == value


def test_text_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="broker_transport_options is '5'"):
        BY_NAME["broker_transport_options"].parse("5")


@pytest.mark.parametrize("value", [object(), [object()], {"x": object()}, 10**400, "\x00", b"\xff", -1.5, ()])
def test_no_value_at_all_makes_a_check_fail_otherwise_than_with_a_sentence(value: Any) -> None:
    for setting in ALL:
        try:
            setting.check(value)
        except ImproperlyConfigured as error:
            assert setting.name in str(error)
