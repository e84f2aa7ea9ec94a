"""The workers of a soak: the real command with everything switched on, and what /proc and their pages say of them."""

import re
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

from living import alive, children_of
from servers.ports import free_port
from watched import Watched, environment

SLOTS = 4
RECYCLING = ("--max-tasks-per-child", "100", "--max-memory-per-child", "80000")  # 100 tasks, 80 MB


class Size(NamedTuple):
    """What one parent process holds, but for a descriptor of each child: there may be more or fewer of them."""

    rss_kib: int
    descriptors: int
    threads: int


class Node(Watched):
    """One worker; its name is its own."""

    def __init__(self, number: int, folder: Path, given: dict[str, str], *options: str) -> None:
        self.name = f"n{number}@soak"
        self._port = free_port()
        words = ["-A", "faults.soak.program", "worker", "-l", "INFO", "-n", self.name, "-c", str(SLOTS), "-E"]
        command = [sys.executable, "-m", "celeriac", *words, "--health", f"127.0.0.1:{self._port}", *options]
        super().__init__(command, folder, environment(**given), folder / f"n{number}.log")

    def wait_ready(self) -> None:
        self.wait_line(r"ready\.")

    def page(self, path: str) -> str:
        """Empty if it does not answer soon, or answers that something is wrong."""
        try:
            with urlopen(f"http://127.0.0.1:{self._port}/{path}", timeout=1.0) as answer:
                text: str = answer.read().decode()
                return text
        except (URLError, TimeoutError, ConnectionError):
            return ""

    def ended(self) -> int | None:
        """How many runs have ended here; None if it does not tell."""
        found = re.findall(r"^celeriac_tasks_total\{.*\} (\d+)", self.page("metrics"), re.M)
        return sum(map(int, found)) if found else None

    def size(self) -> Size:
        status = Path(f"/proc/{self.pid}/status").read_text()
        rss, threads = (int(re.search(rf"^{name}:\s+(\d+)", status, re.M)[1]) for name in ("VmRSS", "Threads"))  # type: ignore[index]
        return Size(rss, len(list(Path(f"/proc/{self.pid}/fd").iterdir())) - len(self.children()), threads)

    def children(self) -> list[int]:
        """The executing processes."""
        return [child for zygote in children_of(self.pid) for child in children_of(zygote) if alive(child)]

    def zombies(self) -> list[int]:
        """The dead that nobody has waited for."""
        below = children_of(self.pid)
        return [pid for pid in below + [child for one in below for child in children_of(one)] if not alive(pid)]
