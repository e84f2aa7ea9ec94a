"""Every public name of Celery 5.7 is there, or says why it is not."""

import json
from pathlib import Path

from .running import PYTHON, python, run

PAGES = Path(__file__).with_name("pages.py")
RECORDED = Path(__file__).with_name("celery_names.json")

USE_ALL = """
import importlib, json, sys
from celery._names import KOMBU, MODULES, NOT_HERE

broken = {}
for module, names in (MODULES | KOMBU).items():
    room = importlib.import_module(module)
    for name in names:
        try:
            getattr(room, name)
        except Exception as exc:
            broken[f"{module}:{name}"] = f"{type(exc).__name__}: {exc}"

missing = []
for module, names in json.load(open(sys.argv[1])).items():
    if module in NOT_HERE:
        continue
    missing += [f"{module}:{name}" for name in names
                if name not in MODULES.get(module, ()) and f"{module}.{name}" not in MODULES
                and f"{module}:{name}" not in NOT_HERE]
print(json.dumps({"broken": broken, "missing": missing}))
"""


def test_each_name_leads_to_an_object_or_has_a_reason(tmp_path: Path) -> None:
    program = USE_ALL.replace("sys.argv[1]", repr(str(RECORDED)))
    found = json.loads(python(tmp_path, program))
    assert found == {"broken": {}, "missing": []}


def test_what_is_missing_says_so_and_where_to_look(tmp_path: Path) -> None:
    program = """
import importlib
for module, name in (("celery.worker.loops", None), ("celery.app.trace", "trace_task"), ("celery.nowhere", None)):
    try:
        room = importlib.import_module(module)
        exec(f"from {module} import {name}")
    except ImportError as exc:
        print(type(exc).__name__, exc)
import celery
print(hasattr(celery, "no_such_name"))
"""
    lines = python(tmp_path, program).splitlines()
    assert lines == [
        "ModuleNotFoundError Celeriac has no celery.worker.loops: it is part of how Celery's own worker works inside; "
        "nothing here works that way; docs/migrating-from-celery.md lists what there is",
        "ImportError Celeriac has no celery.app.trace.trace_task: run a task in this process with task.apply(); "
        "docs/migrating-from-celery.md lists what there is",
        "ModuleNotFoundError Celeriac has no celery.nowhere: the table of names does not have it; "
        "docs/migrating-from-celery.md lists what there is",
        "False",
    ]


def test_the_page_lists_the_names_that_are_missing(tmp_path: Path) -> None:
    assert run(tmp_path, PYTHON, str(PAGES), "--check").stdout.strip() == "as it should be"


def test_importing_celery_is_cheap(tmp_path: Path) -> None:
    """As Celery's lazy package: nothing is loaded before it is used."""
    program = "import sys, celery; print([name for name in sys.modules if name.startswith(('celeriac', 'kombu'))])"
    assert python(tmp_path, program) == "[]"


def test_submodules_are_attributes_after_importing_celery(tmp_path: Path) -> None:
    program = """
import celery
print(celery.schedules.crontab(minute=0), celery.exceptions.Retry.__name__, celery.app.task.Task.__name__)
print(celery.__version__, celery.VERSION >= (4, 0), celery.version_info.major)
"""
    assert python(tmp_path, program).splitlines() == ["<crontab: 0 * * * * (m/h/dM/MY/d)> Retry Task", "5.7.0 True 5"]


def test_a_replaced_name_takes_effect(tmp_path: Path) -> None:
    """Programs change what a worker logs: celery.app.trace.LOG_SUCCESS = ..."""
    program = """
import celery.app.trace as trace
from celeriac.execution import texts
trace.LOG_SUCCESS = "done: %(name)s"
print(texts.LOG_SUCCESS)
"""
    assert python(tmp_path, program) == "done: %(name)s"


def test_celerys_loggers_are_those_that_are_written_to(tmp_path: Path) -> None:
    program = """
import logging
logging.getLogger("celery.beat").setLevel(logging.ERROR)
import celery
from celery.utils.log import get_task_logger
print(logging.getLogger("celeriac.beat").level == logging.ERROR)
print(logging.getLogger("celery.app.trace") is logging.getLogger("celeriac.app.trace"))
print(get_task_logger("proj.tasks").parent.name)
"""
    assert python(tmp_path, program).split() == ["True", "True", "celeriac.task"]
