"""What a program saw, noted in a file by whichever process saw it, and read by the test."""

import json
import os
from pathlib import Path
from typing import Any


def note(what: str, *facts: Any) -> None:
    """Add a line; one write, so that lines of several processes stay whole."""
    line = json.dumps([what, *facts], default=repr) + "\n"
    descriptor = os.open(os.environ["PROGRAM_NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def tell(home: Path, name: str = "notes") -> None:
    """Whoever waits for it may go on."""
    (home / f"{name}.told").touch()


def told() -> bool:
    return os.path.exists(os.environ["PROGRAM_NOTES"] + ".told")


def notes(home: Path, name: str = "notes") -> list[list[Any]]:
    """Everything that was noted, in order; of a line that is being written just now, nothing."""
    file = home / name
    whole = file.read_text().rpartition("\n")[0] if file.exists() else ""
    return [json.loads(line) for line in whole.splitlines()]


def notes_of(home: Path, task_id: str) -> list[Any]:
    """What was noted about one call: notes whose first fact is its id, without that id."""
    return [what if not facts else [what, *facts] for what, about, *facts in notes(home) if about == task_id]
