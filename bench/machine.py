"""Where the figures come from: the machine and the versions of everything that matters."""

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import redis

from bench.systems import CELERY_BIN, OWN_BIN, ROOT

PACKAGES = ("celeriac", "celery", "kombu", "billiard", "redis", "hiredis", "msgspec", "uvloop")


def machine() -> dict[str, Any]:
    return {
        "cpu": _line("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": _line("/proc/meminfo", "MemTotal"),
        "system": f"{platform.system()} {platform.release()}",
    }


def versions(client: "redis.Redis") -> dict[str, Any]:
    info: Any = client.info("server")
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
        "redis-server": info["redis_version"],
        "for Celeriac and the floor": _installed(OWN_BIN),
        "for Celery": _installed(CELERY_BIN),
    }


def _installed(bin: Path) -> dict[str, str]:
    listed = subprocess.run(
        [bin / "python", "-m", "pip", "freeze", "--all", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = dict(line.split("==", 1) for line in listed.stdout.splitlines() if "==" in line)
    return {name: found[name] for name in PACKAGES if name in found}


def _line(path: str, key: str) -> str:
    """The value of the first `key : value` line."""
    for line in Path(path).read_text().splitlines():
        if line.startswith(key):
            return line.partition(":")[2].strip()
    return ""
