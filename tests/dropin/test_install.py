"""Installing the drop-in, over a real Celery too, and taking it away again."""

import shutil
import subprocess
import venv
from pathlib import Path

import pytest

from .running import PYTHON, ROOT, python, run


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The distribution, built from a copy of its folder."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT / "drop-in", folder / "source", ignore=shutil.ignore_patterns("__pycache__", "build"))
    done = run(folder, PYTHON, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "built", "./source")
    assert done.returncode == 0, done.stderr
    return next((folder / "built").glob("celeriac_drop_in-*.whl"))


class Place:
    """An empty environment."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False, symlinks=True)
        self.folder = folder
        self.packages = next((folder / "lib").glob("python3.*")) / "site-packages"

    def pip(self, *words: str) -> None:
        done = run(self.folder, PYTHON, "-m", "pip", "--python", str(self.folder / "bin" / "python"), *words, "--quiet")
        assert done.returncode == 0, done.stderr

    def python(self, program: str) -> "subprocess.CompletedProcess[str]":
        return run(self.folder, str(self.folder / "bin" / "python"), "-c", program)


@pytest.fixture
def place(tmp_path: Path, wheel: Path) -> Place:
    """An environment with nothing but the drop-in."""
    place = Place(tmp_path / "venv")
    place.pip("install", "--no-deps", str(wheel))
    return place


def test_uninstalling_leaves_nothing(place: Place) -> None:
    assert (place.packages / "celery" / "__init__.py").exists()
    assert (place.folder / "bin" / "celery").exists()
    assert place.python("import celery, celery._names").returncode == 0
    place.pip("uninstall", "--yes", "celeriac-drop-in")
    assert list((place.folder / "lib").rglob("*.p[yt]*")) == []
    assert not (place.folder / "bin" / "celery").exists()


def test_a_real_celery_in_the_same_folder_is_named(place: Place) -> None:
    theirs = next((ROOT / ".venv-celery" / "lib").glob("python3.*")) / "site-packages" / "celery"
    shutil.copytree(theirs / "app", place.packages / "celery" / "app", ignore=shutil.ignore_patterns("__pycache__"))
    told = place.python("import celery").stderr
    assert "ImportError: Celery and Celeriac's drop-in for it are installed into one folder" in told
    assert "pip uninstall celery celeriac-drop-in" in told


def test_kombu_is_found_though_celery_was_not_imported(tmp_path: Path) -> None:
    program = "import sys; print('celery' in sys.modules); from kombu import Queue; print(Queue('a').name)"
    assert python(tmp_path, program).split() == ["False", "a"]
