"""What follows a task that was run where it was called: sent, or in eager mode run, at once."""

from typing import Any

from celeriac.core import states
from celeriac.current import Context
from celeriac.execution.faces import Followed

from .following import call_here, called_here, kin_of
from .kinds import Options, Tree, listed
from .signature import maybe_signature


class EagerFollowUp:
    """The eager face of FollowUp: there is no settlement with which anything could travel."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, request: Context, state: str, value: Any) -> Followed:
        if state == states.SUCCESS:
            self._succeeded(request, value)
        elif state == states.FAILURE:
            for errback in listed(request.errbacks):
                if called_here(self._app, errback):
                    call_here(self._app, request, errback, value)
                else:
                    self._send(request, errback, request.id, {})
        return Followed()

    def _succeeded(self, request: Context, value: Any) -> None:
        for callback in listed(request.callbacks):
            self._send(request, callback, value, {})
        chain = listed(request.chain)
        if chain:
            *rest, link = chain
            self._send(request, link, value, {"chain": rest} if rest else {})

    def _send(self, request: Context, tree: Tree, argument: Any, options: Options) -> None:
        sig = maybe_signature(tree, app=self._app)
        sig.apply_async((argument,), **{**options, **kin_of(self._app, request, tree)})
