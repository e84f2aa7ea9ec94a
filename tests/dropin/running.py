"""Programs in the environment where the drop-in is installed (make .venv-dropin/installed)."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from scenarios.workers.running import Process

ROOT: Final = Path(__file__).resolve().parents[2]
BIN: Final = ROOT / ".venv-dropin" / "bin"
PYTHON: Final = str(BIN / "python")
CELERY: Final = str(BIN / "celery")
DEADLINE: Final = 240.0  # below the limit of a test


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Nothing of this process's own that a user would not have."""
    assert Path(CELERY).exists(), "the drop-in is not installed: run `make .venv-dropin/installed`"
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("CELER", "DJANGO", "PYTEST"))}
    return {**plain, **(extra or {})}


def run(folder: Path, *words: str, environ: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """A command that has ended."""
    return subprocess.run(
        words,
        cwd=folder,
        env=environment(environ),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def python(folder: Path, program: str, environ: Mapping[str, str] | None = None) -> str:
    """What a Python program prints; it must succeed."""
    done = run(folder, PYTHON, "-c", program, environ=environ)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def celery(folder: Path, *words: str, environ: Mapping[str, str] | None = None) -> Process:
    """The command celery, running. Use it as a context manager: it is ended gently."""
    return Process((CELERY, *words), folder, environment({"PYTHONUNBUFFERED": "1", **(environ or {})}))


def worker(folder: Path, *words: str, environ: Mapping[str, str] | None = None) -> Process:
    """A worker that says that it is ready."""
    started = celery(folder, *words, environ=environ)
    try:
        started.wait_line(r"\S+@\S+ ready\.", 60)
    except BaseException:
        started.process.kill()
        started.process.wait()
        raise
    return started
