"""The small functions of celery.utils answer as real Celery's do: the same program is run by both."""

import json
import os
import subprocess
from pathlib import Path

from interop.fleet import CELERY_PYTHON

from .running import PYTHON, run

PROGRAM = Path(__file__).with_name("tools_program.py")


def test_both_answer_alike(tmp_path: Path) -> None:
    theirs = subprocess.run(
        [CELERY_PYTHON, PROGRAM], cwd=tmp_path, env=dict(os.environ), capture_output=True, text=True, timeout=90
    )
    ours = run(tmp_path, PYTHON, str(PROGRAM))
    assert theirs.returncode == 0, theirs.stderr
    assert ours.returncode == 0, ours.stderr
    expected, found = json.loads(theirs.stdout), json.loads(ours.stdout)
    assert len(expected) > 60
    assert {name: (found.get(name), answer) for name, answer in expected.items() if found.get(name) != answer} == {}
