"""A test that hangs is ended, and the log says where every thread was, whether or not it can be interrupted."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HANG = """
import signal, threading, time


def beside():
    time.sleep(60)


def test_that_hangs():
    threading.Thread(target=beside, daemon=True).start()
    {before}
    time.sleep(60)
"""


@pytest.mark.parametrize(
    ("before", "options", "said"),
    [
        ("", ("-o", "timeout=2"), "Timeout"),
        ("signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])", ("-o", "faulthandler_timeout=2"), "Thread 0x"),
    ],
    ids=["one that can be interrupted", "one that can't"],
)
def test_a_hang_is_ended_and_explained(tmp_path: Path, before: str, options: tuple[str, ...], said: str) -> None:
    (tmp_path / "test_hang.py").write_text(HANG.format(before=before))
    words = ("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), "-p", "no:cacheprovider", *options)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "test_hang.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    everything = done.stdout + done.stderr
    assert done.returncode == 1, everything
    assert said in everything
    assert "test_that_hangs" in everything
    assert "in beside" in everything
