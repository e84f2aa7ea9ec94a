"""The only globals of a process: the current app, the current task and its request, in context variables."""

from .apps import (
    forget_app,
    get_current_app,
    get_default_app,
    set_app_factory,
    set_current_app,
    set_default_app,
)
from .context import Context
from .joining import restore_task_join_will_block, set_task_join_will_block, task_join_will_block
from .proxy import PromiseProxy, Proxy, maybe_evaluate
from .stack import (
    get_current_request,
    get_current_task,
    get_current_worker_task,
    pop_request,
    pop_task,
    push_request,
    push_task,
    request_of,
    requests_of,
)

current_app = Proxy(get_current_app)
current_task = Proxy(get_current_task)

__all__ = [
    "Context",
    "PromiseProxy",
    "Proxy",
    "current_app",
    "current_task",
    "forget_app",
    "get_current_app",
    "get_current_request",
    "get_current_task",
    "get_current_worker_task",
    "get_default_app",
    "maybe_evaluate",
    "pop_request",
    "pop_task",
    "push_request",
    "push_task",
    "request_of",
    "requests_of",
    "restore_task_join_will_block",
    "set_app_factory",
    "set_current_app",
    "set_default_app",
    "set_task_join_will_block",
    "task_join_will_block",
]
