"""One attempt at one task, in the executing process; knows no broker and no worker."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .eager import EagerExecutor, Ended
    from .exception_info import ExceptionInfo
    from .executor import Executor
    from .faces import AppFace, Followed, FollowUp, TaskFace, Unfinished, default_hook
    from .verdicts import Verdicts

__all__ = [
    "AppFace",
    "EagerExecutor",
    "Ended",
    "ExceptionInfo",
    "Executor",
    "FollowUp",
    "Followed",
    "TaskFace",
    "Unfinished",
    "Verdicts",
    "default_hook",
]

# Clients import this package for its faces alone; the rest needs asyncio, which takes 20 ms to import.
_MODULES = {
    "EagerExecutor": ".eager",
    "Ended": ".eager",
    "ExceptionInfo": ".exception_info",
    "Executor": ".executor",
    "AppFace": ".faces",
    "FollowUp": ".faces",
    "Followed": ".faces",
    "TaskFace": ".faces",
    "Unfinished": ".faces",
    "default_hook": ".faces",
    "Verdicts": ".verdicts",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_MODULES[name], __name__), name)
    return found
