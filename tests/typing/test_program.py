"""Type checkers see through @app.task: they accept what is right and refuse what is wrong."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAM = HERE / "program.py"
# basedpyright is pyright with its own node in the wheel: pyright itself downloads one when it is first run.
# Its configuration turns it back to pyright's rules.
COMMANDS = {
    "mypy": [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--show-absolute-path"],
    "pyright": [
        sys.executable,
        "-m",
        "basedpyright",
        "-p",
        str(HERE / "pyrightconfig.json"),
        "--pythonpath",
        sys.executable,
    ],
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("checker", COMMANDS)
def test_exactly_the_wrong_lines_are_refused(checker: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [*COMMANDS[checker], str(PROGRAM)], cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False
    )
    wrong = {
        number for number, line in enumerate(PROGRAM.read_text().splitlines(), 1) if line.rstrip().endswith("# wrong")
    }
    refused = {int(number) for number in re.findall(r"program\.py:(\d+)[^\n]*\berror\b", run.stdout)}
    assert refused == wrong, run.stdout + run.stderr
