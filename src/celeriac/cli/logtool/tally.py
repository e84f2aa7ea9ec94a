"""Counts what happened to tasks, and remembers those that were received and have not ended."""

from collections import Counter
from collections.abc import Iterable, Iterator

from .reading import BURIED, ENDED, FAILED, RECEIVED, RETRIED, SUCCEEDED, Entry, Step, step


class Tally:
    """Fed entry by entry; holds one entry for each task that has not ended."""

    def __init__(self) -> None:
        self.names: Counter[str] = Counter()
        self.said: Counter[str] = Counter()
        self.open: dict[str, Entry] = {}

    def take(self, entry: Entry) -> Step | None:
        """Count the entry; what it says of a task."""
        found = step(entry)
        if found is None:
            return None
        if found.said == BURIED:
            if found.id not in self.open:
                return None  # its end has been counted
            found = Step(found.task, found.id, FAILED)
        self.said[found.said] += 1
        if found.said == RECEIVED:
            self.names[found.task] += 1
            self.open[found.id] = entry
        else:
            # A retry comes as a message of its own, with the same id: it opens again when that is received.
            self.open.pop(found.id, None)
        return found

    def report(self) -> str:
        """The counts as lines for people."""
        said = self.said
        ended = said[SUCCEEDED] + said[FAILED] + said[ENDED]
        lines = [
            *("Report", "======"),
            f"Task total: {said[RECEIVED]}",
            f"Task errors: {said[FAILED]}",
            f"Task success: {said[SUCCEEDED]}",
            f"Task completed: {ended}",
            f"Task retries: {said[RETRIED]}",
            f"Task incomplete: {len(self.open)}",
            *("", "Tasks", "====="),
            *(f"{name}: {count}" for name, count in sorted(self.names.items(), key=lambda item: (-item[1], item[0]))),
        ]
        return "\n".join(lines)


def failures(found: Iterable[Entry]) -> Iterator[Entry]:
    """The entries about runs that failed."""
    for entry in found:
        said = step(entry)
        if said is not None and said.said in (FAILED, BURIED):
            yield entry


def others(found: Iterable[Entry]) -> Iterator[Entry]:
    """The entries that say nothing of a task's way."""
    return (entry for entry in found if step(entry) is None)
