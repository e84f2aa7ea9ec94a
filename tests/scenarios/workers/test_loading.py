"""How a worker finds its app, its settings and its tasks: every way that programs written for Celery use."""

from pathlib import Path

import pytest

from celeriac import Celeriac

from .running import run, worker

TIMEOUT = 60

APP = """
import pathlib
from celeriac import Celeriac
from celeriac.app.loaders import Loader

class NotingLoader(Loader):
    def on_worker_init(self):
        print("loader: worker init")
    def on_worker_process_init(self):
        print("loader: process init")
    def on_task_init(self, task_id, task):
        print(f"loader: task init {task.name}")

app = Celeriac("proj", loader=NotingLoader, include=["proj.included"])
app.config_from_object("proj.configuration")
app.autodiscover_tasks(["proj.first", "proj.second"])
app.autodiscover_tasks(lambda: ["proj.third"], related_name="jobs")
"""

OLD_NAMES = """
BROKER_URL = {store!r}
CELERY_RESULT_BACKEND = {store!r}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json", "yaml"]
CELERY_ROUTES = {{"proj.first.tasks.one": {{"queue": "routed"}}}}
CELERY_ANNOTATIONS = {{"proj.first.tasks.one": {{"note": "annotated"}}}}
CELERY_TASK_RESULT_EXPIRES = 3600
CELERY_IMPORTS = ("proj.imported",)
CELERY_TIMEZONE = "Europe/Paris"
CELERYD_CONCURRENCY = 1
CELERY_TRACK_STARTED = True
"""

TASKS = """
from celeriac import shared_task

@shared_task(bind=True)
def {name}(self):
    return [self.name, getattr(self, "note", None), str(self.app.timezone), self.request.delivery_info["routing_key"]]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A package with an app and tasks in all the places where programs have them."""
    store = f"sqlite:///{tmp_path}/store.sqlite3"
    files = {
        "proj/__init__.py": "",
        "proj/celery.py": APP,
        "proj/configuration.py": OLD_NAMES.format(store=store),
        **{f"proj/{name}/__init__.py": "" for name in ("first", "second", "third")},
        "proj/first/tasks.py": TASKS.format(name="one"),
        "proj/third/jobs.py": TASKS.format(name="three"),
        "proj/included.py": TASKS.format(name="included"),
        "proj/imported.py": TASKS.format(name="imported"),
        "proj/extra.py": TASKS.format(name="extra"),
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def client(project: Path) -> Celeriac:
    store = f"sqlite:///{project}/store.sqlite3"
    return Celeriac("client", broker=store, backend=store, set_as_current=False)


def test_tasks_are_found_in_every_place_where_programs_have_them(project: Path) -> None:
    with worker(project, "proj", "-I", "proj.extra", "-Q", "celery,routed") as running, client(project) as app:
        names = ["first.tasks.one", "third.jobs.three", "included.included", "imported.imported", "extra.extra"]
        for name in names:
            running.wait_line(rf"^  \. proj\.{name}$")
            assert app.send_task(f"proj.{name}", queue="routed").get(TIMEOUT)[0] == f"proj.{name}"
        one = app.send_task("proj.first.tasks.one", queue="routed").get(TIMEOUT)
        assert one == ["proj.first.tasks.one", "annotated", "Europe/Paris", "routed"]
        running.wait_line(r"\.> concurrency: +1 \(prefork\)")
        running.wait_line("loader: worker init")
        running.wait_line("loader: process init")
        running.wait_line(r"loader: task init proj\.first\.tasks\.one")


@pytest.mark.parametrize("name", ["proj", "proj.celery", "proj.celery:app"])
def test_an_app_is_named_in_three_ways(project: Path, name: str) -> None:
    assert "proj" in run(project, "-A", name, "report").text


def test_a_namespace_of_settings_is_read(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/store.sqlite3"
    (tmp_path / "site_settings.py").write_text(
        f"CELERY_BROKER_URL = {store!r}\nCELERY_RESULT_BACKEND = {store!r}\nCELERY_TASK_DEFAULT_QUEUE = 'ours'\n"
        "CELERY_WORKER_CONCURRENCY = 1\nSECRET_KEY = 'x'\n"
    )
    (tmp_path / "site_app.py").write_text(
        "from celeriac import Celeriac\n"
        "app = Celeriac('site')\n"
        "app.config_from_object('site_settings', namespace='CELERY')\n"
        "@app.task(name='site.where', bind=True)\n"
        "def where(self):\n"
        "    return self.request.delivery_info['routing_key']\n"
    )
    with worker(tmp_path, "site_app") as running, client(tmp_path) as app:
        running.wait_line(r"\.> ours ")
        assert app.send_task("site.where", queue="ours").get(TIMEOUT) == "ours"


def test_a_module_of_settings_may_be_named_in_the_environment(tmp_path: Path) -> None:
    (tmp_path / "named.py").write_text("task_default_queue = 'from_the_environment'\n")
    (tmp_path / "small.py").write_text(
        "from celeriac import Celeriac\napp = Celeriac('small')\napp.config_from_envvar('SMALL_CONFIG')\n"
    )
    environment = {"SMALL_CONFIG": "named"}
    with worker(tmp_path, "small", "-c", "1", environment=environment) as running:
        running.wait_line(r"\.> from_the_environment")
