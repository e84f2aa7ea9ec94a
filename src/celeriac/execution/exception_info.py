"""What was raised, as handlers and signals get it: the exception, its traceback and the text of it."""

import traceback as tracebacks
from types import TracebackType
from typing import Any, Final

# Frames of this package that lie between a pool and the task; they say nothing to whoever reads the text.
_OURS: Final = __name__.rpartition(".")[0]


class ExceptionInfo:
    """An exception with its traceback; the text is made when first asked for."""

    __slots__ = ("_text", "exception", "internal", "tb", "type")

    def __init__(self, exception: BaseException, internal: bool = False, text: str | None = None) -> None:
        self.exception = exception
        self.type = type(exception)
        self.tb = without_our_frames(exception.__traceback__)
        self.internal = internal
        self._text = text

    @property
    def traceback(self) -> str:
        """The text, as Python prints it."""
        if self._text is None:
            self._text = traceback_text(self.exception, self.tb)
        return self._text

    @property
    def exc_info(self) -> tuple[Any, BaseException, TracebackType | None]:
        """As sys.exc_info() returns it."""
        return self.type, self.exception, self.tb

    def __str__(self) -> str:
        return self.traceback

    def __repr__(self) -> str:
        return f"<ExceptionInfo: {self.exception!r}>"

    def __reduce__(self) -> Any:
        return ExceptionInfo, (self.exception, self.internal, self.traceback)


def without_our_frames(tb: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame that is not this package's; all of it if there is no other."""
    found = tb
    while found is not None and found.tb_frame.f_globals.get("__package__") == _OURS:
        found = found.tb_next
    return found if found is not None else tb


def traceback_text(exc: BaseException, tb: TracebackType | None) -> str:
    """What Python would print; a readable line if printing fails (a __str__ that raises, too deep a chain)."""
    try:
        return "".join(tracebacks.format_exception(type(exc), exc, tb))
    except (Exception, RecursionError) as failed:  # noqa: BLE001
        return f"{type(exc).__name__}: (its traceback can't be shown: {type(failed).__name__})\n"
