"""Signing: what a task offers to make signatures of it, and to put others in its place while it runs."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from celeriac.canvas import Signature, chunks, xmap, xstarmap


class Signing:
    """The part of a task that makes signatures."""

    app: Any
    request: Any

    def signature(self, args: Any = None, *starargs: Any, **starkwargs: Any) -> "Signature":
        """A call of the task that is not made yet: task.signature((2, 2), countdown=10)."""
        starkwargs.setdefault("app", self.app)
        made: Signature = self.app.canvas.signature(self, args, *starargs, **starkwargs)
        return made

    subtask = signature

    def s(self, *args: Any, **kwargs: Any) -> "Signature":
        """The same for arguments alone: task.s(2, 2)."""
        return self.signature(args, kwargs)

    def si(self, *args: Any, **kwargs: Any) -> "Signature":
        """The same, and it takes no further arguments, such as the result of a task before it."""
        return self.signature(args, kwargs, immutable=True)

    def signature_from_request(
        self, request: Any = None, args: Any = None, kwargs: Any = None, queue: Any = None, **extra_options: Any
    ) -> "Signature":
        """The call that runs here, to be made again."""
        request = self.request if request is None else request
        args = request.args if args is None else args
        kwargs = request.kwargs if kwargs is None else kwargs
        options = {**request.as_execution_options(), **extra_options}
        if queue is not None:
            options["queue"] = queue
        else:
            info = request.delivery_info or {}
            options.update({key: info[key] for key in ("exchange", "routing_key") if info.get(key)})
        return self.signature(args, kwargs, **options)

    subtask_from_request = signature_from_request

    def map(self, it: Iterable[Any]) -> "xmap":
        """One task that calls this one for each argument: the list of the results."""
        made: xmap = self.app.canvas.xmap(self.s(), it, app=self.app)
        return made

    def starmap(self, it: Iterable[Any]) -> "xstarmap":
        """One task that calls this one for each tuple of arguments: the list of the results."""
        made: xstarmap = self.app.canvas.xstarmap(self.s(), it, app=self.app)
        return made

    def chunks(self, it: Iterable[Any], n: int) -> "chunks":
        """Calls for each tuple of arguments, so many of them in one task."""
        made: chunks = self.app.canvas.chunks(self.s(), it, n, app=self.app)
        return made

    def replace(self, sig: Any) -> Any:
        """Let this signature do the task's work: whoever waits for the task gets its result. Ends the run."""
        return self.app.canvas.replacing.replace(self, sig)

    def add_to_chord(self, sig: Any, lazy: bool = False) -> Any:
        """Add a member to the chord header that this task is in; call it before the task ends."""
        return self.app.canvas.replacing.add_to_chord(self, sig, lazy)

    def on_replace(self, sig: Any) -> Any:
        """Called when the task has replaced itself: ends the run without storing a result."""
        return self.app.canvas.replacing.on_replace(self, sig)
