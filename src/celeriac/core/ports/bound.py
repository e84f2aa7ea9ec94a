"""The bound port: which bindings a broker knows, for people who want to see where messages go."""

from typing import Protocol

from ..bindings import Binding
from ..flow import Flow


class Bound(Protocol):
    """One operation, which changes nothing."""

    def bindings(self) -> Flow[tuple[Binding, ...]]:
        """All of them, whoever declared them. `type` is empty where the broker does not keep it."""
        ...


def bound_of(transport: object) -> Bound | None:
    """The bindings of a transport; None where it can't tell them."""
    found: Bound | None = getattr(transport, "bound", None)
    return found
