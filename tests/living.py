"""Which processes there are below another, and which of them live."""

from pathlib import Path


def children_of(pid: int) -> list[int]:
    """Those that live, and those that are dead and have not been waited for."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def alive(pid: int) -> bool:
    """Runs, or could: a dead process that nobody has waited for is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def family(pid: int) -> list[int]:
    """A process and all below it."""
    return [pid, *(one for child in children_of(pid) for one in family(child))]
