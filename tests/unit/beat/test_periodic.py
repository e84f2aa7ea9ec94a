"""add_periodic_task: what it accepts, and when it may be called."""

import pytest

from celeriac import Celeriac


@pytest.fixture
def app():
    app = Celeriac("p", broker="memory://periodic", set_as_current=False)
    app.task(name="p.add")(lambda x, y: x + y)
    yield app
    app.close()


def test_a_task_with_arguments(app) -> None:
    key = app.add_periodic_task(10, app.tasks["p.add"], (1, 2), name="sum", queue="q", missed="all")
    assert key == "sum"
    assert app.conf.beat_schedule == {
        "sum": {
            "task": "p.add",
            "schedule": 10,
            "args": (1, 2),
            "kwargs": {},
            "options": {"queue": "q"},
            "missed": "all",
        }
    }


def test_a_signature_keeps_its_own_arguments_and_options(app) -> None:
    sig = {"task": "p.add", "args": (3,), "kwargs": {"a": 1}, "options": {"queue": "q"}, "subtask_type": None}
    app.add_periodic_task(10, sig, (1,), {"a": 2}, name="s", priority=3)
    (entry,) = app.conf.beat_schedule.values()
    assert (entry["args"], entry["kwargs"], entry["options"]) == ((1, 3), {"a": 2}, {"queue": "q", "priority": 3})


def test_without_a_name_it_is_called_after_the_call(app) -> None:
    assert app.add_periodic_task(10, app.tasks["p.add"], (1, 2)) == "p.add(1, 2)"
    assert app.add_periodic_task(10, "p.other") == "p.other"


def test_something_else_is_refused(app) -> None:
    with pytest.raises(TypeError, match="signature, a task or the name"):
        app.add_periodic_task(10, object())


def test_it_waits_for_the_configuration() -> None:
    app = Celeriac("p", set_as_current=False)
    app.add_periodic_task(5, "p.early", name="early")
    assert not app.configured

    @app.on_after_configure.connect
    def more(sender, **kwargs):
        sender.add_periodic_task(6, "p.later", name="later")

    app.config_from_object({"beat_schedule": {"set": {"task": "p.set", "schedule": 7}}})
    assert sorted(app.conf.beat_schedule) == ["early", "later", "set"]


def test_it_can_be_called_when_the_app_is_finalized(app) -> None:
    @app.on_after_finalize.connect
    def more(sender, **kwargs):
        sender.add_periodic_task(6, sender.tasks["p.add"], (1, 1), name="later")

    app.finalized = False
    app.finalize()
    assert app.conf.beat_schedule["later"]["task"] == "p.add"


def test_old_results_are_deleted_where_the_store_does_not_do_so(app) -> None:
    from celeriac.beat.defaults import default_entries

    kept = Celeriac("kept", broker="memory://k", backend="memory://k", set_as_current=False)
    assert list(default_entries(kept)) == ["celery.backend_cleanup"]
    assert "celery.backend_cleanup" in kept.tasks
    kept.tasks["celery.backend_cleanup"]()
    redis = Celeriac("redis", broker="redis://", backend="redis://", set_as_current=False)
    assert default_entries(redis) == {}
    kept.conf.result_expires = None
    assert default_entries(kept) == {}
