"""`celeriac events`: lines, snapshots, the screen, and what it says where it can't."""

import os
import pty
import select
import sys
import time
from pathlib import Path

import pytest

from celeriac import Celeriac
from watched import environment as environment_of_tests

from ..workers.running import Command, run, until
from .conftest import APP, PATIENCE, Start


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """SQLite alone: what is heard on which store is for the other files."""
    return f"sqlite:///{tmp_path_factory.mktemp('store')}/store.sqlite3"


@pytest.fixture
def environment(store: str, home: Path) -> dict[str, str]:
    return {"PROGRAM_STORE": store, "PROGRAM_NOTES": str(home / "notes")}


CAMERA = """
from celeriac.events.snapshot import Polaroid

class Camera(Polaroid):
    clear_after = True

    def on_shutter(self, state):
        with open("pictures", "a") as file:
            for name in state.workers:
                file.write(f"{name} is there\\n")
            for id, task in state.tasks.items():
                if task.ready:
                    file.write(f"{id} {task.state} {task.name}\\n")
"""


def test_lines_and_pictures(client: Celeriac, start: Start, home: Path, environment: dict[str, str]) -> None:
    (home / "cameras.py").write_text(CAMERA)
    pictures = home / "pictures"

    def seen(line: str) -> bool:
        return pictures.exists() and f"{line}\n" in pictures.read_text()

    words = ("-A", APP, "events")
    with (
        Command(home, *words, "--dump", environment=environment) as dump,
        Command(home, *words, "-c", "cameras:Camera", "-F", "0.1", "-l", "INFO", environment=environment) as camera,
    ):
        dump.wait_line("evdump: starting capture")
        camera.wait_line("Taking snapshots")
        with start("-E", "-c", "1", "-n", "seen@here", "--heartbeat-interval", "1") as running:
            dump.wait_line(r"^seen@here \[\d{4}-.*\] heartbeat: active=0")
            until(lambda: seen("seen@here is there"), PATIENCE)  # now both listen
            result = client.send_task("events.add", (1, 2))
            dump.wait_line(rf"^seen@here \[.*\] task succeeded: events.add\({result.id}\): result=3, runtime=")
            until(lambda: seen(f"{result.id} SUCCESS events.add"), PATIENCE)
            assert running.stop() == 0
        dump.wait_line(r"^seen@here \[.*\] shutdown")
        dump.signal(2)
        assert dump.wait_end() == 0


def test_the_screen_shows_tasks_and_ends(
    client: Celeriac, start: Start, home: Path, environment: dict[str, str]
) -> None:
    with start("-E", "-c", "1", "-n", "shown@here", "--heartbeat-interval", "1"):
        process, terminal = pty.fork()
        if not process:
            os.chdir(home)
            os.environ.update(environment_of_tests(**environment, TERM="xterm", LINES="24", COLUMNS="120"))
            os.execv(sys.executable, [sys.executable, "-m", "celeriac", "-A", APP, "events"])
        screen = Terminal(terminal)
        screen.wait("shown@here")
        client.send_task("events.add", (1, 2))
        screen.wait("events.add")

        def complete() -> bool:
            """A state that comes over another one is not written in whole; that of the row of an older task is."""
            client.send_task("events.add", (1, 2))
            return screen.shows("SUCCESS", 1.0)

        until(complete)
        os.write(terminal, b"q")
        screen.drain()
        assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0


class Terminal:
    """The near end of a pseudo terminal."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._seen = b""

    def wait(self, text: str) -> None:
        until(lambda: self.shows(text, 1.0), PATIENCE, told=lambda: self._seen.decode(errors="replace"))

    def shows(self, text: str, seconds: float) -> bool:
        """It was written, or is within so many seconds."""
        end = time.monotonic() + seconds
        while text.encode() not in self._seen:
            if not self._read(end - time.monotonic()):
                return False
        return True

    def drain(self) -> None:
        """Until its other end is closed."""
        while self._read(PATIENCE):
            pass

    def _read(self, seconds: float) -> bool:
        if not select.select([self._descriptor], [], [], max(seconds, 0))[0]:
            return False
        try:
            found = os.read(self._descriptor, 65536)
        except OSError:  # Linux' way to say that it is closed
            return False
        self._seen += found
        return bool(found)


def test_wrong_words_are_told(home: Path, environment: dict[str, str]) -> None:
    for words, said in (
        ((), "The screen needs a terminal"),
        (("-c", "nowhere"), "is no path of an object"),
        (("-c", "celeriac.events.snapshot:Polaroid", "-r", "many"), "is no rate"),
    ):
        ended = run(home, "-A", APP, "events", *words, environment=environment)
        assert ended.process.returncode == 2, ended.text
        assert said in ended.text


def test_a_broker_that_is_not_there_is_told(home: Path) -> None:
    ended = run(home, "-b", "redis://127.0.0.1:1/0", "events", "--dump")
    assert ended.process.returncode == 69, ended.text
    assert "127.0.0.1:1" in ended.text
