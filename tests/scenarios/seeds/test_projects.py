"""Packages with an app, a module of settings and tasks; started as `celery -A proj` and by app.start()."""

from contextlib import suppress
from pathlib import Path

from dropin.running import CELERY, PYTHON, environment, python, run, worker
from scenarios.workers.running import Process, until
from servers.redis_server import RedisServer

CELERY_PY = """
from __future__ import absolute_import
from celery import Celery

app = Celery("proj", include=["proj.tasks"])

app.config_from_object("proj.config")

if __name__ == "__main__":
    app.start()
"""
CONFIG = """
from __future__ import absolute_import

BROKER_URL = "redis://localhost:6379/0"
CELERY_BACKEND_URL = "redis://localhost:6379/1"
"""
TASKS = """
from __future__ import absolute_import
from proj.celery import app

@app.task
def add(x, y):
    return x + y
"""
PERIODIC = """
CELERY_TIMEZONE = "Asia/Shanghai"

from datetime import timedelta

CELERYBEAT_SCHEDULE = {
    'add-every-30-seconds':{
        'task':'proj.tasks.add',
        'schedule':timedelta(seconds=1),
        'args':(16, 16)
    },
}
"""
UPPER = """
#broker
BROKER_URL = 'redis://:password@host:port/db'
#backen
CELERY_RESULT_BACKEND = 'redis://:password@host:port/db'
#导入任务，如tasks.py
CELERY_IMPORTS = ('mycelery.tasks', )
#列化任务载荷的默认的序列化方式
CELERY_TASK_SERIALIZER = 'json'
#结果序列化方式
CELERY_RESULT_SERIALIZER = 'json'

CELERY_ACCEPT_CONTENT=['json']
#时间地区与形式
CELERY_TIMEZONE = 'Europe/Oslo'
#时间是否使用utc形式
CELERY_ENABLE_UTC = True

#设置任务的优先级或任务每分钟最多执行次数
CELERY_ROUTES = {
    # 如果设置了低优先级，则可能很久都没结果
    #'tasks.add': 'low-priority',
}
#borker池，默认是10
BROKER_POOL_LIMIT = 10
#任务过期时间，单位为s，默认为一天
CELERY_TASK_RESULT_EXPIRES = 3600
#backen缓存结果的数目，默认5000
CELERY_MAX_CACHED_RESULTS = 10000

def my_on_failure(self, exc, task_id, args, kwargs, einfo):
    print('Oh no! Task failed: {0!r}'.format(exc))

CELERY_ANNOTATIONS = {'*': {'on_failure': my_on_failure}}
"""
MYCELERY = """
from celery import Celery
#指定名称
app = Celery('mycelery')
#加载配置模块
app.config_from_object('config')

if __name__=='__main__':
      app.start()
"""
MYTASKS = """
from .celery import app
@app.task
def add(a, b):
  return a + b
"""


def project(folder: Path, redis: RedisServer, config: str = CONFIG) -> None:
    package = folder / "proj"
    package.mkdir()
    config = config.replace("redis://localhost:6379", redis.url.rpartition("/")[0])
    for name, text in (("__init__", ""), ("celery", CELERY_PY), ("config", config), ("tasks", TASKS)):
        (package / f"{name}.py").write_text(text)


def test_a_package_with_a_module_of_settings(tmp_path: Path, redis: RedisServer) -> None:
    """It misspells the result backend's setting: as in Celery, that is no error, and there are no results."""
    project(tmp_path, redis)
    with worker(tmp_path, "-A", "proj", "worker", "-l", "info", "-c", "1") as running:
        assert ".> results:     disabled://" in running.text
        python(tmp_path, "from proj.tasks import add; print(add.delay(2, 3))")
        running.wait_line(r"Task proj\.tasks\.add\[.*\] succeeded in .*: 5")


def test_the_app_starts_itself(tmp_path: Path, redis: RedisServer) -> None:
    project(tmp_path, redis)
    words = (PYTHON, "-m", "proj.celery", "worker", "-l", "info", "-c", "1")
    with Process(words, tmp_path, environment({"PYTHONUNBUFFERED": "1"})) as running:
        running.wait_line(r"celery@\S+ ready\.", 60)
        python(tmp_path, "from proj.tasks import add; add.delay(2, 3)")
        running.wait_line(r"Task proj\.tasks\.add\[.*\] succeeded in .*: 5")


def test_a_schedule_beside_the_worker(tmp_path: Path, redis: RedisServer) -> None:
    project(tmp_path, redis, CONFIG + PERIODIC)
    with worker(tmp_path, "-A", "proj", "worker", "-B", "-l", "info", "-c", "1") as running:
        running.wait_line(r"Sending due task add-every-30-seconds \(proj\.tasks\.add\)", 60)
        running.wait_line(r"Task proj\.tasks\.add\[.*\] succeeded in .*: 32", 60)


