"""Names of nodes, names of their files, and pid files."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from celeriac.cli.pidfile import PidFile, PidFileTaken
from celeriac.worker.nodenames import fill_in, node_name

HOST = socket.gethostname()
SHORT = HOST.partition(".")[0]


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (None, f"celeriac@{HOST}"),
        ("", f"celeriac@{HOST}"),
        ("w1@%h", f"w1@{HOST}"),
        ("w1@%n", f"w1@{SHORT}"),
        ("w1@", f"w1@{HOST}"),
        ("@box", "celeriac@box"),
        ("box", "celeriac@box"),  # a name without @ is a host, as for Celery
        ("w%%h@box", "w%h@box"),
    ],
)
def test_a_node_is_named_as_celery_would(wanted: str | None, name: str) -> None:
    assert node_name(wanted) == name


@pytest.mark.parametrize(
    ("pattern", "parent", "child"),
    [
        ("%n.log", "w1.log", "w1.log"),
        ("%n%I.log", "w1.log", "w1-3.log"),
        ("%n-%i.log", "w1-0.log", "w1-3.log"),
        ("%p.log", "w1@box.org.log", "w1@box.org.log"),
        ("%h %d 100%% %x", "box.org org 100% %x", "box.org org 100% %x"),
    ],
)
def test_signs_in_file_names_are_filled_in(pattern: str, parent: str, child: str) -> None:
    assert fill_in(pattern, "w1@box.org") == parent
    assert fill_in(pattern, "w1@box.org", 3) == child


def test_a_pid_file_is_there_as_long_as_it_is_held(tmp_path: Path) -> None:
    path = tmp_path / "w.pid"
    with PidFile(str(path)):
        assert path.read_text() == f"{os.getpid()}\n"
    assert not path.exists()


def test_no_pid_file_is_wanted_where_none_is_named() -> None:
    with PidFile(None):
        pass


def test_a_pid_file_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    path = tmp_path / "w.pid"
    for left in (f"{dead.pid}\n", "", "nonsense"):
        path.write_text(left)
        with PidFile(str(path)):
            assert path.read_text() == f"{os.getpid()}\n"


def test_a_pid_file_of_a_living_process_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "w.pid"
    path.write_text(f"{os.getppid()}\n")
    with pytest.raises(PidFileTaken, match=f"names process {os.getppid()}, which is running") as caught:
        PidFile(str(path)).check()
    assert caught.value.exit_code == 73
    assert path.read_text() == f"{os.getppid()}\n"


def test_a_pid_file_that_cannot_be_written_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(PidFileTaken, match="can't be written: No such file"), PidFile(str(tmp_path / "nowhere/w.pid")):
        pass


def test_a_pid_file_that_another_took_over_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "w.pid"
    with PidFile(str(path)):
        path.write_text("1\n")
    assert path.read_text() == "1\n"
