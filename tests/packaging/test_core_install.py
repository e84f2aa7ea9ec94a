"""With none of the optional libraries, all but what they are for can be imported and used."""

import subprocess
import sys
from importlib.metadata import entry_points, files, requires

import pytest

OPTIONAL = ("redis", "django", "hiredis", "rich", "yaml", "pydantic", "tblib", "brotli", "zstandard", "pytest")
PLUGINS = {"celeriac.testing.plugin", "celeriac.testing.celery_plugin"}
NEED_THEM = {"celeriac.adapters.redis", "celeriac.testing.conformance", *PLUGINS}

WITHOUT = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {OPTIONAL!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""

IMPORT_ALL = """
import importlib, pkgutil, celeriac

def failed(name):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        return True

names = [found.name for found in pkgutil.walk_packages(celeriac.__path__, "celeriac.")]
assert len(names) > 100
for name in names:
    if not name.endswith("__main__") and failed(name):
        print(name)
"""

USE_REDIS = """
from celeriac import Celeriac
from celeriac.exceptions import ImproperlyConfigured

app = Celeriac("proj", broker="redis://localhost:1/0")
try:
    app.send_task("any")
except ImproperlyConfigured as error:
    print(error)
"""


def output(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + program], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_only_the_rooms_that_need_a_library_miss_it() -> None:
    assert set(output(IMPORT_ALL).split()) == NEED_THEM


def test_a_redis_url_says_what_to_install() -> None:
    assert "pip install 'celeriac[redis]'" in output(USE_REDIS)


def test_few_libraries_are_needed_by_everybody() -> None:
    always = [need for need in requires("celeriac") or () if "extra ==" not in need]
    assert {need.split(">")[0] for need in always} == {"msgspec", "click", "uvloop", "tzdata"}


@pytest.mark.parametrize("group", ["celeriac.brokers", "celeriac.backends", "celeriac.pools"])
def test_every_entry_point_leads_to_something(group: str) -> None:
    found = entry_points(group=group)
    assert len(found) >= 5
    for entry_point in found:
        assert callable(entry_point.load())


def test_the_command_is_installed() -> None:
    assert any(str(file).endswith("celeriac") for file in files("celeriac") or ())
