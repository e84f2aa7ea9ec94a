"""The app: configuration, loading, looking up, connections, and its life."""

import pickle
import sys
import textwrap
from datetime import datetime

import pytest

from celeriac import Celeriac, Queue, current_app
from celeriac.app.loaders import Loader
from celeriac.app.lookup import find_app
from celeriac.core import signals
from celeriac.core.errors import ImproperlyConfigured, OperationalError


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes modules that can be imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    known = set(sys.modules)

    def write(path: str, text: str) -> None:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))

    yield write
    for name in set(sys.modules) - known:
        if not name.startswith("celeriac"):
            del sys.modules[name]


def test_the_constructor_takes_settings() -> None:
    app = Celeriac("p", broker="memory://c", backend="memory://d", include=["m"], task_serializer="pickle")
    assert (app.conf.broker_url, app.conf.result_backend) == ("memory://c", "memory://d")
    assert (list(app.conf.include), app.conf.task_serializer) == (["m"], "pickle")
    app.close()


def test_a_misspelt_setting_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ImproperlyConfigured, match="task_serializer"):
        Celeriac("p", task_serialiser="json", set_as_current=False)


def test_settings_are_read_when_they_are_needed(app) -> None:
    seen = []
    app.on_configure.connect(lambda **kwargs: seen.append("configure"), weak=False)
    app.on_after_configure.connect(lambda source, **kwargs: seen.append(source.task_default_queue), weak=False)
    app.config_from_object({"task_default_queue": "later"})
    assert not app.configured
    assert seen == []
    assert app.conf.task_default_queue == "later"
    assert app.configured
    assert seen == ["configure", "later"]


def test_constructor_settings_go_before_the_configuration() -> None:
    app = Celeriac("p", task_default_queue="mine", set_as_current=False)
    app.config_from_object({"task_default_queue": "theirs", "task_serializer": "pickle"})
    assert (app.conf.task_default_queue, app.conf.task_serializer) == ("mine", "pickle")


def test_a_namespace_is_read_from_a_module(app, module, monkeypatch) -> None:
    module("conf_ns.py", 'CELERY_TASK_DEFAULT_QUEUE = "named"\nOTHER = 1\n')
    app.config_from_object("conf_ns", namespace="CELERY")
    assert app.conf.task_default_queue == "named"
    monkeypatch.setenv("MY_CONF", "conf_ns")
    other = Celeriac("o", set_as_current=False, namespace="CELERY")
    assert other.config_from_envvar("MY_CONF")
    assert other.conf.task_default_queue == "named"
    assert not other.config_from_envvar("NOT_SET", silent=True)


def test_the_environment_names_broker_and_store(monkeypatch) -> None:
    monkeypatch.setenv("CELERIAC_BROKER_URL", "memory://from-env")
    monkeypatch.setenv("CELERIAC_RESULT_BACKEND", "memory://from-env")
    app = Celeriac("p", broker="memory://given", set_as_current=False)
    assert app.transports.write.describe() == "memory://from-env"
    assert app.transports.results is app.transports.write


def test_without_a_broker_queues_and_results_share_an_embedded_file(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = Celeriac("p", set_as_current=False)
    assert app.transports.write is app.transports.read is app.transports.results
    assert app.transports.write.describe().startswith("sqlite://")
    assert app.transports.write.settles(app.transports.results)


def test_with_a_broker_and_no_store_results_are_disabled() -> None:
    app = Celeriac("p", broker="memory://alone", set_as_current=False)

    @app.task
    def task(): ...

    result = task.delay()
    assert not app.backend.enabled
    app.backend.store_result(result.id, 1, "SUCCESS")
    for ask in (result.get, lambda: result.state, lambda: app.backend.get_state("x")):
        with pytest.raises(NotImplementedError, match="No result backend is configured"):
            ask()


def test_reading_and_writing_may_have_brokers_of_their_own() -> None:
    app = Celeriac("p", broker_read_url="memory://r", broker_write_url="memory://w", set_as_current=False)
    assert (app.transports.read.describe(), app.transports.write.describe()) == ("memory://r", "memory://w")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"broker": "nothing://"}, r"broker_url nothing://.*no 'nothing'.*memory"),
        ({"broker": "memory://x", "backend": "nothing://"}, "result_backend nothing://"),
    ],
)
def test_an_unknown_scheme_is_named_with_those_there_are(settings, words) -> None:
    app = Celeriac("p", set_as_current=False, **settings)
    with pytest.raises(ImproperlyConfigured, match=words):
        app.transports.write, app.transports.results  # noqa: B018


def test_a_publish_is_tried_again(app, hand, monkeypatch) -> None:
    link = app.transports.write.link()
    real, failures = link.run, [OperationalError("one"), OperationalError("two")]

    def unlucky(flow, timeout):
        if failures:
            raise failures.pop()
        return real(flow, timeout)

    monkeypatch.setattr(link, "run", unlucky)
    app.send_task("x", retry_policy={"interval_start": 0, "interval_step": 0})
    assert failures == []
    failures.append(OperationalError("three"))
    with pytest.raises(OperationalError, match="three"):
        app.send_task("x", retry=False)
    monkeypatch.undo()
    assert len(hand.messages()) == 1


