"""Tasks of the app: they do not know the project's Celery app."""

from celery import shared_task
from django.db import connection, transaction

from .models import Widget


@shared_task
def add(x, y):
    """Adds."""
    return x + y


@shared_task
def count_widgets():
    """Reads the database."""
    return Widget.objects.count()


@shared_task
def rename_widget(widget_id, name):
    """Writes to the database."""
    widget = Widget.objects.get(id=widget_id)
    widget.name = name
    widget.save()


@shared_task
def connection_before():
    """Whether the task began with a connection that somebody else had opened; it leaves one open itself."""
    inherited = connection.connection is not None
    Widget.objects.count()
    return inherited


def create_widget(name, fail=False):
    """A widget and, when it is committed, a task that needs it."""
    with transaction.atomic():
        widget = Widget.objects.create(name=name)
        rename_widget.delay_on_commit(widget.id, name.upper())
        if fail:
            raise ValueError("rolled back")
    return widget.id
