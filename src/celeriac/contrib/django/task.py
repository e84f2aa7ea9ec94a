"""DjangoTask: tasks that can be sent when the database transaction is committed."""

from functools import partial
from typing import Any

from celeriac.app import Task


class DjangoTask(Task[Any, Any]):
    """The class of tasks of an app in a Django project."""

    abstract = True

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> None:
        """delay, when the transaction is committed (at once, if there is none); never, if it is rolled back."""
        self._on_commit(partial(self.delay, *args, **kwargs))

    def apply_async_on_commit(self, *args: Any, **kwargs: Any) -> None:
        """apply_async, when the transaction is committed; `using` names another database."""
        using = kwargs.pop("using", None)
        self._on_commit(partial(self.apply_async, *args, **kwargs), using)

    def _on_commit(self, send: Any, using: str | None = None) -> None:
        from django.db import transaction

        transaction.on_commit(send, using=using)
