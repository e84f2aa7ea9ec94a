"""The size check finds what breaks the rules, and honours listed exceptions only."""

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parents[3] / "tools" / "sizes.py"


def check(root: Path) -> tuple[int, str]:
    done = subprocess.run([sys.executable, TOOL, root], capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout


def write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_tidy_file_passes(tmp_path: Path) -> None:
    write(tmp_path, "src/a.py", '"""Does a thing."""\n\n\ndef f(a, b, c, d, e, *rest): ...\n')
    assert check(tmp_path) == (0, "sizes: all rooms are small enough\n")


def test_a_file_that_does_not_open_with_a_docstring_is_found(tmp_path: Path) -> None:
    write(tmp_path, "src/a.py", '# first\n"""Late."""\n')
    code, out = check(tmp_path)
    assert code == 1
    assert "src/a.py: docstring:" in out


def test_long_files_long_functions_and_many_parameters_are_found(tmp_path: Path) -> None:
    body = "\n".join(["        x = 1"] * 50)
    many = '"""Too much."""\nclass C:\n    def f(self, a, b, c, d, e, g, *, h):\n' + body + "\n" + "x = 1\n" * 400
    write(tmp_path, "src/a.py", many)
    code, out = check(tmp_path)
    assert code == 1
    assert "src/a.py: file: 453 lines" in out
    assert "src/a.py:C.f: function: 51 lines" in out
    assert "src/a.py:C.f: parameters: 7 parameters" in out


def test_a_name_that_says_nothing_is_found_in_files_and_folders(tmp_path: Path) -> None:
    write(tmp_path, "src/utils/__init__.py", '"""Odds."""\n')
    write(tmp_path, "src/helpers.py", '"""Ends."""\n')
    _, out = check(tmp_path)
    assert "src/utils/__init__.py: name:" in out
    assert "src/helpers.py: name:" in out


def test_an_exception_with_a_reason_covers_its_finding_and_no_other(tmp_path: Path) -> None:
    write(tmp_path, "src/a.py", '"""Wide."""\n\n\ndef f(a, b, c, d, e, g, h): ...\ndef k(a, b, c, d, e, g, h): ...\n')
    write(tmp_path, "tools/sizes-exceptions.txt", "src/a.py:f parameters it is Celery's signature\n")
    code, out = check(tmp_path)
    assert code == 1
    assert "src/a.py:k: parameters" in out
    assert "src/a.py:f:" not in out


def test_an_exception_that_covers_nothing_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, "src/a.py", '"""Fine."""\n')
    write(tmp_path, "tools/sizes-exceptions.txt", "src/a.py:gone parameters it was there once\n")
    code, out = check(tmp_path)
    assert code == 1
    assert "src/a.py:gone: parameters: the exception is not needed any more" in out


def test_an_exception_without_a_reason_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "src/a.py", '"""Fine."""\n')
    write(tmp_path, "tools/sizes-exceptions.txt", "src/a.py:f parameters\n")
    done = subprocess.run([sys.executable, TOOL, tmp_path], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "the place, the rule and the reason" in done.stderr
