"""What a client holds of the tasks it sent: their state, their results, and ways to wait for them."""

from .async_result import AsyncResult
from .eager import EagerResult
from .graph import CycleError, DependencyGraph, GraphFormatter
from .group_result import GroupResult
from .joining import allow_join_result, assert_will_not_block, denied_join_result
from .result_set import ResultSet
from .source import Meta, Source, Wait
from .tree import first_of
from .tuples import ResultBase, result_from_tuple
from .waiting import Waiter

__all__ = [
    "AsyncResult",
    "CycleError",
    "DependencyGraph",
    "EagerResult",
    "GraphFormatter",
    "GroupResult",
    "Meta",
    "ResultBase",
    "ResultSet",
    "Source",
    "Wait",
    "Waiter",
    "allow_join_result",
    "assert_will_not_block",
    "denied_join_result",
    "first_of",
    "result_from_tuple",
]
