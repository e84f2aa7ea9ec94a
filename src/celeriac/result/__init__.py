"""What a client holds of the tasks it sent: their state, their results, and ways to wait for them."""

from .async_result import AsyncResult, ResultBase, result_from_tuple
from .eager import EagerResult
from .joining import allow_join_result, assert_will_not_block, denied_join_result
from .source import Meta, Source, Wait
from .waiting import Waiter

__all__ = [
    "AsyncResult",
    "EagerResult",
    "Meta",
    "ResultBase",
    "Source",
    "Wait",
    "Waiter",
    "allow_join_result",
    "assert_will_not_block",
    "denied_join_result",
    "result_from_tuple",
]
