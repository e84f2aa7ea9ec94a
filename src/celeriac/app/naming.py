"""Naming: what a task is called when its author does not say."""

import os
import sys
from typing import Any


def task_name(app: Any, name: str, module: str | None) -> str:
    """`module.name`; in a script, the app's name or the script's stands for "__main__"."""
    module = module or "__main__"
    if module == "__main__":
        module = app.main or _script() or module
    return ".".join(part for part in (module, name) if part)


def _script() -> str | None:
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    return os.path.splitext(os.path.basename(file))[0] if file else None