def test_tasks_are_discovered_when_modules_are_imported(app, module) -> None:
    module("pkg/__init__.py", "")
    module("pkg/tasks.py", "from celeriac import shared_task\n@shared_task\ndef found(): ...\n")
    module("bare/__init__.py", "")
    module("extra_mod.py", "from celeriac import shared_task\n@shared_task\ndef extra(): ...\n")
    app.conf.imports = ("extra_mod",)
    app.autodiscover_tasks(lambda: ["pkg", "bare"])
    assert "pkg.tasks" not in sys.modules
    app.loader.import_default_modules()
    assert {"pkg.tasks.found", "extra_mod.extra"} <= set(app.tasks)


def test_errors_in_discovered_modules_are_raised(app, module) -> None:
    module("broken/__init__.py", "")
    module("broken/tasks.py", "import nothing_of_the_kind\n")
    app.autodiscover_tasks(["broken"])
    with pytest.raises(ModuleNotFoundError, match="nothing_of_the_kind"):
        app.loader.import_default_modules()


def test_a_loader_of_ones_own_is_used() -> None:
    class Mine(Loader):
        pass

    assert isinstance(Celeriac("p", loader=Mine, set_as_current=False).loader, Mine)
    named = Celeriac("p", loader="celeriac.app.loaders:Loader", set_as_current=False)
    assert type(named.loader) is Loader


@pytest.mark.parametrize(
    "name", ["proj_a:made", "proj_a.made", "proj_b", "proj_c", "proj_d", "proj_d.celery", "proj_e", "proj_f"]
)
def test_an_app_is_found_by_name(module, name) -> None:
    make = "from celeriac import Celeriac\n{} = Celeriac('found', set_as_current=False)\n"
    module("proj_a.py", make.format("made"))
    module("proj_b.py", make.format("app"))
    module("proj_c.py", make.format("celery"))
    module("proj_d/__init__.py", "")
    module("proj_d/celery.py", make.format("app"))
    module("proj_e.py", make.format("anything"))
    module("proj_f/__init__.py", "from . import celeriac\n")
    module("proj_f/celeriac.py", make.format("app"))
    assert find_app(name).main == "found"


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("no_such_module", ModuleNotFoundError, "no_such_module"),
        ("empty_mod", ImproperlyConfigured, "no Celeriac app"),
        ("empty_mod:nothing", ImproperlyConfigured, "nothing"),
        ("empty_mod:value", ImproperlyConfigured, "no Celeriac app"),
    ],
)
def test_a_name_without_an_app_says_so(module, name, error, words) -> None:
    module("empty_mod.py", "value = 5\n")
    with pytest.raises(error, match=words):
        find_app(name)


def test_an_app_survives_pickling(app) -> None:
    app.conf.task_default_queue = "kept"
    copy = pickle.loads(pickle.dumps(app))
    assert (copy.main, copy.conf.task_default_queue) == ("proj", "kept")
    assert current_app == app


def test_a_closed_app_is_not_current_and_can_be_used_again(app) -> None:
    other = Celeriac("other", broker="memory://other", backend="memory://other")
    assert current_app == other
    other.close()
    assert current_app != other
    assert other.send_task("x").id
    app.set_current()
    assert current_app == app


def test_the_queues_of_the_app_can_be_purged(app, hand) -> None:
    for _ in range(3):
        app.send_task("x")
    assert app.purge_queues() == 3
    assert hand.messages() == []


def test_a_connection_can_be_checked(app) -> None:
    with app.connection_for_read() as connection:
        assert connection.ensure_connection(max_retries=1).connected
        assert connection.as_uri().startswith("memory://")


def test_moments_are_in_the_apps_time_zone(app) -> None:
    assert app.uses_utc_timezone()
    app.conf.timezone = "Asia/Tokyo"
    assert app.now().utcoffset().total_seconds() == 9 * 3600
    assert isinstance(app.now(), datetime)
    app.conf.timezone = "Nowhere/AtAll"
    with pytest.raises(ImproperlyConfigured, match="Nowhere/AtAll"):
        app.now()


def test_a_bug_report_names_versions_and_addresses(app) -> None:
    report = app.bugreport()
    assert "celeriac:" in report
    assert "transport:memory://" in report


def test_a_thread_has_a_reply_address_of_its_own(app) -> None:
    import threading

    found = []
    thread = threading.Thread(target=lambda: found.append(app.thread_oid))
    thread.start()
    thread.join()
    assert found[0] != app.thread_oid == app.thread_oid
    assert app.oid != app.thread_oid


def test_discovery_is_for_its_own_app_only(app, module) -> None:
    module("only/__init__.py", "")
    module("only/tasks.py", "")
    app.autodiscover_tasks(["only"])
    signals.import_modules.send(sender=object())
    assert "only.tasks" not in sys.modules


def test_queues_of_the_settings_may_be_objects(app) -> None:
    app.conf.task_queues = [Queue("x")]
    assert set(app.amqp.queues) == {"x"}


def test_worker_main_wants_a_worker(app) -> None:
    with pytest.raises(ValueError, match="worker"):
        app.worker_main(["beat"])
