"""Identity: who sends (process, thread), as headers and reply addresses say it."""

import os
import platform
import threading
import uuid
from typing import Any

_HOST = platform.node()


class _Process:
    """Changes in a forked child, so that nobody need ask the operating system who he is."""

    number = os.getpid()


def _forked() -> None:
    _Process.number = os.getpid()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class Identity:
    """The ids of one app in this process; a forked child has its own."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._node = uuid.uuid4().hex
        self._local = threading.local()
        self._whole = (0, "")

    @property
    def here(self) -> tuple[str, str]:
        """The sender as the header `origin` names it, and what stands for this thread."""
        try:
            process, here = self._local.here
            if process == _Process.number:
                return here  # type: ignore[no-any-return]
        except AttributeError:
            pass  # the first look of this thread
        process = _Process.number
        # Where results are sent as messages, all threads share one queue for them.
        thread = threading.get_ident() if self._app.transports.replies is None else 0
        here = (f"gen{process}@{_HOST}", self._stable(thread))
        self._local.here = (process, here)
        return here

    @property
    def origin(self) -> str:
        """The sender as the header `origin` names it."""
        return self.here[0]

    @property
    def oid(self) -> str:
        """Stands for this process."""
        process, oid = self._whole
        if process != _Process.number:
            process, oid = _Process.number, self._stable(0)
            self._whole = (process, oid)
        return oid

    @property
    def thread_oid(self) -> str:
        """Stands for this thread: the address of replies."""
        return self.here[1]

    def _stable(self, thread: int) -> str:
        return str(uuid.uuid3(uuid.NAMESPACE_OID, f"{self._node}-{os.getpid()}-{thread}-{id(self._app)}"))
