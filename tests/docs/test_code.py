"""The programs on the pages run, with a worker where the page has a tasks.py, and print what stands beside them."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from watched import Watched

from .pages import PAGES, ROOT, Code, code

SECONDS = 200  # for a program; what it does takes one or two
# How long a reader's program waits for what comes at once. Here it also waits for the worker to start, on any machine.
WAITS = re.compile(r"\btimeout=[1-9]\d\b")
PROGRAMS = [page for page in PAGES if any(block.name for block in code(page))]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@contextmanager
def worker(folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """A worker of the folder's tasks, ended gently; what it logged is in worker.log."""
    command = [sys.executable, "-m", "celeriac", "-A", "tasks", "worker", "-l", "INFO", "-c", "2"]
    with Watched(command, folder, environment, folder / "worker.log") as running:
        yield
        running.wait_line(r" ready\.", SECONDS)  # before, it does not know how to end gently
        assert running.stop(SECONDS) == 0


def outcome(folder: Path, environment: dict[str, str], program: Code) -> tuple[int, list[str], str]:
    """Exit code, lines printed, and all that may explain them."""
    done = subprocess.run(
        [sys.executable, str(program.name)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    log = folder / "worker.log"
    worker_said = log.read_text() if log.exists() else "no worker"
    return done.returncode, done.stdout.splitlines(), f"{done.stdout}{done.stderr}\nWorker:\n{worker_said}"


@pytest.mark.parametrize("page", PROGRAMS, ids=name_of)
def test_the_programs_of_a_page_print_what_it_says(page: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CELERIAC_", "CELERY_"))}
    programs = {block.name: block for block in code(page) if block.name}
    for name, program in programs.items():
        (tmp_path / name).write_text(WAITS.sub(f"timeout={SECONDS // 2}", program.text))
    with worker(tmp_path, environment) if programs.pop("tasks.py", None) else nullcontext():
        for program in programs.values():
            exit_code, printed, everything = outcome(tmp_path, environment, program)
            assert exit_code == 0, f"{name_of(page)}:{program.line}\n{everything}"
            assert printed == program.prints, f"{name_of(page)}:{program.line}\n{everything}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_fragments_are_python(page: Path) -> None:
    for block in code(page):
        compile(block.text, f"{name_of(page)}:{block.line}", "exec")


def test_the_pages_that_people_begin_with_have_programs() -> None:
    assert {"README.md", "docs/getting-started.md", "docs/tasks.md"} <= {name_of(page) for page in PROGRAMS}