def test_a_schedule_by_a_beat_of_its_own(tmp_path: Path, redis: RedisServer) -> None:
    project(tmp_path, redis, CONFIG + PERIODIC)
    beat = Process(
        (PYTHON, "-m", "celery", "-A", "proj", "beat", "-l", "info"), tmp_path, environment({"PYTHONUNBUFFERED": "1"})
    )
    with beat, worker(tmp_path, "-A", "proj", "worker", "-l", "info", "-c", "1") as running:
        beat.wait_line(r"Sending due task add-every-30-seconds \(proj\.tasks\.add\)", 60)
        running.wait_line(r"Task proj\.tasks\.add\[.*\] succeeded in .*: 32", 60)
        assert "celery beat v" in beat.text
        assert "beat: Starting..." in beat.text


def test_settings_in_upper_case_and_an_annotation_that_handles_failures(tmp_path: Path, redis: RedisServer) -> None:
    package = tmp_path / "mycelery"
    package.mkdir()
    (tmp_path / "config.py").write_text(UPPER.replace("redis://:password@host:port/db", redis.url))
    for name, text in (("__init__", ""), ("celery", MYCELERY), ("tasks", MYTASKS)):
        (package / f"{name}.py").write_text(text)
    program = """
from mycelery.tasks import add
result = add.delay(4, 4)
print(result.get(timeout=60), result.ready())
print(repr(add.delay(4, 'four').get(propagate=False, timeout=60))[:10])
print(add.app.conf.timezone, add.app.conf.result_expires, add.app.conf.result_cache_max)
"""
    with worker(tmp_path, "-A", "mycelery", "worker", "-l", "info", "-c", "2") as running:
        lines = python(tmp_path, program).splitlines()
        running.wait_line(r"Oh no! Task failed: TypeError")
    assert lines == ["8 True", "TypeError(", "Europe/Oslo 3600 10000"]
    with redis.client() as client:
        (key,) = [key for key in client.keys("celery-task-meta-*") if b"SUCCESS" in client.get(key)]
        assert 3500 < client.ttl(key) <= 3600


def test_three_workers_on_one_machine_by_their_names(tmp_path: Path, redis: RedisServer) -> None:
    project(tmp_path, redis)
    words = ("-A", "proj", "worker", "--loglevel=INFO", "--concurrency=10")
    with (
        worker(tmp_path, *words, "-n", "worker1@%h") as one,
        worker(tmp_path, *words, "-n", "worker2@%h") as two,
        worker(tmp_path, *words, "-n", "worker3@%h") as three,
    ):
        names = python(tmp_path, "from proj.celery import app; print(*sorted(app.control.inspect(timeout=60).ping()))")
        for number, running in enumerate((one, two, three), 1):
            running.wait_line(rf"worker{number}@\S+ ready\.")
            assert f"worker{number}@" in names
            assert ".> concurrency: 10 (prefork)" in running.text
        program = "from proj.tasks import add\nfor i in range(60): add.delay(i, i)"
        python(tmp_path, program)
        with redis.client() as client:
            until(lambda: sum(text.count("succeeded in") for text in (one.text, two.text, three.text)) == 60, 30)
            assert client.llen("celery") == 0


def test_several_workers_by_celery_multi(tmp_path: Path, redis: RedisServer) -> None:
    """Each is started by a command of its own, as printed; but their files lie in the test's folder."""
    project(tmp_path, redis)
    files = (f"--pidfile={tmp_path}/%n.pid", f"--logfile={tmp_path}/%n%I.log")

    def multi(*words: str) -> str:
        done = run(tmp_path, CELERY, "multi", *words, *files)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ready(*names: str) -> None:
        logs = [tmp_path / f"{name}.log" for name in names]
        until(lambda: all(log.exists() and " ready." in log.read_text() for log in logs), 60)

    def pid_of(name: str) -> str:
        with suppress(FileNotFoundError):
            return (tmp_path / f"{name}.pid").read_text()
        return ""

    try:
        for name in ("w1", "w2", "w3"):
            multi("start", name, "-A", "proj", "-l", "info", "-c", "1")
        ready("w1", "w2", "w3")
        question = "from proj.celery import app; print(len(app.control.inspect(timeout=60).ping()))"
        assert python(tmp_path, question) == "3"
        multi("stop", "w1", "w2")
        until(lambda: not (tmp_path / "w1.pid").exists() and not (tmp_path / "w2.pid").exists(), 60)
        before = pid_of("w3")
        multi("restart", "w3", "-A", "proj", "-l", "info", "-c", "1")
        until(lambda: pid_of("w3") not in ("", before), 60)
        until(lambda: (tmp_path / "w3.log").read_text().count(" ready.") == 2, 60)
    finally:
        multi("stopwait", "w1", "w2", "w3")
    assert not list(tmp_path.glob("*.pid"))
