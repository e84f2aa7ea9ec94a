"""The example project of Django, as its documentation and Celery's describe it, run by the drop-in."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.redis_server import RedisServer

from .running import PYTHON, ROOT, celery, python, run, worker

SETUP = "import django, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'proj.settings'; django.setup()\n"


@pytest.fixture(scope="module")
def project(redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, its database made."""
    folder = tmp_path_factory.mktemp("django") / "project"
    shutil.copytree(ROOT / "examples" / "django_project", folder, ignore=shutil.ignore_patterns("__pycache__"))
    for words in (("makemigrations", "demoapp"), ("migrate",)):
        done = run(folder, PYTHON, "manage.py", *words, environ={"STORE_URL": redis.url})
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(params=["prefork", "threads"])
def environ(request: pytest.FixtureRequest, project: Path, redis: RedisServer) -> Iterator[dict[str, str]]:
    """While a worker runs: what programs beside it need to know."""
    environ = {"STORE_URL": redis.url}
    with worker(project, "-A", "proj", "worker", "-l", "INFO", "-c", "2", "-P", request.param, environ=environ):
        yield environ


def test_shared_tasks_of_installed_apps_run_with_the_database(project: Path, environ: dict[str, str]) -> None:
    program = """
from demoapp.models import Widget
from demoapp.tasks import add, connection_before, count_widgets
import json
Widget.objects.all().delete()
Widget.objects.create(name="one")
inherited = [connection_before.delay().get(timeout=30) for _ in range(4)]
print(json.dumps([add.delay(2, 3).get(timeout=30), count_widgets.delay().get(timeout=30), inherited]))
"""
    assert json.loads(python(project, SETUP + program, environ)) == [5, 1, [False] * 4]


def test_delay_on_commit_sends_when_the_transaction_is_committed(project: Path, environ: dict[str, str]) -> None:
    program = """
import json, time
from demoapp.models import Widget
from demoapp.tasks import add, create_widget
Widget.objects.all().delete()
done = create_widget("kept")
try:
    create_widget("lost", fail=True)
except ValueError:
    pass
end = time.monotonic() + 30
while Widget.objects.get(id=done).name != "KEPT" and time.monotonic() < end:
    time.sleep(0.05)
print(json.dumps(list(Widget.objects.values_list("name", flat=True))))
print(add.apply_async_on_commit((1, 1), using="default"))
"""
    assert python(project, SETUP + program, environ).splitlines() == ['["KEPT"]', "None"]


def test_autodiscovery_settings_and_time_zone_are_djangos(project: Path, redis: RedisServer) -> None:
    program = """
from proj import celery_app
celery_app.loader.import_default_modules()
print(sorted(name for name in celery_app.tasks if not name.startswith("celery.")))
print(celery_app.timezone, celery_app.conf.task_time_limit, celery_app.conf.task_track_started)
print(type(celery_app.tasks["demoapp.tasks.add"]).__mro__[1].__name__, celery_app.Task.__mro__[1].__name__)
"""
    lines = python(project, SETUP + program, {"STORE_URL": redis.url}).splitlines()
    names = ["add", "connection_before", "count_widgets", "rename_widget"]
    assert lines[0] == str([*(f"demoapp.tasks.{name}" for name in names), "proj.celery.debug_task"])
    assert lines[1:] == ["Asia/Shanghai 1800 True", "Task DjangoTask"]


def test_system_checks_keep_a_worker_from_starting_unless_they_are_skipped(
    project: Path, redis: RedisServer, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(project, broken)
    models = broken / "demoapp" / "models.py"
    models.write_text(
        models.read_text() + "\n\nclass Wrong(models.Model):\n    name = models.CharField(max_length=-1)\n"
    )
    environ = {"STORE_URL": redis.url}
    refused = run(broken, str(Path(PYTHON).with_name("celery")), "-A", "proj", "worker", "-c", "1", environ=environ)
    assert refused.returncode != 0
    assert "fields.E121" in refused.stderr
    with celery(broken, "-A", "proj", "--skip-checks", "worker", "-c", "1", "-l", "INFO", environ=environ) as running:
        running.wait_line(r" ready\.", 60)
