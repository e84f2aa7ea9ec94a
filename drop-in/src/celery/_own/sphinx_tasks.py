"""celery.contrib.sphinx: documentation of tasks by autodoc, and the directive `.. task::`."""

import inspect
from typing import Any

from docutils import nodes
from sphinx.domains.python import PyFunction
from sphinx.ext.autodoc import FunctionDocumenter

from celeriac.app import Task


def _is_task(obj: Any) -> bool:
    return isinstance(obj, Task) and callable(getattr(obj, "__wrapped__", None))


class TaskDocumenter(FunctionDocumenter):  # type: ignore[misc]
    """Documents a task as the function it was made of."""

    objtype = "task"
    member_order = 11

    @classmethod
    def can_document_member(cls, member: Any, membername: str, isattr: bool, parent: Any) -> bool:
        return _is_task(member)

    def format_args(self, **kwargs: Any) -> str:
        wrapped = getattr(self.object, "__wrapped__", None)
        if wrapped is None:
            return ""
        signature = inspect.signature(wrapped)
        names = list(signature.parameters)
        if names and names[0] in ("self", "cls"):  # a bound task: nobody passes it
            signature = signature.replace(parameters=[signature.parameters[name] for name in names[1:]])
        return str(signature)

    def document_members(self, all_members: bool = False) -> None:
        """A task has none that anybody wants to read of."""

    def check_module(self) -> bool:
        wrapped = getattr(self.object, "__wrapped__", None)
        if wrapped is not None and getattr(wrapped, "__module__", None) == self.modname:
            return True
        return bool(super().check_module())


class TaskDirective(PyFunction):  # type: ignore[misc]
    """`.. task:: name(arguments)`."""

    def get_signature_prefix(self, sig: str) -> Any:
        return [nodes.Text(self.env.config.celery_task_prefix), nodes.Text(" ")]


def autodoc_skip_member_handler(app: Any, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """automodule finds tasks although they are no functions."""
    if _is_task(obj) and obj.__doc__ and skip:
        return False
    return None


def _ask_documenters(app: Any, config: Any) -> None:
    config.autodoc_use_legacy_class_based = True


def setup(app: Any) -> dict[str, bool]:
    """`extensions = ["celery.contrib.sphinx"]`."""
    app.setup_extension("sphinx.ext.autodoc")
    if "autodoc_use_legacy_class_based" in app.config:
        # From Sphinx 9 on, autodoc asks documenters only then. Earlier than autodoc's own receiver.
        app.connect("config-inited", _ask_documenters, priority=1)
    app.add_autodocumenter(TaskDocumenter)
    app.add_directive_to_domain("py", "task", TaskDirective)
    app.add_config_value("celery_task_prefix", "(task)", True)
    app.connect("autodoc-skip-member", autodoc_skip_member_handler)
    return {"parallel_read_safe": True}
